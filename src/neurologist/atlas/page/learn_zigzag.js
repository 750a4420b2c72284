/* The zig-zag: a neuron whose inputs are all positive, beside one with the same inputs less their mean. */

const ZIGZAG = { samples: 256, start: [-1, 0.4], goal: [1, -1], view: { x: [-2, 2], y: [-1.7, 1.1] } };
const NEARLY = 0.1; // of the root of the curvature: a mean below it hardly stretches the bowl
const DONE_WITH = 0.01; // of the loss at the start

/* One linear neuron of two inputs, which are another layer's activations; its targets are those of the weights `goal`. */
function zigzagSide(chosen, centred) {
  const [f] = atDefaults(memberOf(`activation/${chosen.act}`));
  const drawn = normals(chosen.seed, 2 * ZIGZAG.samples);
  const columns = [0, 1].map((part) => [...drawn.subarray(part * ZIGZAG.samples, (part + 1) * ZIGZAG.samples)].map((z) => f(z)));
  const means = columns.map((column) => column.reduce((sum, x) => sum + x, 0) / column.length);
  const inputs = columns[0].map((_, i) => columns.map((column, part) => column[i] - (centred ? means[part] : 0)));
  const member = memberOf("loss/mse");
  const [value, slope, second] = FUNCTIONS[keyOf(member)];
  const given = inputs.map((x) => lossArguments(member, x[0] * ZIGZAG.goal[0] + x[1] * ZIGZAG.goal[1]));
  const every = inputs.map((_, i) => i);
  const mean = (of, which = every) => which.reduce((sum, i) => sum + of(i), 0) / which.length;
  const output = (w, i) => w[0] * inputs[i][0] + w[1] * inputs[i][1];
  const curved = (i, a, b) => second(0, ...given[i]) * inputs[i][a] * inputs[i][b];
  return {
    inputs, mean: centred ? [0, 0] : means,
    value: (a, b) => mean((i) => value(output([a, b], i), ...given[i])),
    gradient: (w, which) => [0, 1].map((part) => mean((i) => slope(output(w, i), ...given[i]) * inputs[i][part], which)),
    curvatures: eigenvalues([mean((i) => curved(i, 0, 0)), mean((i) => curved(i, 0, 1)), mean((i) => curved(i, 1, 1))]),
    sharpest: Math.max(...every.map((i) => curved(i, 0, 0) + curved(i, 1, 1))), // of any one sample
  };
}

/* Of two inputs f(z) of independent standard normal z: (E f² + (E f)²) / (E f² - (E f)²); 1 where they have no mean. */
function zigzagTheory(act) {
  const { mean, square } = momentsAt(memberOf(`activation/${act}`), 1);
  return (square + mean * mean) / (square - mean * mean);
}

function makeZigzag(chosen) {
  const sides = [false, true].map((centred) => {
    const side = zigzagSide(chosen, centred);
    const edge = 2 / (chosen.batch === "full" ? side.curvatures[0] : side.sharpest);
    const condition = side.curvatures[0] / side.curvatures[1];
    const theory = centred ? 1 : zigzagTheory(chosen.act);
    return { ...side, rate: chosen.share * edge, condition, theory, points: [ZIGZAG.start], gradients: [], losses: [side.value(...ZIGZAG.start)], oneSign: 0 };
  });
  const last = ({ losses }) => losses[losses.length - 1];
  const step = (side) => {
    const at = side.points[side.points.length - 1];
    const which = chosen.batch === "full" ? undefined : [side.gradients.length % ZIGZAG.samples];
    const gradient = side.gradient(at, which);
    side.gradients.push(gradient);
    side.oneSign += gradient[0] * gradient[1] >= 0 ? 1 : 0; // a ReLU's input is often 0
    side.points.push(at.map((w, part) => w - side.rate * gradient[part]));
    side.losses.push(side.value(...side.points[side.points.length - 1]));
  };
  return { sides, step: () => sides.forEach(step), done: () => sides.every((side) => !(last(side) <= 1e12)) };
}

function zigzagTable(sides, names) {
  const arrived = ({ losses }) => losses.findIndex((loss) => loss <= DONE_WITH * losses[0]);
  const heads = ["side", "mean", "by_1", "by_2", "one_sign", "condition", "theory", "arrived"];
  const rows = sides.map((side, i) => {
    const gradient = side.gradients[side.gradients.length - 1] ?? [NaN, NaN];
    const share = side.gradients.length ? `${fmt((100 * side.oneSign) / side.gradients.length, 3)} %` : "–";
    const cells = [side.mean.map((m) => fmt(m, 3)).join(", "), ...gradient.map((g) => fmt(g)), share, fmt(side.condition), fmt(side.theory), arrived(side) < 0 ? "–" : String(arrived(side))];
    return h("tr", {}, h("th", { scope: "row" }, names[i]), cells.map((text) => h("td", {}, text)));
  });
  const head = h("tr", {}, heads.map((key) => h("th", { scope: "col" }, t(`zigzag_${key}`, { share: 100 * DONE_WITH }))));
  return h("table", { class: "told" }, h("thead", {}, head), h("tbody", {}, rows));
}

function drawZigzag({ sides }, { maps, table, losses }, chosen) {
  const names = [chosen.act, t("zigzag_centred", { name: chosen.act })];
  sides.forEach((side, i) => {
    const [caption, host] = maps.children[i].children;
    caption.textContent = names[i];
    side.contours ??= contoursOf(side.value, ZIGZAG.view, 0, 10);
    plot(host, {
      lines: [], ...ZIGZAG.view, height: evenHeight(host, ZIGZAG.view), xlabel: t("zigzag_axis_1"), ylabel: t("zigzag_axis_2"), label: t("zigzag_map", { name: names[i] }),
      marks: (place) => [s("path", { d: piecesPath(side.contours, place), class: "contour" }), goalMark(ZIGZAG.goal, place), ...walkMarks(side.points, place)],
    });
  });
  table.replaceChildren(zigzagTable(sides, names));
  const lines = sides.map((side, i) => ({ values: side.losses, style: `c${i}`, label: names[i] }));
  losses.firstChild.replaceChildren(legend(lines));
  lossPlot(losses.lastChild, lines, t("descent_curve"));
  const [plain, centred] = sides;
  const share = (side) => fmt(side.gradients.length ? (100 * side.oneSign) / side.gradients.length : 0, 3);
  return t(plain.mean.every((m) => Math.abs(m) < NEARLY * Math.sqrt(plain.curvatures[0])) ? "zigzag_alike" : "zigzag_now", {
    name: chosen.act, steps: plain.gradients.length, share: share(plain), other: share(centred), condition: fmt(plain.condition, 3), round: fmt(centred.condition, 3),
    loss: fmt(plain.losses[plain.losses.length - 1]), lower: fmt(centred.losses[centred.losses.length - 1]),
  });
}

LESSONS.zigzag = {
  at: 2,
  first: { act: "sigmoid", batch: "1", share: 0.7, seed: 1, steps: 40 },
  limits: { share: [0.02, 1.1, 0.01], seed: [1, 100, 1], steps: [0, 2000, 1] },
  choices: { act: () => CHOICES.act(), batch: () => ["1", "full"] },
  names: { act: (value) => value },
  shown: () => ["act", "batch", "share", "seed"],
  perFrame: 1,
  make: makeZigzag,
  draw: drawZigzag,
  figures: () => ({
    maps: h("div", { class: "pair" }, ...[0, 1].map(() => h("div", {}, h("div", {}), h("div", { class: "figure" })))),
    table: h("div", { class: "wide" }),
    losses: h("div", { class: "narrow" }, h("div", {}), h("div", { class: "figure" })),
  }),
};
