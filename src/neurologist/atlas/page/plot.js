/* A plot of lines with axes, labels and units, drawn as SVG. */

const MARGIN = { left: 52, right: 14, top: 12, bottom: 40 };
const JUMP = 0.3; // share of the height between neighbouring points that is a jump, not a slope
const KEEP = 0.9; // share of a curve's points that must fit into the plot's height

/* Round numbers over an interval. */
function ticks(low, high, count = 6) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9) * step; at <= high + step * 1e-9; at += step) {
    found.push(Math.abs(at) < step / 1e6 ? 0 : at);
  }
  return found;
}

/* Powers of ten over an interval of logarithms. */
function decades(low, high) {
  const step = Math.max(1, Math.ceil((high - low) / 6));
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high; at += step) found.push(at);
  return found;
}

const SUPER = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

function powerOfTen(exponent) {
  return `10${[...String(exponent)].map((digit) => SUPER[digit]).join("")}`;
}

/* Ends of the y axis that hold most of every line; the far ends of steep ones may leave the plot. */
function heights(lines) {
  let low = Infinity;
  let high = -Infinity;
  for (const line of lines) {
    const values = line.points.map(([, y]) => y).filter(Number.isFinite).sort((a, b) => a - b);
    if (!values.length) continue;
    const cut = Math.floor((values.length * (1 - KEEP)) / 2);
    const [first, last] = [values[cut], values[values.length - 1 - cut]];
    const spare = (last - first) * 0.6;
    low = Math.min(low, Math.max(values[0], first - spare));
    high = Math.max(high, Math.min(values[values.length - 1], last + spare));
  }
  if (low > high) return [-1, 1];
  const pad = Math.max((high - low) * 0.08, Math.abs(high) * 1e-6, 1e-9);
  return high - low < 1e-9 ? [low - 1, high + 1] : [low - pad, high + pad];
}

/* The path through points; broken where there is no number, and where the line jumps. */
function path(points, place, height) {
  let text = "";
  let before = null;
  for (const [x, y] of points) {
    if (!Number.isFinite(y)) {
      before = null;
      continue;
    }
    const [px, py] = place(x, y);
    const clipped = Math.min(Math.max(py, -4 * height), 5 * height);
    const jumps = before !== null && Math.abs(clipped - before) > JUMP * height && points.length > 100;
    text += `${before === null || jumps ? "M" : "L"}${px.toFixed(1)} ${clipped.toFixed(1)}`;
    before = clipped;
  }
  return text;
}

/* Draw into `host`.

   options: lines [{points, style, label}], x and y (ends), xlabel, ylabel, log (y are logarithms to base 10),
   marks (elements from `place`), label (for those who hear it), onmove (called with x while it is dragged). */
function plot(host, options) {
  const width = Math.max(host.clientWidth, 260);
  const height = options.height || Math.min(340, Math.max(220, width * 0.5));
  const [x0, x1] = options.x;
  const [y0, y1] = options.y || heights(options.lines);
  const inner = { width: width - MARGIN.left - MARGIN.right, height: height - MARGIN.top - MARGIN.bottom };
  const place = (x, y) => [
    MARGIN.left + ((x - x0) / (x1 - x0)) * inner.width,
    MARGIN.top + (1 - (y - y0) / (y1 - y0)) * inner.height,
  ];
  const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": options.label, class: "plot" });
  const clip = `clip-${(plot.count = (plot.count || 0) + 1)}`;
  const box = { x: MARGIN.left, y: MARGIN.top, width: inner.width, height: inner.height };
  svg.append(s("clipPath", { id: clip }, s("rect", box)));
  svg.append(axes(options, place, [x0, x1], [y0, y1], width, height));
  const inside = s("g", { "clip-path": `url(#${clip})` });
  for (const line of options.lines) {
    inside.append(s("path", { d: path(line.points, place, height), class: `line ${line.style}` }));
  }
  if (options.marks) inside.append(...options.marks(place));
  svg.append(inside, s("rect", { ...box, class: "frame" }));
  if (options.onmove) draggable(svg, host, (px) => x0 + ((px - MARGIN.left) / inner.width) * (x1 - x0), [x0, x1], options);
  host.replaceChildren(svg);
}

function axes(options, place, [x0, x1], [y0, y1], width, height) {
  const group = s("g", { class: "axes", "aria-hidden": "true" });
  const xs = options.whole ? ticks(x0, x1).filter(Number.isInteger) : ticks(x0, x1, width < 500 ? 5 : 8);
  for (const at of xs) {
    const [px] = place(at, y0);
    group.append(s("line", { x1: px, x2: px, y1: MARGIN.top, y2: height - MARGIN.bottom, class: at ? "grid" : "zero" }));
    group.append(s("text", { x: px, y: height - MARGIN.bottom + 15, "text-anchor": "middle" }, fmt(at)));
  }
  for (const at of options.log ? decades(y0, y1) : ticks(y0, y1, 5)) {
    const [, py] = place(x0, at);
    const zero = at === 0 && !options.log;
    group.append(s("line", { x1: MARGIN.left, x2: width - MARGIN.right, y1: py, y2: py, class: zero ? "zero" : "grid" }));
    const text = options.log ? powerOfTen(at) : fmt(at);
    group.append(s("text", { x: MARGIN.left - 6, y: py + 4, "text-anchor": "end" }, text));
  }
  const middle = (MARGIN.top + height - MARGIN.bottom) / 2;
  group.append(s("text", { x: width / 2, y: height - 6, "text-anchor": "middle", class: "axis" }, options.xlabel));
  const turned = `rotate(-90 12 ${middle})`;
  group.append(s("text", { x: 12, y: middle, transform: turned, "text-anchor": "middle", class: "axis" }, options.ylabel));
  return group;
}

/* A move draws the plot anew, so it is measured against the host, which stays. */
function draggable(svg, host, where, [low, high], options) {
  const move = (event) => {
    const box = host.getBoundingClientRect();
    const at = where(((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width);
    options.onmove(Math.min(Math.max(at, low), high));
  };
  svg.classList.add("draggable");
  svg.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    move(event);
    const leave = () => window.removeEventListener("pointermove", move);
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", leave, { once: true });
    window.addEventListener("pointercancel", leave, { once: true });
  });
}

/* Names of lines beside a sample of each. */
function legend(lines) {
  const sample = (line) =>
    s("svg", { viewBox: "0 0 30 10", class: "sample", "aria-hidden": "true" }, s("path", { d: "M0 5L30 5", class: `line ${line.style}` }));
  return h("ul", { class: "legend" }, lines.map((line) => h("li", {}, sample(line), line.label)));
}
