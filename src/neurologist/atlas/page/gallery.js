/* All members as tiles: search, filters, order. */

const FILTERS = {
  zero_centred: (m) => m.traits?.zero_centred,
  monotonic: (m) => m.traits?.monotonic,
  smooth: (m) => m.traits && m.traits.smoothness === Infinity,
  bounded: (m) => m.range && Number.isFinite(m.range.lo) && Number.isFinite(m.range.hi),
  saturates: (m) => m.traits?.saturates,
  never_saturates: (m) => m.traits && !m.traits.saturates,
  dead: (m) => m.traits && m.traits.dead_intervals.length > 0,
  odd: (m) => m.traits?.odd,
  convex: (m) => m.traits?.convex,
  learnt: (m) => m.learnt,
  vector: (m) => m.vector,
  in_torch: (m) => Boolean(m.torch),
  wants_logits: (m) => m.expects === "logits",
  wants_probabilities: (m) => m.expects === "probabilities",
  for_classes: (m) => m.target_kind === "class_index",
};
const SORTS = {
  name: (m) => m.name,
  year: (m) => m.year,
  gain: (m) => m.traits?.gain ?? Infinity,
  steepest: (m) => m.traits?.lipschitz ?? Infinity,
  chi_1: (m) => m.traits?.chi_1 ?? Infinity,
};
const tiles = new Map();

function sketch(member) {
  const parameters = member.parameters.map((parameter) => parameter.default);
  const xs = linspace(member.low, member.high, 81);
  const lines = [1, 0].map((order) => xs.map((x) => [x, valueOf(member, order, x, parameters)]));
  const [low, high] = heights([{ points: lines[1] }]);
  const place = (x, y) => [((x - member.low) / (member.high - member.low)) * 96 + 2, 50 - ((y - low) / (high - low)) * 48];
  const svg = s("svg", { viewBox: "0 0 100 52", class: "sketch", "aria-hidden": "true", focusable: "false" });
  if (low < 0 && high > 0) {
    const [, zero] = place(0, 0);
    svg.append(s("path", { d: `M2 ${zero.toFixed(1)}L98 ${zero.toFixed(1)}`, class: "zero" }));
  }
  lines.forEach((points, index) => {
    svg.append(s("path", { d: path(points, place, 52), class: `line thin c${1 - index}` }));
  });
  return svg;
}

/* A name that may be broken behind its underscores. */
function broken(name) {
  return name.split(/(?<=_)/).flatMap((part) => [part, h("wbr")]);
}

function tile(member) {
  const button = h("button", { type: "button", class: "open", onclick: () => showMember(member) });
  button.append(sketch(member), h("span", { class: "name" }, broken(member.name)));
  const box = h("input", { type: "checkbox", onchange: () => compareWith(keyOf(member), box.checked) });
  const words = h("span", { class: "sr" }, "");
  const item = h("li", { class: `tile ${member.kind}` }, button, h("label", { class: "pick" }, box, words));
  Object.assign(item, { box, words, button });
  return item;
}

function showMember(member) {
  if (keyOf(member) === OWN_KEY) return change({ view: "own" });
  change({ show: keyOf(member), p: "", view: "gallery" });
  return matchMedia("(max-width: 900px)").matches && document.getElementById("card").scrollIntoView();
}

function matches(member) {
  const wanted = state.traits ? state.traits.split(",") : [];
  const text = [member.name, ...member.aliases, member.about, ABOUT_IN_CHINESE[keyOf(member)] ?? "", member.source].join(" ").toLowerCase();
  const words = state.q.toLowerCase().split(/[\s_-]+/).filter(Boolean);
  return (
    (!state.kind || member.kind === state.kind) &&
    wanted.every((name) => FILTERS[name]?.(member)) &&
    words.every((word) => text.includes(word))
  );
}

function drawGallery() {
  const by = SORTS[state.sort] ?? SORTS.name;
  const compare = (a, b) => (by(a) < by(b) ? -1 : by(a) > by(b) ? 1 : a.name < b.name ? -1 : 1);
  const found = MEMBERS.filter(matches).sort(compare);
  const chosen = new Set(state.compare.split(","));
  const list = document.getElementById("tiles");
  list.replaceChildren(...found.map((member) => tiles.get(keyOf(member))));
  for (const [key, item] of tiles) {
    item.box.checked = chosen.has(key);
    item.words.textContent = t("compare_this", { name: memberOf(key).name });
    if (key === state.show) item.button.setAttribute("aria-current", "true");
    else item.button.removeAttribute("aria-current");
  }
  document.getElementById("count").textContent = t("count", { found: found.length, all: MEMBERS.length });
}

function toggleTrait(name, on) {
  const wanted = new Set(state.traits ? state.traits.split(",") : []);
  if (on) wanted.add(name);
  else wanted.delete(name);
  change({ traits: [...wanted].join(",") });
}

function drawFilters() {
  const wanted = new Set(state.traits.split(","));
  const boxes = Object.keys(FILTERS).map((name) => {
    const box = h("input", { type: "checkbox", checked: wanted.has(name), onchange: () => toggleTrait(name, box.checked) });
    return h("label", { class: "filter" }, box, t(`filter_${name}`));
  });
  const kinds = [["", t("all")], ["activation", t("activations")], ["loss", t("losses")]];
  const sorts = Object.keys(SORTS).map((name) => [name, t(`sort_${name}`)]);
  document.getElementById("filters").replaceChildren(
    select(t("kind"), kinds, state.kind, (kind) => change({ kind })),
    select(t("sort"), sorts, state.sort, (sort) => change({ sort })),
    h("fieldset", {}, h("legend", {}, t("filter")), boxes),
  );
}

function startGallery() {
  for (const member of MEMBERS) tiles.set(keyOf(member), tile(member));
  const search = document.getElementById("search");
  search.addEventListener("input", () => change({ q: search.value }));
  const redraw = () => {
    if (search.value !== state.q) search.value = state.q;
    drawGallery();
  };
  listeners.push((news) => {
    if (news.has("lang")) drawFilters();
    if (["lang", "q", "kind", "traits", "sort", "show", "compare"].some((key) => news.has(key))) redraw();
  });
}
