// What the reader does: filter by layer, choose a step, point at a row, open it. All of it by keyboard too.
"use strict";
Report.part((data, signal, kept) => {
  const words = data.words, histories = Histories(data), waterfall = Waterfall(data);
  const rows = [...document.querySelectorAll("tr.row")];
  const tip = document.getElementById("tip"), layer = document.getElementById("layer"), step = document.getElementById("step");
  const fold = text => text.normalize("NFC").toLowerCase();
  let at = data.at;

  // -- loss: the curve over all steps, and where the run was examined
  function loss() {
    const place = document.getElementById("loss-plot");
    if (!place) return;
    const [curve, values] = data.losses, sampled = data.sampled;
    const lines = new Map(curve.map((s, i) => [s, values[i]])), marks = new Map(sampled.steps.map((s, i) => [s, sampled.losses[i]]));
    const all = [...new Set([...curve, ...sampled.steps])].sort((a, b) => a - b);
    const known = [...values, ...sampled.losses].filter(v => v !== null), low = Math.min(...known), high = Math.max(...known);
    const log = known.every(v => typeof v === "number") && low > 0 && high > 10 * low;
    const drawn = Plots.plot(place, words.loss, all, [
      {name: words.loss, values: all.map(s => lines.get(s)), ink: "won"},
      {name: words.sample, values: all.map(s => marks.get(s)), ink: "lost", points: true},
    ], {log, unit: words.loss, stepWord: words.step});
    if (!drawn) place.append(make("p", words.nothing, {class: "note"}));
  }

  // -- the chosen step
  function choose(index, first = false) {
    at = index;
    const said = document.getElementById("step-said"), chosen = data.steps[at];
    document.documentElement.style.setProperty("--at", `${100 * (at + 0.5) / data.steps.length}%`);
    if (!said || first && at === data.at) return;  // the page was made with this step
    said.textContent = chosen.toLocaleString("en");
    step.setAttribute("aria-valuetext", `${words.step} ${chosen}`);
    waterfall.show(at);
    for (const [id, row] of Object.entries(data.rows)) {
      for (const cell of document.getElementById(id).querySelectorAll("data[data-column]")) {
        const name = cell.dataset.column, value = (row.numbers[name] || [])[at] ?? null;
        cell.value = value === null ? "" : String(value);
        cell.textContent = value === null ? "–" : name.endsWith("share") ? `${waterfall.three(100 * value)} %` : waterfall.three(value);
      }
    }
    for (const open of document.querySelectorAll("tr.row + tr.detail")) {
      open.querySelector("dl").replaceWith(histories.list(histories.facts(open.previousElementSibling.id, at)));
    }
  }

  // -- the filter
  function filter() {
    const wanted = fold(layer.value.trim());
    let shown = 0;
    for (const row of rows) {
      row.hidden = !fold(row.dataset.find).includes(wanted);
      shown += !row.hidden;
      const open = document.getElementById(`${row.id}-history`);
      if (open) open.hidden = row.hidden;
    }
    document.getElementById("count").textContent = wanted ? `${shown} / ${rows.length} ${words.shown}` : "";
  }

  // -- a row's history
  function toggle(row, open) {
    const button = row.querySelector("button.open"), id = `${row.id}-history`, there = document.getElementById(id);
    const wanted = open ?? !there;
    if (there && !wanted) there.remove();
    if (!there && wanted) histories.detail(row, at);
    button.setAttribute("aria-expanded", String(wanted));
    wanted ? button.setAttribute("aria-controls", id) : button.removeAttribute("aria-controls");
  }
  function follow() {
    let name = location.hash.slice(1);
    try { name = decodeURIComponent(name); } catch { return; }
    const row = document.getElementById(name);
    if (row && row.matches("tr.row")) { toggle(row, true); row.scrollIntoView({block: "center"}); }
  }

  // -- the tip: what a row says when pointed at or focused
  function point(row) {
    tip.replaceChildren();
    const told = make("dl");
    for (const [name, text] of histories.facts(row.id, at)) told.append(make("dt", name), make("dd", text));
    tip.append(make("strong", (data.rows[row.id] || data.bars.find(bar => bar.id === row.id)).label), told);
    tip.hidden = false;
    tip.dataset.row = row.id;
    const box = row.getBoundingClientRect(), size = tip.getBoundingClientRect();
    const below = box.bottom + size.height + 8 < innerHeight;
    tip.style.top = `${Math.max(4, below ? box.bottom + 4 : box.top - size.height - 4)}px`;
    tip.style.left = `${Math.max(4, Math.min(box.left + box.width * 0.35, innerWidth - size.width - 8))}px`;
  }
  const away = () => { tip.hidden = true; };

  for (const row of rows) {
    const button = row.querySelector("button.open");
    row.addEventListener("mouseenter", () => point(row));
    row.addEventListener("mouseleave", away);
    button.addEventListener("focus", () => { if (button.matches(":focus-visible")) point(row); });
    button.addEventListener("blur", away);
    row.addEventListener("click", event => {
      if (event.target.closest("button") !== button && !event.target.closest(".track, .drawn")) return;
      away();
      toggle(row);
    });
  }
  function moved() { // focusing a row scrolls to it: its tip goes with it
    const row = document.activeElement.matches("button.open:focus-visible") && document.activeElement.closest("tr.row");
    if (row && !tip.hidden) point(row);
    else away();
  }
  addEventListener("scroll", moved, {passive: true, capture: true, signal});
  addEventListener("resize", histories.fit, {signal});
  addEventListener("keydown", event => {
    if (event.key !== "Escape") return;
    if (!tip.hidden) return away();
    const row = event.target.closest("tr.row") || event.target.closest("tr.row + tr.detail")?.previousElementSibling;
    if (row) { toggle(row, false); row.querySelector("button.open").focus(); }
  }, {signal});
  if (layer) layer.addEventListener("input", filter);
  document.getElementById("filters")?.addEventListener("submit", event => event.preventDefault());
  if (step) step.addEventListener("input", () => { choose(Number(step.value)); step.dataset.chosen = data.steps[at]; });
  addEventListener("hashchange", follow, {signal});

  // -- what was there before the page changed
  function again() {
    const before = data.steps.indexOf(kept.step);
    if (step && before >= 0) { step.value = String(before); step.dataset.chosen = kept.step; }
    if (layer) layer.value = kept.layer;
    for (const id of kept.open) {
      const row = document.getElementById(id);
      if (row && row.matches("tr.row")) toggle(row, true);
    }
    const pointed = kept.tip && document.getElementById(kept.tip);
    if (pointed) point(pointed);
  }
  tip.hidden = true;
  loss();
  if (kept) again();
  choose(step ? Number(step.value) : at, true);
  if (layer && layer.value) filter();
  if (!kept) follow();
});
