// Plots over the steps, drawn by uPlot in the page's colours; drawn anew when these change.
"use strict";
const Plots = (() => {
  const HEIGHT = 210;
  const drawn = new Set();
  let pointed = new Map();  // title of a plot -> where the reader points in it
  const colour = name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  // Six digits are more than any plot needs and what a bug report wants.
  function digits(value) {
    if (typeof value === "string") return value;  // NaN, Infinity
    if (value === null || value === undefined) return "–";
    if (value === 0 || Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
    const said = Math.abs(value) < 1e-4 ? value.toExponential(5) : value.toPrecision(6);
    return said.includes("e") ? said.replace(/\.?0+e/, "e").replace("e+", "e") : said.replace(/\.?0+$/, "");
  }
  // As many digits as tell a tick from the next one.
  function tick(value, gap) {
    if (value === null) return "";
    const wanted = value && gap ? 1 + Math.ceil(Math.log10(Math.abs(value / gap))) : 3;
    return digits(Number(value.toPrecision(Math.min(8, Math.max(3, wanted)))));
  }

  // series: [{name, values, ink, dash, points, band}]; a gap stands where there is no number.
  function plot(place, title, steps, series, {log = false, unit = "", share = false, stepWord = "step"} = {}) {
    const usable = v => typeof v === "number" && Number.isFinite(v) && (!log || v > 0);
    const columns = series.map(one => one.values.map(v => v === undefined ? undefined : usable(v) ? v : null));
    if (!columns.some(values => values.some(v => typeof v === "number"))) return false;
    const job = {place, make: null, chart: null};
    job.make = () => {
      const soft = colour("soft"), grid = {stroke: colour("line"), width: 1};
      const font = "12px system-ui, sans-serif";
      const axis = extra => ({stroke: soft, grid, ticks: grid, font, labelFont: font, labelSize: 20, ...extra});
      return new uPlot({
        width: Math.max(240, place.clientWidth), height: HEIGHT,
        scales: {x: {time: false}, y: {distr: log ? 3 : 1, range: log ? decades : share ? [0, 1] : undefined}},
        cursor: {drag: {x: true, y: false}},
        axes: [
          axis({label: stepWord, size: 34, labelSize: 18, values: (u, at) => at.map(v => Number.isInteger(v) ? v.toLocaleString("en") : "")}),
          axis({label: unit, size: 62, values: (u, at, i, space, gap) => at.map(value => tick(value, log ? 0 : gap))}),
        ],
        series: [{label: stepWord, value: (u, v) => digits(v)}, ...series.map(one => ({
          label: one.name, stroke: colour(one.ink), width: one.points ? 0 : 2, dash: one.dash,
          points: {show: one.points || steps.length < 40, size: one.points ? 6 : 5, fill: colour(one.points ? one.ink : "paper")},
          value: (u, v) => digits(v), spanGaps: false,
        }))],
        bands: series.flatMap((one, i) => one.band ? [{series: [i + 1, one.band + 1], fill: colour(one.fill)}] : []),
      }, [steps, ...columns], place);
    };
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", title);
    job.chart = job.make();
    job.title = title;
    drawn.add(job);
    if (pointed.has(title)) job.chart.setCursor(pointed.get(title));
    return true;
  }

  function decades(u, low, high) {
    if (low === null || high === null) return [0.1, 1];
    const [a, b] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
    return [10 ** a, 10 ** (b > a ? b : a + 1)];
  }

  function again(job) {
    job.chart.destroy();
    job.chart = job.make();
  }
  function each(work) {
    for (const job of drawn) job.place.isConnected ? work(job) : (job.chart.destroy(), drawn.delete(job));
  }
  for (const media of ["(prefers-color-scheme: dark)", "print"]) matchMedia(media).addEventListener("change", () => each(again));
  let waiting = 0;
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => each(job => job.chart.setSize({width: Math.max(240, job.place.clientWidth), height: HEIGHT})), 100);
  });
  function cursors() {
    const at = job => [job.title, {left: job.chart.cursor.left, top: job.chart.cursor.top}];
    pointed = new Map([...drawn].filter(job => job.place.isConnected && job.chart.cursor.left >= 0).map(at));
  }
  return {cursors, digits, plot};
})();
