/* Softmax and cross-entropy: scores to move, an overflow and its cure, the graph, softmax taken twice. */

const CLASS_LIMITS = { z1: [-12, 12], z2: [-12, 12], z3: [-12, 12], z4: [-12, 12], shift: [-1000, 1000] };
const CLASSES_AT_FIRST = { z1: 2, z2: 1, z3: 0, z4: -1, shift: 0, target: "0", numbers: "float32", graph: "stable" };
const CLASS_CHOICES = { target: ["0", "1", "2", "3"], numbers: ["float64", "float32", "bfloat16", "float16"], graph: ["stable", "textbook"] };

function readClasses() {
  const found = { ...CLASSES_AT_FIRST };
  for (const [key, value] of state.classes.split(",").map((pair) => pair.split(":"))) {
    const number = Number(value);
    if (key in CLASS_CHOICES && CLASS_CHOICES[key].includes(value)) found[key] = value;
    if (key in CLASS_LIMITS && Number.isFinite(number)) found[key] = Math.min(Math.max(number, CLASS_LIMITS[key][0]), CLASS_LIMITS[key][1]);
  }
  return found;
}

function changeClasses(news) {
  const now = { ...readClasses(), ...news };
  change({ classes: Object.keys(now).filter((key) => now[key] !== CLASSES_AT_FIRST[key]).map((key) => `${key}:${now[key]}`).join(",") });
}

function classControls(chosen) {
  const pick = (key, name) => select(t(`class_${key}`), CLASS_CHOICES[key].map((value) => [value, name(value)]), chosen[key], (value) => changeClasses({ [key]: value }));
  const move = (key, label, step) =>
    slider(label, { min: CLASS_LIMITS[key][0], max: CLASS_LIMITS[key][1], step, value: chosen[key] }, (value) => changeClasses({ [key]: value }));
  return [
    h("div", {}, pick("target", (value) => String(Number(value) + 1)), pick("numbers", (value) => value)),
    ...["z1", "z2", "z3", "z4"].map((key) => move(key, `${t("class_logit")} ${subscripted(key)}`, 0.1)),
    move("shift", t("class_shift"), 1),
  ];
}

function targetsOf(target) {
  return [0, 1, 2, 3].map((i) => (i === target ? 1 : 0));
}

function resultsOf(chosen) {
  const round = rounder(chosen.numbers);
  const plain = [chosen.z1, chosen.z2, chosen.z3, chosen.z4];
  const z = plain.map((x) => (round ? round(x + chosen.shift) : x + chosen.shift));
  const target = Number(chosen.target);
  const textbook = textbookGraph(z, target, round);
  const stable = stableGraph(z, target, round);
  return { z, target, textbook, stable, softmax: ofClasses("softmax", z), hardmax: ofClasses("hardmax", z) };
}

function share(value) {
  const filled = Number.isFinite(value) ? Math.min(Math.max(value, 0), 1) * 100 : 0;
  return s("svg", { viewBox: "0 0 100 10", class: "share", "aria-hidden": "true", preserveAspectRatio: "none" }, s("rect", { width: filled, height: 10, class: "bar" }));
}

/* NaN is what this exhibit is about, so it is said. */
function spelt(value, digits = 4) {
  return Number.isNaN(value) ? "NaN" : fmt(value, digits);
}

function classTable({ z, target, textbook, softmax, hardmax }) {
  const heads = ["class_class", "class_z", "class_exp", "class_textbook", "class_stable", "class_hardmax", "class_slope"];
  const slopes = ofClasses("slope", z, targetsOf(target));
  const rows = z.map((x, i) =>
    h("tr", { class: i === target ? "target" : null },
      h("th", { scope: "row" }, `${i + 1}${i === target ? ` (${t("class_right")})` : ""}`),
      h("td", {}, spelt(x)), h("td", {}, spelt(textbook[1].value[i])),
      h("td", {}, spelt(textbook[3].value[i])),
      h("td", {}, spelt(softmax[i]), share(softmax[i])), h("td", {}, spelt(hardmax[i]), share(hardmax[i])), h("td", {}, spelt(slopes[i]))),
  );
  return h("table", {}, h("thead", {}, h("tr", {}, heads.map((key) => h("th", { scope: "col" }, t(key))))), h("tbody", {}, rows));
}

function classVerdict({ z, target, textbook, softmax }, chosen) {
  const loss = ofClasses("loss", z, targetsOf(target));
  const [sum] = textbook[2].value;
  const given = { numbers: chosen.numbers, loss: spelt(loss, 6), naive: spelt(textbook[5].value[0], 6) };
  if (!Number.isFinite(sum)) return t("class_overflows", given);
  if (sum === 0) return t("class_underflows", given);
  if (textbook[3].value[target] === 0) return t("class_log_zero", given);
  return t("class_fine", { ...given, y: spelt(softmax[target], 6) });
}

function graphOf(stages) {
  const cells = (numbers, kind) => h("div", { class: kind }, numbers.map((value) => h("span", {}, spelt(value))));
  const boxes = stages.flatMap(({ name, value, gradient }, index) => [
    index ? h("li", { class: "arrow", "aria-hidden": "true" }, "→") : null,
    h("li", { class: "stage" }, h("b", {}, name), h("small", {}, t("class_values")), cells(value, "values"), h("small", {}, t("class_gradients")), cells(gradient, "gradients")),
  ]);
  return h("ol", { class: "graph", tabindex: "0", "aria-label": t("class_graph") }, boxes);
}

function drawDouble(results) {
  const targets = targetsOf(results.target);
  const twice = doubleSoftmax(results.z, targets);
  const once = ofClasses("slope", results.z, targets);
  document.getElementById("double-result").textContent = t("double_result", {
    once: spelt(ofClasses("loss", results.z, targets), 6), twice: spelt(twice.loss, 6), floor: spelt(twice.floor, 6),
    slope_once: spelt(once[results.target]), slope_twice: spelt(twice.gradient[results.target]),
  });
  const along = (loss) => linspace(-10, 20, 301).map((a) => [a, loss(targets.map((one) => a * one))]);
  const lines = [
    { points: along((z) => ofClasses("loss", z, targets)), style: "c0", label: t("double_once") },
    { points: along((z) => doubleSoftmax(z, targets).loss), style: "c1", label: t("double_twice") },
    { points: along(() => twice.floor), style: "c2", label: t("double_floor") },
  ];
  document.getElementById("double-legend").replaceChildren(legend(lines));
  plot(document.getElementById("double-plot"), { lines, x: [-10, 20], y: [0, 6], xlabel: t("double_axis"), ylabel: "L", label: t("double") });
}

function drawClasses() {
  const chosen = readClasses();
  const results = resultsOf(chosen);
  document.getElementById("class-verdict").textContent = classVerdict(results, chosen);
  document.getElementById("class-table").replaceChildren(classTable(results));
  document.getElementById("class-graph").replaceChildren(graphOf(results[chosen.graph]));
  drawDouble(results);
}

function startClasses() {
  const controls = document.getElementById("class-controls");
  const which = document.getElementById("class-which");
  listeners.push((news) => {
    if (state.view !== "softmax" || !["classes", "lang", "view", "size", "address"].some((key) => news.has(key))) return;
    if (["lang", "view", "address"].some((key) => news.has(key))) {
      controls.replaceChildren(...classControls(readClasses()));
      const names = CLASS_CHOICES.graph.map((value) => [value, t(`graph_${value}`)]);
      which.replaceChildren(select(t("class_graph"), names, readClasses().graph, (graph) => changeClasses({ graph })));
    }
    drawClasses();
  });
}
