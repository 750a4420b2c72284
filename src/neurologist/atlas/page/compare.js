/* Up to eight members in one plot and one table. */

const MOST = 8;

function compared() {
  return state.compare.split(",").map(memberOf).filter(Boolean).slice(0, MOST);
}

function compareWith(key, on) {
  const chosen = state.compare.split(",").filter((other) => other && other !== key);
  if (on && chosen.length >= MOST) {
    document.getElementById("status").textContent = t("at_most", { count: MOST });
    change({ compare: chosen.join(",") });
    return;
  }
  change({ compare: (on ? [...chosen, key] : chosen).join(",") });
}

function drawCompare() {
  const host = document.getElementById("compare-body");
  const chosen = compared();
  const order = Number(state.order) || 0;
  const figure = h("div", { class: "figure" });
  const lines = chosen.map((member, index) => ({
    points: hasOrder(member, order) ? curveOf(member, order, member.parameters.map((p) => p.default)) : [],
    style: `c${index}`,
    label: member.name,
  }));
  const orders = [["0", t("value")], ["1", t("slope")], ["2", t("second")]];
  host.replaceChildren(
    select(t("what"), orders, state.order, (value) => change({ order: value })),
    adder(chosen),
    legend(lines),
    figure,
    h("div", { class: "wide" }, compareTable(chosen)),
  );
  if (!chosen.length) return;
  const x = [Math.min(...chosen.map((member) => member.low)), Math.max(...chosen.map((member) => member.high))];
  const axes = [...new Set(chosen.map((member) => saidText(member.axis)))].join(", ");
  plot(figure, { lines, x, xlabel: axes, ylabel: orders[order][1], label: t("compare_plot", { names: chosen.map((m) => m.name).join(", ") }) });
}

function adder(chosen) {
  const others = [...MEMBERS, ownMember()].filter((member) => member && !chosen.includes(member)).map((member) => [keyOf(member), member.name]);
  const list = select(t("add"), [["", t("choose")], ...others], "", (key) => key && compareWith(key, true));
  list.querySelector("select").disabled = chosen.length >= MOST;
  return list;
}

const COLUMNS = {
  range: (m) => m.range?.text,
  zero_centred: (m) => m.traits && (m.traits.zero_centred ? t("yes") : t("no")),
  saturation: (m) => m.traits && sides(m.traits),
  dead_zone: (m) => m.traits && (m.traits.dead_intervals.join(", ") || t("none")),
  steepest: (m) => m.traits && fmt(m.traits.lipschitz),
  gain: (m) => m.stacks && fmt(m.traits.gain),
  chi_1: (m) => m.stacks && fmt(m.traits.chi_1),
  q_slope: (m) => m.stacks && fmt(m.traits.q_slope),
  expects: (m) => m.expects && t(`expects_${m.expects}`),
  link: (m) => m.kind === "loss" && (m.applies ? t("applies", { name: m.applies }) : m.link),
};

function compareTable(chosen) {
  const columns = Object.entries(COLUMNS).filter(([, of]) => chosen.some((member) => of(member)));
  const head = h("tr", {}, h("th", { scope: "col" }, t("name")), columns.map(([key]) => h("th", { scope: "col" }, t(`trait_${key}`))), h("td", {}));
  const rows = chosen.map((member) => {
    const remove = h("button", { type: "button", "aria-label": t("remove", { name: member.name }), onclick: () => compareWith(keyOf(member), false) }, "×");
    const link = h("button", { type: "button", class: "link", onclick: () => showMember(member) }, member.name);
    return h("tr", {}, h("th", { scope: "row" }, link), columns.map(([, of]) => h("td", {}, of(member) || "–")), h("td", {}, remove));
  });
  return h("table", { id: "compare-table" }, h("thead", {}, head), h("tbody", {}, rows));
}

function startCompare() {
  listeners.push((news) => {
    const shown = state.view === "compare";
    if (shown && ["lang", "compare", "order", "view", "size", "address"].some((key) => news.has(key))) drawCompare();
  });
}
