/* Small sets of two classes, learnt live: with an activation, and without one. */

const SMALL_VIEW = { x: [-2.4, 2.4], y: [-2.4, 2.4] };
const SMALL_POINTS = 120;
const NOTHING = 1e-12; // of a weight: rounding alone
const FLAT = 1e-6; // of a gradient
const GRID = 61; // points along a side, at which the network is asked

/* Inputs, two to a sample, and classes. */
const SMALL_SETS = {
  xor: () => ({ inputs: [-1, -1, 1, 1, -1, 1, 1, -1], classes: [0, 0, 1, 1] }),
  linear: (noise) => pointsOf(noise, (u, v) => (2 * u + v > 0 ? [u + 0.25, v + 0.12] : [u - 0.25, v - 0.12]), ([x, y]) => (2 * x + y > 0 ? 1 : 0)),
  circles: (noise) => turned(noise, (along, one) => [one ? 1.7 : 0.6, 2 * Math.PI * along], 0.12),
  moons: (noise) => arcs(noise),
  spirals: (noise) => turned(noise, (along, one) => [0.3 + 1.7 * along, 1.25 * 2 * Math.PI * along + (one ? Math.PI : 0)], 0.06),
};

function pointsOf(noise, place, classOf) {
  const points = Array.from({ length: SMALL_POINTS }, (_, i) => place(noise[2 * i] * 0.7, noise[2 * i + 1] * 0.7));
  return { inputs: points.flat(), classes: points.map(classOf) };
}

/* Every other sample is of class 1; each class lies along a curve in polar coordinates. */
function turned(noise, curve, spread) {
  const classes = Array.from({ length: SMALL_POINTS }, (_, i) => i % 2);
  const inputs = classes.flatMap((one, i) => {
    const [radius, angle] = curve(Math.floor(i / 2) / (SMALL_POINTS / 2), one);
    return [radius * Math.cos(angle) + spread * noise[2 * i], radius * Math.sin(angle) + spread * noise[2 * i + 1]];
  });
  return { inputs, classes };
}

function arcs(noise) {
  const classes = Array.from({ length: SMALL_POINTS }, (_, i) => i % 2);
  const inputs = classes.flatMap((one, i) => {
    const angle = Math.PI * (Math.floor(i / 2) / (SMALL_POINTS / 2));
    const [x, y] = one ? [0.6 - 1.2 * Math.cos(angle), 0.35 - 1.2 * Math.sin(angle)] : [1.2 * Math.cos(angle) - 0.6, 1.2 * Math.sin(angle) - 0.35];
    return [x + 0.12 * noise[2 * i], y + 0.12 * noise[2 * i + 1]];
  });
  return { inputs, classes };
}

function makeSmall(chosen) {
  const { inputs, classes } = SMALL_SETS[chosen.set](normals(chosen.seed + 15485863, 2 * SMALL_POINTS));
  const member = memberOf(`activation/${chosen.act}`);
  const deviation = chosen.init === "zeros" ? 0 : INITS[chosen.init](member);
  const sizes = [2, ...new Array(chosen.depth).fill(chosen.hidden), 1];
  const net = makeNet({ sizes, member, deviation, seed: chosen.seed });
  const { low } = HEADS[chosen.loss];
  const head = headOf(chosen.loss, classes.map((one) => one || low));
  const move = optimizerOf(chosen.optimizer, 10 ** chosen.rate);
  const given = Float64Array.from(inputs);
  const made = { net, inputs: given, classes, head, losses: [] };
  const look = () => {
    made.run = forwardNet(net, given);
    made.losses.push(head.value(made.run.output));
    made.right = classes.filter((one, i) => one === (made.run.output[i] > 0 ? 1 : 0)).length;
  };
  made.gradient = () => backwardNet(net, made.run, head.slope(made.run.output));
  made.step = () => {
    move(net.layers, made.gradient());
    look();
  };
  made.done = () => !Number.isFinite(made.losses[made.losses.length - 1]);
  look();
  return made;
}

/* What a network without activations is: one row of weights and a bias. */
function collapsed({ layers }) {
  const [along, across, zero] = [[1, 0], [0, 1], [0, 0]].map((at) => forwardNet({ layers, member: memberOf("activation/identity") }, Float64Array.from(at)).output[0]);
  return { w: [along - zero, across - zero], b: zero };
}

/* The network over the plane: colour says the class, its strength how sure it is; the line is where it is undecided. */
function asked(net) {
  const xs = linspace(...SMALL_VIEW.x, GRID);
  const found = forwardNet(net, Float64Array.from(xs.flatMap((y) => xs.flatMap((x) => [x, y])))).output;
  return { xs, rows: xs.map((_, j) => Array.from(found.subarray(j * GRID, (j + 1) * GRID))) };
}

function paintBehind(host, rows) {
  const colours = ["--c0", "--c1"].map((name) => getComputedStyle(host).getPropertyValue(name).trim());
  const bytes = colours.map((colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)));
  const canvas = h("canvas", { width: GRID, height: GRID, class: "behind", "aria-hidden": "true" });
  const context = canvas.getContext("2d");
  const image = context.createImageData(GRID, GRID);
  rows.forEach((row, j) => row.forEach((z, i) => {
    const at = 4 * ((GRID - 1 - j) * GRID + i);
    const sure = Math.abs(sigmoid(z) - 0.5);
    image.data.set([...bytes[z > 0 ? 1 : 0], Number.isFinite(z) ? 20 + 240 * sure : 0], at);
  }));
  context.putImageData(image, 0, 0);
  const [width, height] = [host.firstChild.viewBox.baseVal.width, host.firstChild.viewBox.baseVal.height];
  const part = (length, whole) => `${(100 * length) / whole}%`;
  Object.assign(canvas.style, {
    left: part(MARGIN.left, width), top: part(MARGIN.top, height),
    width: part(width - MARGIN.left - MARGIN.right, width), height: part(height - MARGIN.top - MARGIN.bottom, height),
  });
  host.prepend(canvas);
}

/* A circle or a triangle; ringed where the network is wrong. */
function sampleMark([x, y], size, one, wrong) {
  const triangle = `M${x - size} ${y + size * 0.8}H${x + size}L${x} ${y - size * 1.2}Z`;
  const d = one ? triangle : `M${x - size} ${y}a${size} ${size} 0 1 0 ${2 * size} 0a${size} ${size} 0 1 0 ${-2 * size} 0Z`;
  return s("path", { d, class: `sample-of c${one ? 1 : 0}${wrong ? " wrong" : ""}` });
}

function drawPlane(host, made) {
  const { xs, rows } = asked(made.net);
  const edge = contour(rows, xs, xs, 0);
  const size = made.classes.length < 10 ? 9 : 5;
  plot(host, {
    lines: [], ...SMALL_VIEW, height: evenHeight(host, SMALL_VIEW), xlabel: t("small_axis_1"), ylabel: t("small_axis_2"), label: t("small_map"),
    marks: (place) => [
      s("path", { d: piecesPath(edge, place), class: "edge" }),
      ...made.classes.map((one, i) => sampleMark(place(made.inputs[2 * i], made.inputs[2 * i + 1]), size, one, one !== (made.run.output[i] > 0 ? 1 : 0))),
    ],
  });
  paintBehind(host, rows);
}

function smallVerdict(made, chosen) {
  const loss = made.losses[made.losses.length - 1];
  const largest = Math.max(...made.gradient().flatMap(({ weight, bias }) => [...weight, ...bias].map(Math.abs)));
  const values = { right: made.right, count: made.classes.length, share: fmt((100 * made.right) / made.classes.length, 3), loss: fmt(loss), steps: made.losses.length - 1, hidden: chosen.hidden, layers: chosen.depth + 1 };
  const said = [t("small_now", values)];
  if (!Number.isFinite(loss)) said.push(t("small_broken"));
  else if (chosen.act === "identity") {
    const { w, b } = collapsed(made.net);
    const shown = (value) => fmt(Math.abs(value) < NOTHING ? 0 : value, 3);
    const added = (value) => `${value < 0 ? "−" : "+"} ${shown(Math.abs(value))}`;
    said.push(t("small_straight", { ...values, w1: shown(w[0]), w2: added(w[1]), b: added(b) }));
    if (chosen.set === "xor") said.push(t("small_no_line"));
    if (chosen.set === "xor" && !HEADS[chosen.loss].through) said.push(t("small_floor", { floor: fmt(made.head.value([0, 0, 0, 0])) }));
  } else if (chosen.init === "zeros") said.push(t("small_same", values));
  else if (made.right === made.classes.length) said.push(t("small_learnt"));
  else if (largest < FLAT) said.push(t("small_flat"));
  return said.join(" ");
}

function drawSmall(made, { map }, chosen) {
  drawPlane(map.firstChild, made);
  const lines = [{ values: made.losses, style: "c3", label: chosen.loss }];
  lossPlot(map.lastChild.lastChild, lines, t("descent_curve"));
  map.lastChild.firstChild.replaceChildren(legend(lines));
  return smallVerdict(made, chosen);
}

LESSONS.small = {
  at: 3,
  first: { set: "xor", act: "tanh", hidden: 4, depth: 1, loss: "bce_with_logits", init: "gain", optimizer: "sgd", rate: -0.5, seed: 1, steps: 0 },
  limits: { hidden: [1, 16, 1], depth: [1, 4, 1], rate: [-4, 1, 0.05], seed: [1, 100, 1], steps: [0, 5000, 1] },
  choices: {
    set: () => Object.keys(SMALL_SETS),
    act: () => ["identity", ...CHOICES.act().filter((name) => name !== "identity")],
    loss: () => Object.keys(HEADS),
    init: () => [...Object.keys(INITS).filter((name) => INITS[name]), "zeros"],
    optimizer: () => ["sgd", "adam"],
  },
  names: { act: (value) => (value === "identity" ? t("small_none") : value), init: (value) => (value === "zeros" ? t("small_zeros") : t(`init_${value}`)) },
  says: { rate: (value) => fmt(10 ** value) },
  shown: () => ["set", "act", "loss", "init", "optimizer", "hidden", "depth", "rate", "seed"],
  presets: { without: () => ({ act: "identity" }), with: () => ({ act: "tanh" }) },
  perFrame: 5,
  make: makeSmall,
  draw: drawSmall,
  figures: () => ({ map: h("div", { class: "pair" }, h("div", { class: "figure under" }), h("div", {}, h("div", {}), h("div", { class: "figure" }))) }),
};
