/* A function of the reader's own, from a formula: everything that a card shows, and a place in the other exhibits. */

const OWN_NAME = "my_function"; // as nl.activation would be told
const OWN_KEY = `activation/${OWN_NAME}`;
const OWN_EXAMPLES = ["x / (1 + exp(-b * x))", "max(x, a * x)", "where(x > 0, x, a * expm1(x))", "x * tanh(softplus(x))", "x + sin(a * x) ** 2 / a", "erf(a * x) * exp(-x ** 2 / 2)"];
const OWN_WIDEST = 3; // half the width of a letter's slider, at least
const OWN_SHOWN = 60; // characters of a formula around a mistake

let ownKept = { key: null, found: null };

/* The formula of the address as {member, letters, notes}, or as {error}; worked out once. */
function ownFound() {
  const key = `${state.own}\n${state.letters}`;
  if (ownKept.key === key) return ownKept.found;
  ownKept = { key, found: null };
  try {
    ownKept.found = ownMade(state.own, state.letters);
  } catch (error) {
    if (!(error instanceof OwnError)) throw error;
    ownKept.found = { error };
  }
  return ownKept.found;
}

function ownMember() {
  return ownFound()?.member ?? null;
}

function ownMade(text, given) {
  const tree = ownTree(text);
  const names = [...ownLetters(tree)];
  const chosen = new Map(given.split(",").map((pair) => pair.split(":")));
  const values = names.map((name) => (chosen.has(name) && Number.isFinite(Number(chosen.get(name))) ? Number(chosen.get(name)) : 1));
  const orders = ownJets(ownStable(tree), names);
  const at = orders.map((f) => (x) => f(x, ...values));
  const notes = ownBroken(at);
  FUNCTIONS[OWN_KEY] = orders;
  const member = {
    kind: "activation", name: OWN_NAME, aliases: [], about: "", source: "", vector: false, random: false, learnt: false, note: "", points: null,
    low: LANGUAGE.low, high: LANGUAGE.high, axis: "x", branches: ownBranches(tree, names, values),
    parameters: names.map((name, i) => ({ name, default: values[i], ...ownEnds(values[i]) })),
  };
  const average = momentsAt(member, 1);
  const { range, ...traits } = ownTraits(at, member.branches, average);
  Object.assign(member, { range, traits, stacks: Number.isFinite(traits.gain) });
  return { member, notes };
}

function ownEnds(value) {
  const reach = Math.max(OWN_WIDEST, 2 * Math.abs(value));
  return { lo: -reach, hi: reach, step: reach / 100 };
}

/* Where value or slope is not a number; an error where they are finite nearly nowhere. */
function ownBroken(orders) {
  for (const [order, what] of ["value", "slope"].entries()) {
    const found = ownGrid().map((x) => [x, orders[order](x)]);
    if (found.filter(([, y]) => Number.isFinite(y)).length < LANGUAGE.least) throw new OwnError("own_nowhere", 0, state.own.length, { what });
    const bad = found.filter(([, y]) => Number.isNaN(y)).map(([x]) => x);
    if (bad.length) return [what, bad[0], bad.at(-1)];
  }
  return null;
}

/* The mistake in words, and the formula with its place marked. */
function ownSays({ key, values, start, end }) {
  const said = t(key, { ...values, ...(values.what ? { what: t(values.what) } : {}) });
  const from = Math.max(0, start - OWN_SHOWN);
  const until = Math.min(state.own.length, Math.min(end, start + OWN_SHOWN) + OWN_SHOWN);
  const cut = Math.min(end, start + OWN_SHOWN);
  const marked = h("mark", {}, state.own.slice(start, cut) || "␣");
  const code = [from ? "…" : "", state.own.slice(from, start), marked, state.own.slice(cut, until), until < state.own.length ? "…" : ""];
  const place = h("code", { class: "own-place" }, code);
  return [h("p", {}, said), state.own ? place : ""];
}

function ownControls() {
  const box = document.getElementById("own-examples");
  const buttons = OWN_EXAMPLES.map((text) => h("button", { type: "button", onclick: () => change({ own: text, letters: "" }) }, text));
  const words = Object.entries(LANGUAGE.words).map(([word, counts]) => (word === "where" ? "where(x > 0, u, v)" : `${word}(${[..."uvw"].slice(0, counts.at(-1)).join(", ")})`));
  const help = h("details", {}, h("summary", {}, t("own_language")), h("p", {}, t("own_grammar", { constants: LANGUAGE.constants.join(", ") })), h("p", { class: "own-words" }, words.map((word) => h("code", {}, word))));
  box.replaceChildren(h("p", { class: "own-words" }, h("span", {}, t("own_try")), buttons), help);
}

function ownSliders(member) {
  return member.parameters.map((parameter) =>
    slider(parameter.name, { min: parameter.lo, max: parameter.hi, step: parameter.step, value: parameter.default }, (value) => {
      const now = new Map(ownMember().parameters.map((other) => [other.name, other.default])).set(parameter.name, value);
      change({ letters: [...now].filter(([, at]) => at !== 1).map(([name, at]) => `${name}:${at}`).join(",") });
    }),
  );
}

/* Members whose values differ least for standard normal inputs, by the RMS of the difference. */
function ownNearest(member, count = 3) {
  const at = linspace(-4, 4, 161);
  const weights = at.map((x) => Math.exp((-x * x) / 2));
  const values = (other) => at.map((x) => valueOf(other, 0, x, other.parameters.map((parameter) => parameter.default)));
  const ours = values(member);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const found = MEMBERS.filter((other) => other.kind === "activation" && !other.vector).map((other) => {
    const square = values(other).reduce((sum, value, i) => sum + weights[i] * (value - ours[i]) ** 2, 0);
    return [Math.sqrt(square / total), other];
  });
  return found.filter(([distance]) => Number.isFinite(distance)).sort(([a], [b]) => a - b).slice(0, count);
}

function ownNeighbours(member) {
  const near = ownNearest(member);
  const rows = near.map(([distance, other]) => h("li", {}, h("button", { type: "button", class: "link", onclick: () => showMember(other) }, other.name), ` ${fmt(distance, 3)}`));
  const names = [OWN_KEY, ...near.map(([, other]) => keyOf(other))].join(",");
  return [
    h("h3", {}, t("own_near_title")),
    h("p", { class: "note" }, t("own_near_means")),
    h("ol", { id: "own-near" }, rows),
    h("button", { type: "button", onclick: () => change({ view: "compare", compare: names }) }, t("own_compare_them")),
    " ",
    deep(member) ? h("button", { type: "button", onclick: () => (changeDeep({ act: OWN_NAME }), change({ view: "depth" })) }, t("own_in_depth")) : "",
  ];
}

function ownPython(member) {
  const given = member.parameters.map(({ name, default: value }) => `, ${name}=${value}`).join("");
  return `import neurologist as nl\n\n${OWN_NAME} = nl.activation("${OWN_NAME}", ${JSON.stringify(state.own)}${given})`;
}

/* A kink that three derivatives do not show is not told. */
function ownRows(member) {
  const rows = traitRows(member).filter(([key]) => key !== "curvature");
  return rows.map(([key, value]) => [key, key === "smoothness" && member.traits.smoothness === Infinity ? t("own_smooth") : value]);
}

function ownFacts(member, notes) {
  const rows = ownRows(member).map(([key, value]) => h("tr", {}, h("th", { scope: "row" }, t(`trait_${key}`)), h("td", {}, value)));
  const code = ownPython(member);
  return [
    notes ? h("p", { class: "note", id: "own-note" }, t("own_broken", { what: t(notes[0]), from: fmt(notes[1]), to: fmt(notes[2]) })) : "",
    h("h3", {}, t("traits")),
    h("p", { class: "note" }, t("own_numeric", { reach: fmt(LANGUAGE.reach) })),
    h("table", { class: "facts", id: "own-traits" }, h("tbody", {}, rows)),
    ...ownNeighbours(member),
    h("h3", {}, t("own_python")),
    copyButton(code), h("pre", { tabindex: "0" }, code),
  ];
}

function ownFigure(member) {
  const host = document.getElementById("own-figure");
  const parameters = member.parameters.map((parameter) => parameter.default);
  const figure = h("div", { class: "figure" });
  const readout = h("p", { class: "readout", id: "own-readout" });
  let x = Number(state.x);
  if (!(x >= member.low && x <= member.high)) x = 1;
  const position = slider("x", { min: member.low, max: member.high, value: x }, moved);
  position.input.step = (member.high - member.low) / 1000;
  position.set(x);
  function moved(value) {
    x = value;
    position.set(x);
    drawCardPlot(figure, readout, member, x, parameters, moved);
    change({ x: String(Number(x.toPrecision(6))) });
  }
  host.replaceChildren(legend(linesOf(member, parameters)), figure, position, readout);
  drawCardPlot(figure, readout, member, x, parameters, moved);
}

function drawOwn(anew) {
  const { member, notes, error } = ownFound();
  const [field, says] = ["own-text", "own-error"].map((id) => document.getElementById(id));
  if (field.value !== state.own) field.value = state.own;
  field.setAttribute("aria-invalid", String(Boolean(error)));
  says.replaceChildren(...(error ? ownSays(error) : []));
  const body = ["own-figure", "own-letters", "own-facts"].map((id) => document.getElementById(id));
  for (const part of body) part.hidden = Boolean(error);
  if (error) return;
  ownFigure(member);
  if (anew) body[1].replaceChildren(member.parameters.length ? h("fieldset", { class: "parameters" }, h("legend", {}, t("parameters")), ownSliders(member)) : "");
  body[2].replaceChildren(...ownFacts(member, notes));
}

function startOwn() {
  const field = document.getElementById("own-text");
  field.addEventListener("input", () => change({ own: field.value }));
  listeners.push((news) => {
    if (state.view !== "own") return;
    if (news.has("lang")) ownControls();
    const anew = ["own", "lang", "view", "address"].some((key) => news.has(key));
    if (anew || news.has("letters") || news.has("size")) drawOwn(anew);
  });
}
