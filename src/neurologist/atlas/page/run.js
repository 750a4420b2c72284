/* The reader's own run: what became of its gradient op by op, beside the theory, and what was found. */

const RUN_ROWS = 400; // ops in the table; of more, both ends and those that change the gradient most
const RUN_FINDINGS = 50;
const RUN_COMMAND = "neurologist diagnose run.nlr --format json -o run.json";
const RUN_GROUPS = { activation: ["activation"], linear: ["linear", "conv", "matmul"] };

let runShown = { run: null, error: null, name: "" };

async function runTake(read, name) {
  try {
    runShown = { run: await read(), error: null, name: runText(name, 80) };
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    runShown = { run: null, error, name: runText(name, 80) };
  }
  drawRun();
}

/* RMS of the gradient that each op hands on, as measured, and as theory has it where it has a figure. Between two ops
   gradients may meet, as at a residual connection: what arrives at one is not what the last handed on. */
function runLevels(bars) {
  const found = [];
  let theory = null;
  bars.forEach((bar, index) => {
    if (!(bar.rms_out > 0)) return;
    const known = bar.expected ?? bar.decades;
    const met = found.length && bar.rms_in > 0 ? bar.rms_in / found.at(-1).measured : 1;
    theory = theory === null || known === null ? bar.rms_out : theory * met * 10 ** known;
    found.push({ index, measured: bar.rms_out, theory });
  });
  return found;
}

/* Decades by kind of op, as measured and as theory has them, from the logits on. */
function runShares(bars) {
  const group = ({ kind }) => Object.keys(RUN_GROUPS).find((name) => RUN_GROUPS[name].some((start) => kind.startsWith(start))) ?? "others";
  const found = new Map();
  bars.forEach((bar) => {
    if (!Number.isFinite(bar.decades) || bar.total === null) return;
    const row = found.get(group(bar)) ?? { count: 0, measured: 0, judged: 0, theory: 0, told: 0 };
    row.count += 1;
    row.measured += bar.decades;
    if (Number.isFinite(bar.expected)) Object.assign(row, { told: row.told + 1, theory: row.theory + bar.expected, judged: row.judged + bar.decades });
    found.set(group(bar), row);
  });
  return found;
}

function runHeaviest(bars) {
  const known = bars.map((bar, index) => [Math.abs(bar.decades), index]).filter(([size, index]) => size >= 0.05 && Number.isFinite(size) && bars[index].total !== null);
  return known.length ? known.reduce((most, one) => (one[0] > most[0] ? one : most))[1] : -1;
}

function runVerdict({ bars }) {
  const shares = [...runShares(bars)];
  const total = shares.reduce((sum, [, row]) => sum + row.measured, 0);
  const worst = runHeaviest(bars);
  if (worst < 0) return t("run_level");
  const part = ([name, { measured, count, told, theory, judged }]) =>
    t("run_part", { name: t(`run_${name}`), count, decades: fmt(measured, 3) }) + (told ? t("run_judged", { told, judged: fmt(judged, 3), theory: fmt(theory, 3) }) : "");
  const fate = total < -LOST ? "run_vanishes" : total > LOST ? "run_explodes" : "run_survives";
  return `${t(fate, { total: fmt(total, 3) })} ${t("run_worst", { label: bars[worst].label, place: bars[worst].place || "–", decades: fmt(bars[worst].decades, 3) })} ${t("run_by_kind", { parts: shares.map(part).join(language === "zh" ? "；" : "; ") })}`;
}

function runPlot(host, bars) {
  const levels = runLevels(bars);
  if (levels.length < 2) return host.replaceChildren(h("p", { class: "note" }, t("run_no_waterfall")));
  const points = (key) => levels.map((level) => [level.index, logOf(level[key])]);
  const all = levels.flatMap((level) => [logOf(level.measured), logOf(level.theory)]).filter(Number.isFinite);
  const dots = (place) => points("measured").map(([x, y]) => {
    const [cx, cy] = place(x, y);
    return s("circle", { cx, cy, r: 3, class: "dot" }, s("title", {}, `${bars[x].label} ${bars[x].place}`));
  });
  const ends = { x: [-0.3, bars.length - 0.7], y: [Math.floor(Math.min(...all) - 0.2), Math.ceil(Math.max(...all) + 0.2)] };
  const lines = [{ points: points("theory"), style: "c1", label: t("run_theory") }];
  return plot(host, { lines, marks: dots, ...ends, log: true, whole: true, xlabel: t("run_op"), ylabel: t("deep_gradient"), label: t("run_plot") });
}

function runTable(bars) {
  const worst = runHeaviest(bars);
  const size = (index) => Math.abs(bars[index].decades ?? 0);
  const inner = bars.map((_, index) => index).slice(1, -1).sort((a, b) => size(b) - size(a)).slice(0, RUN_ROWS - 2);
  const kept = bars.length <= RUN_ROWS ? bars.map((_, index) => index) : [0, ...inner, bars.length - 1].sort((a, b) => a - b);
  const number = (value) => (value === null ? "–" : h("data", { value }, fmt(value)));
  const rows = kept.map((index) => {
    const bar = bars[index];
    const counted = index === 0 && bar.kind === "loss" ? null : bar.decades;
    const where = h("td", { title: bar.code }, h("bdi", {}, bar.place || "–"));
    const cells = [bar.rms_out ?? bar.rms_in, counted, bar.expected, bar.total].map((value) => h("td", {}, number(value)));
    return h("tr", { class: index === worst ? "target" : "" }, h("td", {}, String(index)), h("th", { scope: "row" }, h("bdi", {}, bar.label), index === worst ? h("small", {}, ` ← ${t("run_most")}`) : ""), where, cells);
  });
  const heads = ["run_number", "run_name", "run_line", "run_rms", "run_decades", "run_expected", "run_total"].map((key) => h("th", { scope: "col" }, t(key)));
  const left = bars.length - kept.length;
  return [h("div", { class: "wide" }, h("table", { id: "run-table" }, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, rows))), left ? h("p", { class: "note" }, t("run_left_out", { count: left })) : ""];
}

function runFound({ findings, lang, healthy }) {
  if (!findings.length) return [h("p", { class: "verdict" }, t(healthy ? "run_healthy" : "run_nothing"))];
  const items = findings.slice(0, RUN_FINDINGS).map((one) =>
    h("li", { class: `finding ${one.severity}` },
      h("h4", {}, `${t(`run_${one.severity}`)} `, h("bdi", {}, one.rule), " ", h("small", {}, one.code_of)),
      h("p", { lang }, h("bdi", {}, one.message)),
      one.advice ? h("p", { lang }, h("b", {}, h("bdi", {}, one.advice))) : "",
      one.place || one.module ? h("p", { class: "note" }, h("bdi", {}, [one.place, one.module].filter(Boolean).join(" · "))) : "",
      one.code ? h("pre", { tabindex: "0" }, one.code) : "",
      one.symptoms.length ? h("details", {}, h("summary", {}, t("run_symptoms", { count: one.symptoms.length })), h("ul", { lang }, one.symptoms.slice(0, RUN_FINDINGS).map((sign) => h("li", {}, h("bdi", {}, `${sign.rule}: ${sign.message}`), h("span", { class: "note" }, ` ${sign.place}`))))) : ""));
  const left = findings.length - items.length;
  return [h("ol", { class: "findings" }, items), left ? h("p", { class: "note" }, t("run_more", { count: left })) : ""];
}

/* The depth exhibit's nearest network: its commonest activation, as many layers, about as wide. */
function runAlike(bars) {
  const names = bars.filter((bar) => bar.kind === "activation").map((bar) => bar.label.split(" ")[0]).filter((name) => CHOICES.act().includes(name));
  if (!names.length) return null;
  const times = (name) => names.filter((other) => other === name).length;
  const act = names.reduce((most, name) => (times(name) > times(most) ? name : most));
  const layers = bars.filter((bar) => RUN_GROUPS.linear.some((start) => bar.kind.startsWith(start)));
  const wide = Math.max(1, ...layers.slice(1).map((bar) => bar.shape.at(-1)).filter((size) => size > 0));
  const off = (width) => Math.abs(Math.log(Number(width) / wide));
  const width = CHOICES.width().reduce((best, one) => (off(one) < off(best) ? one : best));
  return { act, init: "torch", width, depth: Math.min(Math.max(layers.length, 1), LIMITS.depth[1]) };
}

function runSummary({ summary, step }) {
  const said = [[summary.steps, "run_steps"], [summary.samples, "run_samples"], [summary.parameters, "run_parameters"]];
  const parts = said.filter(([value]) => value !== null).map(([value, key]) => t(key, { count: value.toLocaleString("en") }));
  if (summary.first !== null || summary.last !== null) parts.push(t("run_loss", { first: fmt(summary.first), last: fmt(summary.last) }));
  if (step !== null) parts.push(t("run_step", { step }));
  return [...parts, ...summary.optimizers, summary.status === "finished" ? "" : summary.status].filter(Boolean).join(" · ");
}

function runBody(run) {
  const figure = h("div", { class: "figure", id: "run-figure" });
  const alike = runAlike(run.bars);
  const missing = run.missing.length ? [h("h3", {}, t("run_missing")), h("ul", { lang: run.lang }, run.missing.map(([what, why]) => h("li", {}, h("bdi", {}, `${what}: ${why}`))))] : [];
  const legends = h("ul", { class: "legend" }, h("li", {}, s("svg", { viewBox: "0 0 30 10", class: "sample", "aria-hidden": "true" }, s("circle", { cx: 15, cy: 5, r: 3, class: "dot" })), t("run_measured")), legend([{ style: "c1", label: t("run_theory") }]).firstChild);
  const waterfall = run.bars.length ? [h("p", { class: "verdict", role: "status", id: "run-verdict" }, runVerdict(run)), legends, figure, h("p", { class: "note" }, t("run_assumes"))] : [h("p", { class: "verdict" }, t("run_no_waterfall"))];
  return {
    figure,
    parts: [
      h("p", { class: "note", id: "run-summary" }, h("bdi", {}, runSummary(run))),
      ...waterfall,
      alike ? h("button", { type: "button", onclick: () => (changeDeep({ ...DEEP, ...alike }), change({ view: "depth" })) }, t("run_alike", { name: alike.act, depth: alike.depth, width: alike.width })) : "",
      h("h3", {}, t("run_findings")), ...runFound(run),
      ...(run.bars.length ? [h("h3", {}, t("run_ops")), ...runTable(run.bars)] : []),
      ...missing,
    ],
  };
}

function drawRun() {
  if (state.view !== "run") return;
  const { run, error, name } = runShown;
  document.getElementById("run-command").textContent = RUN_COMMAND;
  document.getElementById("run-error").textContent = error ? t(error.key, { ...error.values, name: name || t("run_pasted") }) : "";
  const body = document.getElementById("run-body");
  body.replaceChildren();
  if (!run) return;
  const { figure, parts } = runBody(run);
  body.replaceChildren(h("h3", {}, h("bdi", {}, name || t("run_pasted"))), ...parts);
  if (run.bars.length) runPlot(figure, run.bars);
}

function startRun() {
  const [file, text] = ["run-file", "run-paste"].map((id) => document.getElementById(id));
  const section = document.getElementById("view-run");
  const takeFile = (given) => given && runTake(() => runFile(given), given.name);
  file.addEventListener("change", () => (takeFile(file.files[0]), (file.value = "")));
  text.addEventListener("input", () => text.value && (runTake(async () => runRead(text.value), ""), (text.value = "")));
  section.addEventListener("dragover", (event) => (event.preventDefault(), section.classList.add("over")));
  section.addEventListener("dragleave", () => section.classList.remove("over"));
  section.addEventListener("drop", (event) => {
    event.preventDefault();
    section.classList.remove("over");
    takeFile(event.dataTransfer.files[0]);
  });
  listeners.push((news) => ["lang", "view", "size", "address"].some((key) => news.has(key)) && drawRun());
}
