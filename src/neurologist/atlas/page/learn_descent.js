/* Gradient descent on a surface: learning rate too small, right, too large; all samples at once, some, or one. */

const REGRESSION_SAMPLES = 32;
const VIEWS = {
  bowl: { start: [-2.2, 1.2], near: [[0, 0]], x: [-3, 3], y: [-2.6, 2.6] },
  valley: { start: [-1.2, 1.4], near: [[1, 1]], x: [-2, 2], y: [-1, 2.4] },
  saddle: { start: [1.6, 0.02], near: [[0, 1], [0, -1]], x: [-2, 2], y: [-1.7, 1.7] },
  regression: { start: [-1.5, 2.2], near: [[0, 0]], x: [-3, 3], y: [-2.6, 2.6] },
};
const ARRIVED = 1e-3; // of the way down that is left
const LOST_HEIGHT = 1e12; // times the loss at the start: it will not come back

/* The larger and the smaller eigenvalue of [[aa, ab], [ab, bb]]. */
function eigenvalues([aa, ab, bb]) {
  const middle = (aa + bb) / 2;
  const apart = Math.hypot((aa - bb) / 2, ab);
  return [middle + apart, middle - apart];
}

/* A surface as value, gradient and curvature at a point. Only a regression has samples; the others ignore which. */
function surfaceOf(chosen) {
  if (chosen.surface === "regression") return regressionOf(chosen);
  const [height, byA, byB, ...curved] = SURFACES[chosen.surface];
  const k = 10 ** chosen.condition;
  return {
    value: (a, b) => height(a, b, k),
    gradient: (a, b) => [byA(a, b, k), byB(a, b, k)],
    curvature: (a, b) => curved.map((of) => of(a, b, k)),
  };
}

/* Arguments of a loss: its parameters at their defaults, and the target. */
function lossArguments(member, target) {
  return member.parameters.map((parameter) => (parameter.name === "t" ? target : parameter.default));
}

/* p = a x + b on samples of a line with noise; the loss is a mean over samples. */
function regressionOf({ loss, seed }) {
  const noise = normals(seed, 2 * REGRESSION_SAMPLES);
  const xs = [...noise.subarray(0, REGRESSION_SAMPLES)].map((x) => 1 + x);
  const ts = xs.map((x, i) => 1.2 * x - 0.5 + 0.4 * noise[REGRESSION_SAMPLES + i]);
  const member = memberOf(`loss/${loss}`);
  const [value, slope, second] = FUNCTIONS[keyOf(member)];
  const given = ts.map((target) => lossArguments(member, target));
  const every = xs.map((_, i) => i);
  const mean = (of, which = every) => which.reduce((sum, i) => sum + of(i), 0) / which.length;
  return {
    xs, ts,
    value: (a, b) => mean((i) => value(a * xs[i] + b, ...given[i])),
    gradient: (a, b, which) => [mean((i) => slope(a * xs[i] + b, ...given[i]) * xs[i], which), mean((i) => slope(a * xs[i] + b, ...given[i]), which)],
    curvature: (a, b) => [2, 1, 0].map((power) => mean((i) => second(a * xs[i] + b, ...given[i]) * xs[i] ** power)),
  };
}

/* The lowest point near a guess: Newton's steps where they descend, else shorter and shorter ones downhill. */
function lowestNear(surface, guess) {
  let at = guess;
  for (let turn = 0; turn < 60; turn += 1) {
    const [ga, gb] = surface.gradient(...at);
    const [aa, ab, bb] = surface.curvature(...at);
    const determinant = aa * bb - ab * ab;
    const newton = aa > 0 && determinant > 1e-9;
    let step = newton ? [(bb * ga - ab * gb) / determinant, (aa * gb - ab * ga) / determinant] : [ga, gb];
    for (let half = 0; half < 40 && !(surface.value(at[0] - step[0], at[1] - step[1]) <= surface.value(...at)); half += 1) step = step.map((x) => x / 2);
    at = [at[0] - step[0], at[1] - step[1]];
  }
  return at;
}

/* A random order of all samples for one epoch. */
function shuffled(seed, count) {
  const keys = normals(seed, count);
  return Array.from({ length: count }, (_, i) => i).sort((i, j) => keys[i] - keys[j]);
}

/* Which samples a step takes: all, or the next of an order that is shuffled in each epoch. */
function batchOf({ surface, batch, seed }, count) {
  if (surface !== "regression" || batch === "full") return undefined;
  const size = Number(batch);
  const first = count * size;
  const epoch = Math.floor(first / REGRESSION_SAMPLES);
  return shuffled(seed + 104729 * (epoch + 1), REGRESSION_SAMPLES).slice(first % REGRESSION_SAMPLES, (first % REGRESSION_SAMPLES) + size);
}

/* v becomes beta v + gradient, the point moves by -rate v. */
function makeDescent(chosen) {
  const surface = surfaceOf(chosen);
  const view = VIEWS[chosen.surface];
  const { rate, momentum } = { rate: 10 ** chosen.rate, momentum: chosen.momentum };
  const minima = view.near.map((guess) => lowestNear(surface, guess));
  const best = Math.min(...minima.map((at) => surface.value(...at)));
  const made = { surface, view, rate, minima, best, points: [view.start], losses: [surface.value(...view.start)], batches: [] };
  made.sharpest = Math.max(...[view.start, ...minima].map((at) => eigenvalues(surface.curvature(...at))[0]));
  let speed = [0, 0];
  made.step = () => {
    const at = made.points[made.points.length - 1];
    const which = batchOf(chosen, made.batches.length);
    const gradient = surface.gradient(...at, which);
    speed = speed.map((v, i) => momentum * v + gradient[i]);
    const next = at.map((x, i) => x - rate * speed[i]);
    made.points.push(next);
    made.losses.push(surface.value(...next));
    made.batches.push(which ?? null);
  };
  made.done = () => !(made.losses[made.losses.length - 1] <= LOST_HEIGHT * Math.max(made.losses[0], 1));
  return made;
}

/* The learning rate above which the steepest direction grows: 2 / lambda, with momentum 2 (1 + beta) / lambda. */
function edgeOf(curvature, momentum) {
  return curvature > 0 ? (2 * (1 + momentum)) / curvature : Infinity;
}

/* A rate in words: as a share of the edge at the sharpest of start and minimum. */
function descentPreset(share) {
  return (chosen) => {
    const edge = edgeOf(makeDescent(chosen).sharpest, chosen.momentum);
    const [low, high] = LESSONS.descent.limits.rate;
    return { rate: Number(Math.min(Math.max(Math.log10(share * edge), low), high).toFixed(5)) };
  };
}

function descentVerdict(made, chosen) {
  const losses = made.losses;
  const last = losses[losses.length - 1];
  const left = (last - made.best) / (losses[0] - made.best);
  const at = made.points[made.points.length - 1];
  const [here] = eigenvalues(made.surface.curvature(...at));
  const edge = edgeOf(made.sharpest, chosen.momentum);
  const values = {
    rate: fmt(made.rate), steps: losses.length - 1, loss: fmt(last), start: fmt(losses[0]), best: fmt(made.best), edge: fmt(edge), sharpest: fmt(made.sharpest),
    here: fmt(here), share: fmt(made.rate / edge, 3), beta: fmt(chosen.momentum),
  };
  const ends = !Number.isFinite(last) || left > 1 ? "grows" : left < ARRIVED ? "arrives" : made.rate > edge ? "above" : made.rate < edge / 20 ? "creeps" : chosen.surface === "regression" && chosen.batch !== "full" ? "hovers" : "on";
  const edgeText = t(chosen.momentum ? "descent_edge_momentum" : "descent_edge", values);
  return `${t(`descent_${ends}`, values)} ${edgeText}`;
}

/* The samples, those of the last batch filled, and the line that the weights are. */
function drawFit(host, { surface, points, batches }) {
  const [a, b] = points[points.length - 1];
  const x = [Math.min(...surface.xs) - 0.3, Math.max(...surface.xs) + 0.3];
  const y = [Math.min(...surface.ts) - 1, Math.max(...surface.ts) + 1];
  const taken = new Set(batches[batches.length - 1] ?? surface.xs.keys());
  plot(host, {
    lines: [{ points: x.map((at) => [at, a * at + b]), style: "c1" }], x, y, height: 240, xlabel: t("descent_axis_x"), ylabel: t("descent_axis_t"), label: t("descent_fit"),
    marks: (place) => surface.xs.map((at, i) => {
      const [cx, cy] = place(at, surface.ts[i]);
      return s("circle", { cx, cy, r: 4, class: taken.has(i) ? "dot" : "left-out" });
    }),
  });
}

function drawDescent(made, figures, chosen) {
  const { view, surface, minima, best, points } = made;
  made.contours ??= contoursOf(surface.value, view, best);
  plot(figures.map.firstChild, {
    lines: [], ...view, height: evenHeight(figures.map.firstChild, view), xlabel: t("descent_axis_a"), ylabel: t("descent_axis_b"), label: t("descent_map"),
    marks: (place) => [s("path", { d: piecesPath(made.contours, place), class: "contour" }), ...minima.map((at) => goalMark(at, place)), ...walkMarks(points, place)],
  });
  const lines = [{ values: made.losses, style: "c1", label: t("descent_loss_line") }];
  if (best > 1e-12) lines.push({ values: made.losses.map(() => best), style: "c2", label: t("descent_best_line") });
  const [key, curve, fit] = figures.map.lastChild.children;
  key.replaceChildren(legend(lines));
  lossPlot(curve, lines, t("descent_curve"));
  if (surface.xs) drawFit(fit, made);
  else fit.replaceChildren();
  return descentVerdict(made, chosen);
}

LESSONS.descent = {
  at: 1,
  first: { surface: "bowl", condition: 1, rate: -0.75, momentum: 0, batch: "full", loss: "mse", seed: 1, steps: 30 },
  limits: { condition: [0, 3, 0.05], rate: [-4, 1, 0.01], momentum: [0, 0.98, 0.01], seed: [1, 100, 1], steps: [0, 2000, 1] },
  choices: {
    surface: () => [...Object.keys(SURFACES), "regression"],
    batch: () => ["full", "8", "1"],
    loss: () => ["mse", "huber", "log_cosh"],
  },
  names: { loss: (value) => value },
  says: { rate: (value) => fmt(10 ** value), condition: (value) => fmt(10 ** value) },
  shown: ({ surface }) => ["surface", ...(surface === "regression" ? ["loss", "batch", "seed"] : []), surface === "bowl" && "condition", "rate", "momentum"],
  presets: { small: descentPreset(0.02), right: descentPreset(0.6), at_edge: descentPreset(1), large: descentPreset(1.05) },
  perFrame: 1,
  make: makeDescent,
  draw: drawDescent,
  figures: () => ({ map: h("div", { class: "pair" }, h("div", { class: "figure" }), h("div", {}, h("div", {}), h("div", { class: "figure" }), h("div", { class: "figure" }))) }),
};
