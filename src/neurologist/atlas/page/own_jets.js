/* Value, slope and second slope of a tree at once, by automatic differentiation: every part carries its own three.

   The tree becomes a list of steps over registers, equal parts once; the slopes of words are JETS, written by Python. */

/* Three functions of x and the named letters. */
function ownJets(tree, letters) {
  const tape = { v: [], d: [], s: [], steps: [[], [], []], moves: [], known: new Map() };
  const inputs = ["x", ...letters].map((name) => ownRegister(tape, name, name === "x", {}));
  tape.d[inputs[0]] = 1;
  const root = ownTape(tape, tree);
  const [values, slopes, seconds] = tape.steps;
  const registers = [tape.v, tape.d, tape.s];
  return registers.map((register, order) => (...given) => {
    for (let i = 0; i < inputs.length; i += 1) tape.v[inputs[i]] = given[i];
    for (let i = 0; i < values.length; i += 1) values[i]();
    if (order > 0) for (let i = 0; i < slopes.length; i += 1) slopes[i]();
    if (order > 1) for (let i = 0; i < seconds.length; i += 1) seconds[i]();
    return register[root];
  });
}

/* A place for a part, under a name that equal parts share; `moves` says whether x moves it. */
function ownRegister(tape, name, moves, { value, slope, second }) {
  const at = tape.v.length;
  tape.v.push(0);
  tape.d.push(0);
  tape.s.push(0);
  tape.moves.push(moves);
  tape.known.set(name, at);
  const { v, d, s, steps } = tape;
  if (value) steps[0].push(() => (v[at] = value(at)));
  if (moves && slope) steps[1].push(() => (d[at] = slope(at)));
  if (moves && second) steps[2].push(() => (s[at] = second(at)));
  return at;
}

function ownTape(tape, node) {
  if (node.kind === "positive") return ownTape(tape, node.of);
  const parts = ownInside(node.kind === "call" && node.word === "where" ? { kind: "call", args: [node.args[0].left, node.args[0].right, ...node.args.slice(1)] } : node);
  const at = parts.map((part) => ownTape(tape, part));
  const head = { number: () => `#${node.value}`, name: () => node.name, call: () => `${node.word}${node.word === "where" ? node.args[0].op : ""}` }[node.kind];
  const name = `${head ? head() : (node.op ?? node.kind)}${at.length ? `(${at})` : ""}`;
  if (tape.known.has(name)) return tape.known.get(name);
  const moving = at.map((part) => tape.moves[part]);
  return ownRegister(tape, name, moving.some(Boolean), ownRule(tape, node, at, moving));
}

function ownRule({ v, d, s }, node, [i, j, k, l], moving) {
  if (node.kind === "number") return { value: () => node.value };
  if (node.kind === "name") return { value: () => JETS[node.name] }; // pi, e, inf: letters have their register
  if (node.kind === "negative") return { value: () => -v[i], slope: () => -d[i], second: () => -s[i] };
  if (node.kind === "binary") return OWN_OPERATIONS[node.op](v, d, s, i, j, moving);
  if (node.word === "where") return ownChosen(v, d, s, OWN_TESTS[node.args[0].op], i, j, k, l);
  if (node.word === "max") return { ...ownChosen(v, d, s, OWN_TESTS[">"], i, j, i, j), value: () => Math.max(v[i], v[j]) };
  if (node.word === "min") return { ...ownChosen(v, d, s, OWN_TESTS["<"], i, j, i, j), value: () => Math.min(v[i], v[j]) };
  if (node.word === "hypot") return ownLength(v, d, s, i, j);
  const [f, slope, second] = JETS[node.word];
  return { value: () => f(v[i]), slope: () => slope(v[i]) * d[i], second: () => second(v[i]) * d[i] * d[i] + slope(v[i]) * s[i] };
}

const OWN_TESTS = { "<": (a, b) => a < b, "<=": (a, b) => a <= b, ">": (a, b) => a > b, ">=": (a, b) => a >= b, "==": (a, b) => a === b };

/* The third or the fourth, as the first two compare. */
function ownChosen(v, d, s, test, i, j, k, l) {
  const from = (register) => () => register[test(v[i], v[j]) ? k : l];
  return { value: from(v), slope: from(d), second: from(s) };
}

function ownLength(v, d, s, i, j) {
  return {
    value: () => Math.hypot(v[i], v[j]),
    slope: (at) => (v[i] / v[at]) * d[i] + (v[j] / v[at]) * d[j],
    second: (at) => (d[i] ** 2 + v[i] * s[i] + d[j] ** 2 + v[j] * s[j] - d[at] ** 2) / v[at],
  };
}

/* What x does not move has no slope at all: 0 times infinity must not arise from it. */
const OWN_OPERATIONS = {
  "+": (v, d, s, i, j) => ({ value: () => v[i] + v[j], slope: () => d[i] + d[j], second: () => s[i] + s[j] }),
  "-": (v, d, s, i, j) => ({ value: () => v[i] - v[j], slope: () => d[i] - d[j], second: () => s[i] - s[j] }),
  "*": (v, d, s, i, j, [left, right]) => ({
    value: () => v[i] * v[j],
    slope: left && right ? () => d[i] * v[j] + v[i] * d[j] : left ? () => d[i] * v[j] : () => v[i] * d[j],
    second: left && right ? () => s[i] * v[j] + 2 * d[i] * d[j] + v[i] * s[j] : left ? () => s[i] * v[j] : () => v[i] * s[j],
  }),
  "/": (v, d, s, i, j, [left, right]) => ({
    value: () => v[i] / v[j],
    slope: !right ? () => d[i] / v[j] : left ? (at) => (d[i] - v[at] * d[j]) / v[j] : (at) => (-v[at] * d[j]) / v[j],
    second: right ? (at) => (s[i] - 2 * d[at] * d[j] - v[at] * s[j]) / v[j] : () => s[i] / v[j],
  }),
  "**": (v, d, s, i, j, [, right]) => (right ? ownExponential(v, d, s, i, j) : ownPower(v, d, s, i, j)),
};

/* u ** c: a factor that is 0 ends it, as c = 1 does at u = 0. */
function ownPower(v, d, s, i, j) {
  const slope = () => (v[j] === 0 ? 0 : v[j] * v[i] ** (v[j] - 1));
  const bend = () => (v[j] === 0 || v[j] === 1 ? 0 : v[j] * (v[j] - 1) * v[i] ** (v[j] - 2));
  return { value: () => v[i] ** v[j], slope: () => slope() * d[i], second: () => bend() * d[i] * d[i] + slope() * s[i] };
}

/* u ** w with w moving: its logarithm's slope is w' log u + w u' / u. */
function ownExponential(v, d, s, i, j) {
  const rate = () => d[j] * Math.log(v[i]) + (d[i] === 0 ? 0 : (v[j] * d[i]) / v[i]);
  const change = () => s[j] * Math.log(v[i]) + (d[i] === 0 && s[i] === 0 ? 0 : (2 * d[j] * d[i] + v[j] * s[i] - (v[j] * d[i] ** 2) / v[i]) / v[i]);
  return { value: () => v[i] ** v[j], slope: (at) => v[at] * rate(), second: (at) => v[at] * (rate() ** 2 + change()) };
}
