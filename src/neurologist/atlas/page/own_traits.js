/* What the reader's own function is like, told from numbers as `theory.shape` tells it: on a grid, around the places
   where its formula changes branch, and far out. */

const OWN_SLACK = 1e-12; // rounding of slopes of order 1
const OWN_JUMP = 1e-4; // change across 2e-6 that counts as a jump

let ownGridMade = null;

/* Points from -reach to reach, dense near 0, with 0 itself. */
function ownGrid() {
  if (ownGridMade) return ownGridMade;
  const half = linspace(0, Math.asinh(LANGUAGE.reach * 100), Math.floor(LANGUAGE.grid / 2) + 1).map((at) => Math.sinh(at) / 100);
  ownGridMade = [...half.slice(1).reverse().map((at) => -at), ...half];
  return ownGridMade;
}

/* The parts whose sign decides a branch. */
function ownTests(node) {
  const [a, b] = node.kind === "call" && node.word === "where" ? [node.args[0].left, node.args[0].right] : (node.args ?? []);
  const found = ownInside(node).flatMap(ownTests);
  if (node.kind !== "call" || !["where", "max", "min", "abs", "sign"].includes(node.word)) return found;
  const test = b ? { kind: "binary", op: "-", left: a, right: b } : a;
  return ownReads(test, "x") ? [test, ...found] : found;
}

/* Where a function changes sign or leaves 0, by bisection between grid points. */
function ownZeros(f) {
  const x = ownGrid();
  const signs = x.map((at) => Math.sign(f(at)));
  const found = [];
  for (let i = 0; i + 1 < x.length; i += 1) {
    if (signs[i] === signs[i + 1] || Number.isNaN(signs[i]) || Number.isNaN(signs[i + 1])) continue;
    let [low, high] = [x[i], x[i + 1]];
    const touches = signs[i + 1] === 0 && signs[i] !== 0 && signs[i + 2] === -signs[i];
    for (let halving = 0; halving < 60 && !touches; halving += 1) {
      const middle = (low + high) / 2;
      if (Math.sign(f(middle)) === signs[i]) low = middle;
      else high = middle;
    }
    found.push(Math.abs(high) < 1e-12 ? 0 : Number(high.toFixed(12)));
  }
  return found;
}

function ownBranches(tree, letters, given) {
  const places = ownTests(tree).flatMap((test) => {
    const [f] = ownJets(test, letters);
    return ownZeros((x) => f(x, ...given));
  });
  places.sort((a, b) => a - b);
  return places.filter((at, i) => i === 0 || at - places[i - 1] > 1e-9 * Math.max(1, Math.abs(at)));
}

/* The value far out: a number, an infinity, or null where it settles on neither. */
function ownLimit(f, side) {
  const [first, second, third] = LANGUAGE.far.map((at) => f(side * at));
  if ([first, second, third].some(Number.isNaN)) return null;
  if (!Number.isFinite(third)) return third;
  if (Math.abs(third) < 1e-6 && Math.abs(third) <= Math.abs(first)) return 0;
  if (Math.abs(third - second) <= 1e-6 * Math.max(Math.abs(second), 1e-6)) return third;
  const sameWay = (third - second) * (second - first) >= 0;
  return sameWay && Math.abs(third) > Math.abs(first) ? Math.sign(third) * Infinity : null;
}

/* Pieces between branches on which the slope is exactly 0. */
function ownDead(slope, branches) {
  const zones = [];
  const edges = [-Infinity, ...branches, Infinity];
  for (let i = 0; i + 1 < edges.length; i += 1) {
    const [low, high] = [edges[i], edges[i + 1]];
    if (ownWithin(low, high).some((x) => slope(x) !== 0)) continue;
    if (zones.length && zones.at(-1)[1] === low) zones.at(-1)[1] = high;
    else zones.push([low, high]);
  }
  return zones;
}

function ownWithin(low, high) {
  const steps = LANGUAGE.near;
  if (Number.isFinite(low) && Number.isFinite(high)) return [0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99].map((share) => low + (high - low) * share);
  if (Number.isFinite(low)) return steps.map((step) => low + step * Math.max(1, Math.abs(low)));
  if (Number.isFinite(high)) return steps.map((step) => high - step * Math.max(1, Math.abs(high)));
  return steps.flatMap((step) => [-step, step]);
}

/* Whether peaks still rise with the distance from 0, as those of x cos(x). */
function ownGrows(x, sizes) {
  const peak = (share) => sizes.reduce((most, size, i) => (Math.abs(x[i]) <= LANGUAGE.reach / share && size > most ? size : most), 0);
  const [near, middle, far] = [100, 10, 1].map(peak);
  return near > 0 && middle > 5 * near && far > 5 * middle;
}

/* The largest of `f` and where, nearest to 0, looked for more closely between the grid's points. */
function ownLargest(f, x, y) {
  let best = 0;
  for (let i = 1; i < y.length; i += 1) {
    const ahead = y[i] - y[best] - OWN_SLACK * Math.abs(y[best]);
    if (ahead > 0 || (Math.abs(ahead) <= 2 * OWN_SLACK * Math.abs(y[best]) && Math.abs(x[i]) < Math.abs(x[best]))) best = i;
  }
  let [top, place, low, high] = [y[best], x[best], x[Math.max(best - 1, 0)], x[Math.min(best + 1, x.length - 1)]];
  for (let round = 0; round < 6; round += 1) {
    const inner = linspace(low, high, 41);
    const values = inner.map((at) => f(at));
    const peak = values.reduce((most, value, i) => (value > values[most] ? i : most), 0);
    if (!(values[peak] > top * (1 + Math.sign(top) * OWN_SLACK))) break;
    [top, place, low, high] = [values[peak], inner[peak], inner[Math.max(peak - 1, 0)], inner[Math.min(peak + 1, 40)]];
  }
  return [top, place];
}

/* The largest slope; the tail's where it only comes near it. */
function ownSteepest(slope, x, dy, jumpsAt) {
  if (jumpsAt !== undefined) return [Infinity, jumpsAt];
  const sizes = dy.map(Math.abs);
  const [top, place] = ownLargest((at) => Math.abs(slope(at)), x, sizes);
  const far = ownLimit(slope, Math.sign(place) || 1);
  const outside = Math.sign(place) * Infinity;
  if (Math.abs(place) > 10 && far !== null && Number.isFinite(far) && Math.abs(Math.abs(far) - top) < 1e-6) return [top, outside];
  return Math.abs(place) >= x.at(-1) || ownGrows(x, sizes) ? [Infinity, outside] : [top, place];
}

/* Branches at which value, slope or second slope jumps, and how many of them are whole everywhere. */
function ownKinks(orders, branches) {
  const jumps = (f, at) => {
    const step = 1e-6 * Math.max(1, Math.abs(at));
    const [left, right] = [f(at - step), f(at + step)];
    return Math.abs(left - right) > OWN_JUMP * Math.max(1, Math.abs(left), Math.abs(right));
  };
  const at = orders.map((f) => branches.filter((branch) => jumps(f, branch)));
  const first = at.findIndex((found) => found.length);
  return { smoothness: first < 0 ? Infinity : first - 1, kinks: [...new Set(at.flat())].sort((a, b) => a - b) };
}

function ownDirection(x, y, dy) {
  const goes = (way) => dy.every((slope) => way * slope >= -OWN_SLACK) && y.every((value, i) => !i || way * (value - y[i - 1]) >= -OWN_SLACK * Math.max(1, Math.abs(value)));
  return goes(1) ? "increasing" : goes(-1) ? "decreasing" : null;
}

function ownMirrors(f, sign) {
  return ownGrid().filter((x) => x > 0 && x < 50).every((x) => Math.abs(f(-x) - sign * f(x)) <= 1e-15 + 1e-12 * Math.abs(f(x)));
}

/* Everything, with the keys of a card's traits. */
function ownTraits([f, slope, second], branches, average) {
  const around = branches.flatMap((at) => [-1, 0, 1].map((side) => at + side * 1e-9 * Math.max(1, Math.abs(at))));
  const points = [...ownGrid(), ...around].sort((a, b) => a - b).map((x) => [x, f(x), slope(x)]);
  const [x, y, dy] = [0, 1, 2].map((at) => points.filter((point) => Number.isFinite(point[1]) && Number.isFinite(point[2])).map((point) => point[at]));
  const { smoothness, kinks } = ownKinks([f, slope, second], branches);
  const dead = ownDead(slope, branches);
  const [limit_left, limit_right] = [ownLimit(f, -1), ownLimit(f, 1)];
  const nearest = [...kinks].sort((a, b) => Math.abs(a) - Math.abs(b))[0];
  const [lipschitz, lipschitz_at] = ownSteepest(slope, x, dy, smoothness < 0 ? nearest : undefined);
  const swings = [-1, 1].map((side) => ownGrows(x, y.map((value) => Math.max(side * value, 0)))); // wider and wider
  const low = swings[0] ? -Infinity : -ownLargest((at) => -f(at), x, y.map((value) => -value))[0];
  const high = swings[1] ? Infinity : ownLargest(f, x, y)[0];
  const smooth = dy.filter((_, i) => !branches.includes(x[i]));
  const bends = (way) => smoothness >= 0 && smooth.every((value, i) => !i || way * (value - smooth[i - 1]) >= -OWN_SLACK * Math.max(1, Math.abs(value)));
  const gain = 1 / Math.sqrt(average.square);
  return {
    range: ownRange([low, high], [limit_left, limit_right], dead),
    direction: ownDirection(x, y, dy), monotonic: Boolean(ownDirection(x, y, dy)), odd: ownMirrors(f, -1), even: ownMirrors(f, 1),
    zero_centred: Math.abs(average.mean) < 1e-9, mean: average.mean, limit_left, limit_right, smoothness, kinks, lipschitz, lipschitz_at,
    saturates_left: ownLimit(slope, -1) === 0 && !dead.some(([at]) => at === -Infinity),
    saturates_right: ownLimit(slope, 1) === 0 && !dead.some(([, at]) => at === Infinity),
    dead_intervals: dead.map(([from, to]) => ownInterval(from, to, Number.isFinite(from), Number.isFinite(to))),
    convex: bends(1), concave: bends(-1), curvature: NaN, gain, slope_gain: Math.sqrt(average.slopeSquare),
    chi_1: average.slopeSquare / average.square, q_slope: average.cross / average.square,
  };
}

/* An end belongs to it where a value beyond both tails, or a flat piece, reaches it. */
function ownRange([lowest, highest], limits, dead) {
  const tails = limits.filter((limit) => limit !== null);
  const [lo, hi] = [Math.min(lowest, ...tails), Math.max(highest, ...tails)];
  const flat = [-Infinity, Infinity].map((end) => dead.some((zone) => zone.includes(end)));
  const atTails = limits.filter((_, side) => !flat[side]);
  return { lo, hi, text: ownInterval(lo, hi, Number.isFinite(lo) && !atTails.includes(lo), Number.isFinite(hi) && !atTails.includes(hi)) };
}

function ownInterval(lo, hi, loClosed, hiClosed) {
  return `${loClosed ? "[" : "("}${fmt(lo)}, ${fmt(hi)}${hiClosed ? "]" : ")"}`;
}
