/* The words of formulas that JavaScript lacks, over its floats. ERFC_SERIES is computed when the page is made. */

function sigmoid(x) {
  const small = Math.exp(-Math.abs(x));
  return x >= 0 ? 1 / (1 + small) : small / (1 + small);
}

function softplus(x) {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

function gauss(u) {
  return Math.exp(-u * u);
}

function bell(u) {
  return Math.exp((-u * u) / 2);
}

/* Clenshaw's sum of the series, then the factor that it leaves out. */
function erfcOfPositive(x) {
  if (x > 28) return 0;
  const t = (2 * (x - ERFC_FOLD)) / (x + ERFC_FOLD);
  let next = 0;
  let after = 0;
  for (let n = ERFC_SERIES.length - 1; n > 0; n -= 1) {
    const now = t * next - after + ERFC_SERIES[n];
    after = next;
    next = now;
  }
  const sum = (t * next) / 2 - after + ERFC_SERIES[0] / 2;
  return (sum * Math.exp(-x * x)) / (1 + 2 * x);
}

function erfc(x) {
  return x >= 0 ? erfcOfPositive(x) : 2 - erfcOfPositive(-x);
}

/* Near 0 by its power series: 1 - erfc(x) would lose the digits. */
function erf(x) {
  if (Math.abs(x) >= 0.5) return x > 0 ? 1 - erfc(x) : erfc(-x) - 1;
  let term = x;
  let sum = x;
  for (let n = 1; n < 14; n += 1) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const STEP = 1e-5; // of differences of the slope

/* What a member's formulas say, or between its computed points where it has no formula: NaN where there is neither. */
function valueOf(member, order, x, parameters) {
  const found = FUNCTIONS[`${member.kind}/${member.name}`][order];
  if (found) {
    const value = found(x, ...parameters);
    return order < 2 ? value : mended(value, member, x, parameters);
  }
  const points = member.points;
  const column = points && [points.value, points.slope, null][order];
  if (!column) return NaN;
  const place = ((x - points.x[0]) / (points.x[points.x.length - 1] - points.x[0])) * (points.x.length - 1);
  const left = Math.min(Math.max(Math.floor(place), 0), points.x.length - 2);
  if (place < -1e-9 || place > points.x.length - 1 + 1e-9) return NaN;
  const share = place - left;
  if (share === 0) return column[left] ?? NaN;
  if (column[left] === null || column[left + 1] === null) return NaN;
  return column[left] * (1 - share) + column[left + 1] * share;
}

/* A second slope whose formula says 0 times infinity, as a power of 1 does where it is 0: by differences. */
function mended(value, member, x, parameters) {
  if (!Number.isNaN(value)) return value;
  return (valueOf(member, 1, x + STEP, parameters) - valueOf(member, 1, x - STEP, parameters)) / (2 * STEP);
}

function hasOrder(member, order) {
  return Boolean(FUNCTIONS[`${member.kind}/${member.name}`][order] || (member.points && order < 2));
}

/* Four digits, as the cards in the terminal have them. */
function fmt(value, digits = 4) {
  if (typeof value !== "number" || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size >= 1e5 || size < 1e-4 ? value.toExponential(digits - 2) : String(Number(value.toPrecision(digits)));
  return text.replace("-", "−").replace("e-", "e−").replace("e+", "e");
}

/* As many evenly spaced numbers. */
function linspace(low, high, count) {
  return Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1));
}
