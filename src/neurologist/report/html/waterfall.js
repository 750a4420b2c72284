// The waterfall's bars, moved to where the gradient stood at the chosen step.
"use strict";
const Waterfall = data => {
  const [low, high] = data.axis;
  const left = level => 100 * (high - level) / (high - low);
  const signed = value => typeof value === "string" ? value : Math.abs(value) < 0.05 ? "0.0" : (value > 0 ? "+" : "") + value.toFixed(1);

  function three(value) {  // as the report says numbers in Python: three digits
    if (value === 0 || !Number.isFinite(Number(value))) return String(value);
    const size = Math.abs(value);
    if (size >= 1e-3 && size < 1e6) return Number(value.toPrecision(3)).toLocaleString("en", {maximumSignificantDigits: 3});
    const [mantissa, exponent] = value.toExponential(2).split("e");
    return `${Number(mantissa)}e${Number(exponent)}`;
  }

  function write(row, column, value, text) {
    const cell = row.querySelector(`data[data-column="${column}"]`);
    cell.value = value === null ? "" : String(value);
    cell.textContent = text;
  }

  function show(at) {
    data.bars.forEach((bar, i) => {
      const row = document.getElementById(bar.id), numbers = bar.numbers, seen = numbers.decades[at];
      const start = numbers.start[at], end = numbers.end[at], piece = row.querySelector(".bar");
      const [from, to] = [left(Math.max(start, end)), left(Math.min(start, end))];
      piece.style.left = `${from}%`;
      piece.style.width = `${to - from}%`;
      piece.classList.toggle("won", end > start);
      row.classList.toggle("worst", data.worst[at] === i);
      const theory = row.querySelector("s"), expected = left(start + (bar.expected ?? 0));
      theory.hidden = bar.expected === null || seen === null || expected < 0 || expected > 100;
      theory.style.left = `${expected}%`;
      const edge = i === 0 || i === data.bars.length - 1;
      write(row, "decades", seen, seen === null ? (edge ? "" : "?") : signed(seen));
      write(row, "total", seen === null ? null : end, seen === null ? "" : signed(end));
      const rms = numbers.rms_out[at] ?? numbers.rms_in[at];
      write(row, "rms", rms, rms === null ? "" : three(rms));
    });
  }
  return {show, three};
};
