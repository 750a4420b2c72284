// Trials: a row opens the curves of its arm and of the control, on one axis each.
"use strict";
Report.part(({trials, words}, signal, kept) => {
  if (!trials) return;
  const arms = new Map(trials.arms.map(arm => [arm.id, arm]));

  // Both runs over the backward passes of either; where only the other has a point there is none, and no gap.
  function together(arm, name) {
    const runs = [trials.controls[arm.control], arm.course];
    const passes = [...new Set(runs.flatMap(run => run.passes))].sort((a, b) => a - b);
    const columns = runs.map(run => {
      const known = new Map(run.passes.map((at, i) => [at, run[name][i]]));
      return passes.map(at => known.get(at));
    });
    return [passes, columns];
  }

  function chart(place, arm, name, title, options, note) {
    const box = make("div"), plot = make("div");
    box.append(make("h3", title), plot);
    place.append(box);
    return () => {
      const [passes, [control, treated]] = together(arm, name);
      const known = [...control, ...treated].filter(v => typeof v === "number");
      const low = Math.min(...known), log = !options.share && low > 0 && Math.max(...known) > 2 * low;
      const drawn = Plots.plot(plot, `${arm.label}: ${title}`, passes, [
        {name: words.control, values: control, ink: "won", dash: [6, 4]}, {name: words.treated, values: treated, ink: "lost"},
      ], {...options, log, stepWord: words.pass});
      if (!drawn) box.append(make("p", words.nothing, {class: "note"}));
      if (note) box.append(make("p", note, {class: "note"}));
    };
  }

  function numbers(arm) {
    const [passes, losses] = together(arm, "losses"), [, scores] = together(arm, "scores");
    const heads = [words.pass, `${words.loss}, ${words.control}`, `${words.loss}, ${words.treated}`,
      `${trials.unit}, ${words.control}`, `${trials.unit}, ${words.treated}`];
    const outer = make("details"), box = make("div", null, {class: "numbers", tabindex: "0"}), inner = make("table");
    outer.append(make("summary", words.table), box);
    box.append(inner);
    outer.fill = () => {
      if (inner.firstChild) return;
      const head = inner.createTHead().insertRow(), body = inner.createTBody();
      for (const text of heads) head.append(make("th", text, {scope: "col", class: "number"}));
      passes.forEach((pass, i) => {
        const row = body.insertRow();
        row.append(make("th", pass, {scope: "row", class: "number"}));
        for (const column of [...losses, ...scores]) row.append(make("td", Plots.digits(column[i]), {class: "number"}));
      });
    };
    outer.addEventListener("toggle", outer.fill);
    return outer;
  }

  function detail(row) {
    const arm = arms.get(row.id), line = make("tr", null, {class: "detail", id: `${row.id}-curves`});
    const visible = [...row.cells].filter(cell => cell.getClientRects().length).length || row.cells.length;
    const cell = make("td", null, {colspan: String(visible)}), charts = make("div", null, {class: "charts"});
    line.append(cell);
    row.after(line);
    if (arm.curveless) return cell.append(make("p", arm.curveless, {class: "note"}));
    cell.append(charts);
    const draw = [chart(charts, arm, "losses", words.loss, {unit: words.loss}, arm.same ? "" : words.other)];
    const scored = [...arm.course.scores, ...trials.controls[arm.control].scores].some(v => v !== null);
    if (scored) draw.push(chart(charts, arm, "scores", trials.unit, {unit: trials.unit, share: trials.share}, words.score));
    else cell.append(make("p", words.unscored, {class: "note"}));
    for (const one of draw) one();  // all boxes first: a plot takes the width that its box then has
    cell.append(numbers(arm));
  }

  function toggle(row, open) {
    const button = row.querySelector("button.open"), id = `${row.id}-curves`, there = document.getElementById(id);
    const wanted = open ?? !there;
    if (there && !wanted) there.remove();
    if (!there && wanted) detail(row);
    button.setAttribute("aria-expanded", String(wanted));
    wanted ? button.setAttribute("aria-controls", id) : button.removeAttribute("aria-controls");
  }

  for (const row of document.querySelectorAll("tr.arm")) {
    row.addEventListener("click", event => { if (event.target.closest("button, .drawn")) toggle(row); });
  }
  addEventListener("keydown", event => {
    const inside = event.target.closest?.("tr.arm, tr.detail"), row = inside?.matches(".detail") ? inside.previousElementSibling : inside;
    if (event.key === "Escape" && row?.matches(".arm")) { toggle(row, false); row.querySelector("button.open").focus(); }
  }, {signal});
  function follow() {
    const row = document.getElementById(location.hash.slice(1));
    if (row && arms.has(row.id)) { toggle(row, true); row.scrollIntoView({block: "center"}); }
  }
  addEventListener("hashchange", follow, {signal});
  for (const id of kept ? kept.open : []) if (arms.has(id)) toggle(document.getElementById(id), true);
  if (!kept) follow();
});
