/* One member: its plot with a tangent, its formula, its traits, its code. */

const LINES = [
  { order: 0, style: "c0", names: { activation: "f(x)", loss: "L" } },
  { order: 1, style: "c1", names: { activation: "f′(x)", loss: "L′" } },
  { order: 2, style: "c2", names: { activation: "f″(x)", loss: "L″" } },
];
const POINTS = 601;

function curveOf(member, order, parameters, low = member.low, high = member.high) {
  return linspace(low, high, POINTS).map((x) => [x, valueOf(member, order, x, parameters)]);
}

function linesOf(member, parameters) {
  return LINES.filter(({ order }) => hasOrder(member, order)).map(({ order, style, names }) => ({
    points: curveOf(member, order, parameters),
    style,
    label: names[member.kind],
  }));
}

/* The straight line that touches the curve at x. */
function tangent(member, x, parameters) {
  const [value, slope] = [0, 1].map((order) => valueOf(member, order, x, parameters));
  return { value, slope, ends: [member.low, member.high].map((at) => [at, value + slope * (at - x)]) };
}

function drawCardPlot(host, readout, member, x, parameters, onmove) {
  const lines = linesOf(member, parameters);
  const touch = tangent(member, x, parameters);
  const marks = (place) => {
    if (!Number.isFinite(touch.value)) return [];
    const [px, py] = place(x, touch.value);
    const [[ax, ay], [bx, by]] = touch.ends.map(([at, y]) => place(at, y));
    const straight = Number.isFinite(touch.slope) ? `M${ax} ${ay}L${bx} ${by}` : "";
    return [s("path", { d: straight, class: "tangent" }), s("circle", { cx: px, cy: py, r: 5, class: "touch" })];
  };
  plot(host, {
    lines,
    marks,
    x: [member.low, member.high],
    xlabel: saidText(member.axis),
    ylabel: t("value_axis"),
    label: t("plot_of", { name: member.name }),
    onmove,
  });
  const shown = LINES.filter(({ order }) => hasOrder(member, order)).map(({ order, names }) =>
    h("span", {}, `${names[member.kind].replace("(x)", "")}(${fmt(x)}) = `, h("b", {}, fmt(valueOf(member, order, x, parameters), 7))),
  );
  readout.replaceChildren(...shown);
}

function drawCard() {
  const host = document.getElementById("card");
  const member = memberOf(state.show) ?? MEMBERS[0];
  const figure = h("div", { class: "figure" });
  const readout = h("p", { class: "readout", id: "readout" });
  const middle = member.low + (member.high - member.low) * 0.6;
  let x = Number(state.x);
  if (!(x >= member.low && x <= member.high)) x = middle;
  const parameters = parametersOf(member, state.p);
  const drawable = hasOrder(member, 0);
  const redraw = () => drawable && drawCardPlot(figure, readout, member, x, parameters, moved);
  const position = slider(saidText(member.axis), { min: member.low, max: member.high, value: x }, (value) => moved(value));
  position.input.step = (member.high - member.low) / 1000;
  position.set(x);
  function moved(value) {
    x = value;
    position.set(x);
    redraw();
    change({ x: String(Number(x.toPrecision(6))) });
  }
  const sliders = member.parameters.map((parameter, index) =>
    slider(parameter.name, { min: parameter.lo, max: parameter.hi, step: parameter.step, value: parameters[index] }, (value) => {
      parameters[index] = value;
      redraw();
      const pairs = member.parameters.map((other, at) => [other, parameters[at]]);
      const changed = pairs.filter(([other, at]) => at !== other.default).map(([other, at]) => `${other.name}:${fmt(at, 8).replace("−", "-")}`);
      change({ p: changed.join(",") });
    }),
  );
  host.replaceChildren(
    h("h2", {}, member.name, member.aliases.length ? h("small", {}, ` ${member.aliases.join(", ")}`) : null),
    aboutOf(member),
    ...(drawable ? [legend(linesOf(member, parameters)), figure, position, readout] : [h("p", {}, t("no_plot"))]),
    member.note ? h("p", { class: "note" }, said(member.note)) : "",
    member.points ? h("p", { class: "note" }, t("points_only", { count: member.points.x.length })) : "",
    parameterBox(member, sliders),
    ...facts(member),
  );
  redraw();
}

/* What it is, in a sentence; a member that nobody has translated yet says it in English. */
function aboutOf(member) {
  const chinese = language === "zh" && ABOUT_IN_CHINESE[keyOf(member)];
  return h("p", { id: "about", lang: chinese ? "zh-CN" : "en" }, chinese || member.about);
}

/* More than a few would push everything else off the screen. */
function parameterBox(member, sliders) {
  if (!sliders.length || !hasOrder(member, 0)) return "";
  const reset = h("button", { type: "button", onclick: () => (change({ p: "" }), drawCard()) }, t("reset"));
  if (sliders.length <= 4) return h("fieldset", { class: "parameters" }, h("legend", {}, t("parameters")), sliders, reset);
  return h("details", { class: "parameters" }, h("summary", {}, `${t("parameters")} (${sliders.length})`), sliders, reset);
}

function facts(member) {
  return [
    h("h3", {}, t("formula")),
    h("div", { class: "wide" }, formula(member.formula)),
    member.slope ? h("h3", {}, t("slope")) : "",
    member.slope ? h("div", { class: "wide" }, formula(member.slope)) : "",
    derivationOf(member),
    h("h3", {}, t(member.kind === "loss" ? "use" : "traits")),
    traitTable(member),
    usesOf(member),
    codeOf(member),
    certificateOf(member),
    h("h3", {}, t("source")),
    h("p", { lang: "en" }, sourceOf(member)),
  ];
}

function usesOf(member) {
  if (!member.uses?.length) return "";
  const rows = member.uses.map(([place, why]) => h("li", {}, h("b", {}, said(place)), language === "zh" ? "：" : ": ", said(why)));
  return h("div", {}, h("h3", {}, t("uses")), h("ul", {}, rows));
}

function derivationOf(member) {
  if (!member.steps?.length) return "";
  const rows = member.steps.map(([markup, why]) => h("li", {}, formula(markup), h("span", { class: "note" }, said(why))));
  return h("details", {}, h("summary", {}, t("derivation")), h("ol", { class: "steps" }, rows));
}

function codeOf(member) {
  const languages = Object.entries(member.code);
  if (!languages.length) return "";
  const blocks = languages.map(([name, text]) =>
    h("details", {}, h("summary", {}, name === "numpy" ? "NumPy" : "PyTorch"), copyButton(text), h("pre", { tabindex: "0" }, text)),
  );
  return h("div", {}, h("h3", {}, t("code")), blocks);
}

function copyButton(text) {
  const button = h("button", { type: "button", class: "copy" }, t("copy"));
  button.addEventListener("click", async () => {
    const area = h("textarea", { value: text, class: "sr" });
    document.body.append(area);
    area.select();
    document.execCommand("copy"); // works from file://, where the clipboard's own interface may not
    area.remove();
    button.textContent = t("copied");
    button.focus();
  });
  return button;
}

function startCard() {
  listeners.push((news) => {
    if (["show", "lang", "view", "size", "address"].some((key) => news.has(key))) drawCard();
  });
}
