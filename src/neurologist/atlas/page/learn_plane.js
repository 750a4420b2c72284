/* A plane of two weights or two inputs: contours, paths, and plots whose axes have one scale. */

/* The lines on which heights (rows of y, from below) are `level`, by marching squares, as ends of short pieces. */
function contour(heightsOf, xs, ys, level) {
  const found = [];
  const between = (a, b, u, v) => u + ((level - a) / (b - a)) * (v - u);
  for (let j = 0; j + 1 < ys.length; j += 1) {
    for (let i = 0; i + 1 < xs.length; i += 1) {
      const [a, b, c, d] = [heightsOf[j][i], heightsOf[j][i + 1], heightsOf[j + 1][i + 1], heightsOf[j + 1][i]];
      const ends = [];
      if (a < level !== b < level) ends.push([between(a, b, xs[i], xs[i + 1]), ys[j]]);
      if (b < level !== c < level) ends.push([xs[i + 1], between(b, c, ys[j], ys[j + 1])]);
      if (d < level !== c < level) ends.push([between(d, c, xs[i], xs[i + 1]), ys[j + 1]]);
      if (a < level !== d < level) ends.push([xs[i], between(a, d, ys[j], ys[j + 1])]);
      for (let k = 0; k + 1 < ends.length; k += 2) found.push([ends[k], ends[k + 1]]);
    }
  }
  return found;
}

/* Contours of a function over a view {x, y}: levels that double, above its lowest point. */
function contoursOf(value, view, lowest, levels = 12) {
  const [xs, ys] = [linspace(...view.x, 81), linspace(...view.y, 61)];
  const grid = ys.map((y) => xs.map((x) => value(x, y)));
  const highest = Math.max(...grid.flat());
  const found = [];
  for (let k = 0; k < levels; k += 1) found.push(...contour(grid, xs, ys, lowest + (highest - lowest) / 2 ** k));
  return found;
}

function piecesPath(pieces, place) {
  const at = ([x, y]) => place(x, y).map((p) => p.toFixed(1)).join(" ");
  return pieces.map(([from, to]) => `M${at(from)}L${at(to)}`).join("");
}

/* A path point by point; what lies very far outside is drawn nearer. */
function walkMarks(points, place, width = 1e5) {
  const clip = (p) => Math.min(Math.max(p, -width), width).toFixed(1);
  const known = points.filter((point) => point.every(Number.isFinite)).map(([x, y]) => place(x, y).map(clip));
  const path_ = s("path", { d: known.map((at, i) => `${i ? "L" : "M"}${at.join(" ")}`).join(""), class: "walk" });
  const dots = known.length > 400 ? known.slice(-1) : known;
  return [path_, ...dots.map(([cx, cy], i) => s("circle", { cx, cy, r: i === dots.length - 1 ? 5 : 2.4, class: "walked" }))];
}

function goalMark([x, y], place) {
  const [px, py] = place(x, y);
  return s("path", { d: `M${px - 6} ${py}H${px + 6}M${px} ${py - 6}V${py + 6}`, class: "goal" });
}

/* The height at which both axes of a plot have one scale. */
function evenHeight(host, { x, y }) {
  const inner = Math.max(host.clientWidth, 260) - MARGIN.left - MARGIN.right;
  return (inner * (y[1] - y[0])) / (x[1] - x[0]) + MARGIN.top + MARGIN.bottom;
}

/* Losses over steps, by powers of ten: lines {values, style, label}, each value one `every` steps. */
function lossPlot(host, lines, label) {
  const drawn = lines.map((line) => ({ ...line, points: line.values.map((value, at) => [at * (line.every ?? 1), logOf(value)]) }));
  const logs = drawn.flatMap((line) => line.points.map(([, y]) => y)).filter((y) => Number.isFinite(y));
  const low = Math.max(Math.floor(Math.min(...logs, 0)), -16);
  const high = Math.min(Math.ceil(Math.max(...logs, low + 1)), 16);
  const last = Math.max(...drawn.flatMap((line) => line.points.map(([x]) => x)), 10);
  plot(host, { lines: drawn, x: [0, last], y: [low, high], log: true, whole: true, xlabel: t("learn_axis_steps"), ylabel: t("learn_axis_loss"), label });
}
