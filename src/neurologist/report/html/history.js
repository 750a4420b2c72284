// What a row shows when it is opened: its numbers at the chosen step, its plots, and all its numbers as a table.
"use strict";
const make = (name, text, attributes = {}) => {
  const element = document.createElement(name);
  if (text !== undefined && text !== null) element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
};

const Histories = data => {
  const words = data.words, steps = data.steps;
  const bars = new Map(data.bars.map(bar => [bar.id, bar]));

  const of = (numbers, name) => numbers[name] || [];
  const constant = value => steps.map(() => value);

  // What is plotted of a row, by what was measured of it: [title, series, options].
  function plots(numbers, expected) {
    const found = [];
    if (numbers.rms_in || numbers.rms_out) {
      found.push([words.gradient, [
        {name: words.arrives, values: of(numbers, "rms_in"), ink: "won"},
        {name: words.leaves, values: of(numbers, "rms_out"), ink: "lost", dash: [6, 4]},
      ].filter(one => one.values.length), {log: true, unit: "RMS"}]);
      const theory = typeof expected === "number" ? [{name: words.theory, values: constant(expected), ink: "soft", dash: [3, 3]}] : [];
      found.push([words.factor, [{name: words.decades, values: of(numbers, "decades"), ink: "lost"}, ...theory], {unit: words.decades}]);
    }
    if (numbers.q50) {
      const line = (name, label, ink, more = {}) => ({name: label, values: of(numbers, name), ink, ...more});
      found.push([words.output, [
        line("q95", "95 %", "wide", {band: 4, fill: "wide"}), line("q75", "75 %", "narrow", {band: 3, fill: "narrow"}),
        line("q50", words.median, "middle"), line("q25", "25 %", "narrow"), line("q05", "5 %", "wide"),
      ], {unit: words.output}]);
      const shares = ["zero_share", "saturated_share"].filter(name => numbers[name]);
      if (shares.length) found.push([`${words.zero}, ${words.saturated}`, shares.map((name, i) =>
        ({name: i ? words.saturated : name === "zero_share" ? words.zero : words.saturated, values: numbers[name], ink: i ? "lost" : "won", dash: i ? [6, 4] : undefined})), {unit: words.share, share: true}]);
    }
    if (numbers.dead) found.push([words.dead, [
      {name: words.dead, values: numbers.dead, ink: "lost"}, {name: words.units, values: of(numbers, "units"), ink: "soft", dash: [3, 3]},
    ], {unit: words.units}]);
    if (numbers.ratio) {
      found.push([words.ratio, [
        {name: words.ratio, values: numbers.ratio, ink: "lost"}, {name: "0.001", values: constant(1e-3), ink: "soft", dash: [3, 3]},
      ], {log: true, unit: words.ratio}]);
      found.push([words.weights, [
        {name: words.rms, values: of(numbers, "rms"), ink: "won"},
        {name: words.gradient, values: of(numbers, "gradient"), ink: "lost", dash: [6, 4]},
      ].filter(one => one.values.length), {log: true, unit: "RMS"}]);
    }
    return found;
  }

  // Pairs of a name and its text, of one op at one step.
  function facts(id, at) {
    const bar = bars.get(id), row = bar || data.rows[id];
    const said = [];
    if (bar) {
      for (const [name, text] of [[words.kind, bar.kind], [words.module, bar.module], [words.line, bar.place], [words.shape, bar.shape]]) {
        if (text) said.push([name, text]);
      }
    }
    said.push([words.step, String(steps[at])]);
    const names = {rms_in: words.arrives, rms_out: words.leaves, decades: words.decades, total: words.total, q05: "5 %",
      q25: "25 %", q50: words.median, q75: "75 %", q95: "95 %", low: words.smallest, high: words.largest,
      zero_share: words.zero, saturated_share: words.saturated, dead: words.dead, units: words.units,
      ratio: words.ratio, rms: words.rms, gradient: words.gradient};
    for (const [key, name] of Object.entries(names)) {
      const values = row.numbers[key];
      if (values && values[at] !== null && values[at] !== undefined) said.push([name, Plots.digits(values[at])]);
    }
    if (bar && bar.expected !== null) said.push([words.theory, Plots.digits(bar.expected)]);
    return said;
  }

  function list(pairs) {
    const dl = make("dl");
    for (const [name, text] of pairs) {
      const pair = make("div");
      pair.append(make("dt", name), make("dd", text));
      dl.append(pair);
    }
    return dl;
  }

  function table(numbers) {
    const names = Object.keys(numbers).filter(name => name !== "start" && name !== "end");
    const outer = make("details"), box = make("div", null, {class: "numbers", tabindex: "0"}), inner = make("table");
    outer.append(make("summary", words.table));
    outer.fill = () => {
      if (inner.firstChild) return;
      const head = inner.createTHead().insertRow();
      for (const name of [words.step, ...names]) head.append(make("th", name, {scope: "col", class: "number"}));
      const body = inner.createTBody();
      steps.forEach((step, i) => {
        const row = body.insertRow();
        row.append(make("th", step, {scope: "row", class: "number"}));
        for (const name of names) row.append(make("td", Plots.digits(numbers[name][i]), {class: "number"}));
      });
    };
    outer.addEventListener("toggle", outer.fill);
    box.append(inner);
    outer.append(box);
    return outer;
  }

  // Columns that are hidden on a narrow screen would come back under a cell that spans them.
  const visible = row => [...row.cells].filter(cell => cell.getClientRects().length).length || row.cells.length;
  function fit() {
    for (const open of document.querySelectorAll("tr.row + tr.detail, tr.arm + tr.detail")) open.cells[0].colSpan = visible(open.previousElementSibling);
  }

  // The row that opens under `row`.
  function detail(row, at) {
    const id = row.id, subject = bars.get(id) || data.rows[id];
    const line = make("tr", null, {class: "detail", id: `${id}-history`});
    const cell = make("td", null, {colspan: String(visible(row))});
    line.append(cell);
    row.after(line);
    cell.append(list(facts(id, at)));
    if (subject.code) cell.append(make("pre", subject.code, {tabindex: "0"}));
    const charts = make("div", null, {class: "charts"});
    cell.append(charts);
    const wanted = plots(subject.numbers, subject.expected);
    const boxes = wanted.map(([title]) => {  // all boxes first: a plot takes the width that its box then has
      const box = make("div"), place = make("div");
      box.append(make("h3", title), place);
      charts.append(box);
      return [box, place];
    });
    wanted.forEach(([title, series, options], i) => {
      const [box, place] = boxes[i];
      const told = Plots.plot(place, `${subject.label}: ${title}`, steps, series, {...options, stepWord: words.step});
      if (!told) box.append(make("p", words.nothing, {class: "note"}));
    });
    cell.append(table(subject.numbers));
    return line;
  }

  return {detail, facts, fit, list};
};
