/* The depth exhibit: who loses the gradient, layer by layer. */

const INITS = { gain: (m) => m.traits.gain, he: () => Math.SQRT2, xavier: () => 1, torch: () => Math.sqrt(1 / 3), own: null };
const CHOICES = {
  act: () => [ownMember(), ...MEMBERS].filter((member) => member && deep(member)).map((member) => member.name),
  init: () => Object.keys(INITS),
  width: () => ["16", "32", "64", "128", "256"],
  norm: () => ["none", "layer", "batch"],
  dtype: () => ["float64", "float32", "bfloat16", "float16"],
};
const DEEP = { act: "sigmoid", init: "gain", std: 1, depth: 30, width: "64", norm: "none", residual: 0, dtype: "float32", seed: 1, scale: 0 };
const LIMITS = { depth: [1, 50], std: [0, 4], seed: [1, 1e6], scale: [-8, 4] };
const LOST = 3; // decades of the gradient over all layers that are worth a name
const HISTOGRAMS = 6;

/* Functions of one number that keep a signal's size with some weights. */
function deep(member) {
  return member.kind === "activation" && !member.vector && !member.random && Number.isFinite(member.traits.gain);
}

function readDeep() {
  const found = { ...DEEP };
  for (const [key, value] of state.deep.split(",").map((pair) => pair.split(":"))) {
    if (key in CHOICES && CHOICES[key]().includes(value)) found[key] = value;
    if (key === "residual") found.residual = value === "1" ? 1 : 0;
    const number = Number(value);
    if (key in LIMITS && Number.isFinite(number)) found[key] = Math.min(Math.max(number, LIMITS[key][0]), LIMITS[key][1]);
  }
  for (const key of ["depth", "seed"]) found[key] = Math.round(found[key]);
  return found;
}

function changeDeep(news) {
  const now = { ...readDeep(), ...news };
  change({ deep: Object.keys(DEEP).filter((key) => now[key] !== DEEP[key]).map((key) => `${key}:${now[key]}`).join(",") });
}

function settingsOf(chosen) {
  const member = memberOf(`activation/${chosen.act}`);
  const deviation = chosen.init === "own" ? chosen.std : INITS[chosen.init](member);
  const { depth, norm, dtype, seed } = chosen;
  return { member, deviation, depth, norm, dtype, seed, width: Number(chosen.width), residual: Boolean(chosen.residual), scale: 10 ** chosen.scale };
}

function deepControls(chosen) {
  const pick = (key, name = (value) => value) =>
    select(t(`deep_${key}`), CHOICES[key]().map((value) => [value, name(value)]), chosen[key], (value) => changeDeep({ [key]: value }));
  const move = (key, step, name) =>
    slider(t(`deep_${key}`), { min: LIMITS[key][0], max: LIMITS[key][1], step, value: chosen[key], name }, (value) => changeDeep({ [key]: value }));
  const skip = h("input", { type: "checkbox", checked: Boolean(chosen.residual), onchange: () => changeDeep({ residual: skip.checked ? 1 : 0 }) });
  const again = h("button", { type: "button", onclick: () => changeDeep({ seed: readDeep().seed + 1 }) }, t("deep_again"));
  return [
    h("div", {}, pick("act"), pick("init", (value) => t(`init_${value}`)), pick("norm", (value) => t(`norm_${value}`))),
    h("div", {}, pick("width"), pick("dtype"), h("label", { class: "choice" }, skip, t("deep_residual")), again),
    move("depth", 1),
    chosen.init === "own" ? move("std", 0.01) : "",
    move("scale", 1),
  ];
}

const logOf = (value) => (value > 0 && Number.isFinite(value) ? Math.log10(value) : NaN);

function perLayer(host, measured, predicted, ylabel, label) {
  const points = (values) => values.map((value, layer) => [layer, logOf(value)]);
  const all = [...measured, ...predicted].map(logOf).filter(Number.isFinite);
  const low = Math.floor(Math.min(...all, 0) - 0.2);
  const high = Math.ceil(Math.max(...all, 0) + 0.2);
  const dots = (place) => points(measured).filter(([, y]) => Number.isFinite(y)).map(([x, y]) => {
    const [cx, cy] = place(x, y);
    return s("circle", { cx, cy, r: 3, class: "dot" });
  });
  const lines = [{ points: points(predicted), style: "c1", label: t("deep_theory") }];
  plot(host, { lines, marks: dots, x: [0, measured.length - 1], y: [low, high], log: true, whole: true, xlabel: t("deep_layer"), ylabel, label });
}

/* Decades won or lost over all layers by each part of them. */
function decadesBy(parts) {
  return ["weights", "slope", "norm", "skip"].map((_, at) => parts.reduce((sum, layer) => sum + Math.log10(layer[at]), 0));
}

/* Who loses the gradient, in a sentence. */
function verdict(run, settings) {
  const broken = run.signal.findIndex((size) => !Number.isFinite(size));
  if (broken >= 0) return t("deep_overflow", { layer: broken, dtype: settings.dtype });
  const lastZero = run.gradient.findLastIndex((size) => size === 0);
  if (lastZero >= 0) return t("deep_zero", { layer: lastZero, dtype: settings.dtype });
  const total = run.gradient[0] / run.gradient[settings.depth];
  const decades = Math.log10(total);
  const by = decadesBy(run.parts);
  const values = { total: fmt(total), depth: settings.depth, name: settings.member.name };
  if (Math.abs(decades) < LOST) return t("deep_survives", values);
  const worst = by.indexOf(decades < 0 ? Math.min(...by) : Math.max(...by));
  const who = t(["deep_by_weights", "deep_by_slope", "deep_by_norm", "deep_by_skip"][worst], { name: settings.member.name });
  return t(decades < 0 ? "deep_vanishes" : "deep_explodes", { ...values, who, decades: fmt(Math.abs(by[worst]), 3) });
}

function partsTable(run, settings) {
  const by = decadesBy(run.parts);
  const shown = [0, 1, ...(settings.norm === "none" ? [] : [2]), ...(settings.residual ? [3] : [])];
  const names = ["deep_by_weights", "deep_by_slope", "deep_by_norm", "deep_by_skip"];
  const rows = shown.map((at) => h("tr", {}, h("th", { scope: "row" }, t(names[at], { name: settings.member.name })), h("td", {}, fmt(by[at])), h("td", {}, fmt(10 ** (by[at] / settings.depth)))));
  const head = h("tr", {}, h("th", { scope: "col" }, t("deep_part")), h("th", { scope: "col" }, t("deep_decades")), h("th", { scope: "col" }, t("deep_factor")));
  return h("table", { id: "deep-parts" }, h("thead", {}, head), h("tbody", {}, rows));
}

function histogram(values, low, high, width = 150, height = 70) {
  const bins = new Array(30).fill(0);
  let inside = 0;
  for (const value of values) {
    const bin = Math.floor(((value - low) / (high - low)) * bins.length);
    if (bin >= 0 && bin < bins.length) (bins[bin] += 1), (inside += 1);
  }
  const top = Math.max(...bins, 1);
  const bars = bins.map((count, i) => s("rect", { x: (i * width) / bins.length, y: height - (count / top) * height, width: width / bins.length - 0.5, height: (count / top) * height, class: "bar" }));
  return { svg: s("svg", { viewBox: `0 0 ${width} ${height}`, class: "histogram", "aria-hidden": "true" }, bars), share: inside / values.length };
}

/* Whole decades that hold the gradients; every sixteenth is enough to know. */
function decadesOf(gradients) {
  let [low, high] = [0, 1];
  for (const g of gradients) {
    for (let i = 0; i < g.length; i += 16) {
      const size = Math.log10(Math.abs(g[i]));
      if (Number.isFinite(size)) [low, high] = [Math.min(low, size), Math.max(high, size)];
    }
  }
  return [Math.floor(low), Math.ceil(high)];
}

function histograms(run, depth) {
  const shown = [...new Set(linspace(0, depth, Math.min(HISTOGRAMS, depth + 1)).map(Math.round))];
  const [low, high] = decadesOf(run.gradients);
  return shown.map((layer) => {
    const reach = 4 * (run.signal[layer] || 1);
    const z = histogram(run.layers[layer], -reach, reach);
    const g = histogram(Array.from(run.gradients[layer], (x) => Math.log10(Math.abs(x))), low, high);
    const zero = run.gradients[layer].filter((x) => x === 0).length / run.gradients[layer].length;
    return h("figure", {}, h("figcaption", {}, layer ? `${t("deep_layer")} ${layer}` : t("deep_input")),
      z.svg, h("span", { class: "ends" }, h("span", {}, fmt(-reach, 2)), h("span", {}, "z"), h("span", {}, fmt(reach, 2))),
      g.svg, h("span", { class: "ends" }, h("span", {}, powerOfTen(low)), h("span", {}, "|dL/dz|"), h("span", {}, powerOfTen(high))),
      h("span", { class: "note" }, t("deep_zeros", { share: fmt(100 * zero, 3) })));
  });
}

function drawDeep() {
  const chosen = readDeep();
  const settings = settingsOf(chosen);
  const run = runDepth(settings);
  const predicted = theoryOf(settings);
  for (const [name, label] of [["gradient", t("deep_gradient")], ["signal", t("deep_signal")]]) {
    perLayer(document.getElementById(`deep-${name}`), run[name], predicted[name], label, label);
  }
  document.getElementById("deep-verdict").textContent = verdict(run, settings);
  document.getElementById("deep-why").textContent = whySentences(run, settings).join(language === "zh" ? "" : " ");
  document.getElementById("deep-table").replaceChildren(partsTable(run, settings));
  document.getElementById("deep-histograms").replaceChildren(...histograms(run, chosen.depth));
  const note = [t("deep_assumes"), settings.norm === "none" && settings.member.traits.q_slope > 1 + 1e-9 ? t("deep_unstable", { q: fmt(settings.member.traits.q_slope) }) : ""];
  document.getElementById("deep-note").textContent = note.join(" ");
}

function startDeep() {
  const controls = document.getElementById("deep-controls");
  let own = null;
  listeners.push((news) => {
    if (state.view !== "depth" || !["deep", "lang", "view", "size", "address"].some((key) => news.has(key))) return;
    const now = readDeep().init === "own";
    if (now !== own || ["lang", "view", "address"].some((key) => news.has(key))) {
      const focused = [...controls.querySelectorAll("select, input, button")].indexOf(document.activeElement);
      controls.replaceChildren(...deepControls(readDeep()));
      if (focused >= 0) controls.querySelectorAll("select, input, button")[focused].focus();
    }
    own = now;
    drawDeep();
    drawChain();
  });
}
