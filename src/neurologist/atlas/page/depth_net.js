/* A network of equal layers with random weights, run forward and backward: z becomes W f(norm(z)), plus z if residual. */

const BATCH = 64; // samples
const NORM_EPSILON = 1e-5; // torch's

const drawnBefore = new Map();

/* Numbers of a seed; not to be written into, as those of the last network are kept. */
function normals(seed, count) {
  const key = `${seed}/${count}`;
  if (!drawnBefore.has(key)) {
    if (drawnBefore.size > 2 * LIMITS.depth[1]) drawnBefore.clear();
    drawnBefore.set(key, drawNormals(seed, count));
  }
  return drawnBefore.get(key);
}

/* mulberry32's bits, made normal in pairs. */
function drawNormals(seed, count) {
  let a = seed >>> 0;
  const uniform = () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296;
  };
  const found = new Float64Array(count + (count % 2));
  for (let i = 0; i < count; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(uniform()));
    const angle = 2 * Math.PI * uniform();
    found[i] = radius * Math.cos(angle);
    found[i + 1] = radius * Math.sin(angle);
  }
  return found.subarray(0, count);
}

const BITS = new Float64Array(1);
const WORDS32 = new Uint32Array(BITS.buffer);
const EVEN = 2 ** 52; // adding and taking it away rounds to the nearest whole number, ties to even
const FORMATS = { bfloat16: { digits: 7, smallest: -126, largest: 2 ** 128 }, float16: { digits: 10, smallest: -14, largest: 2 ** 16 } };

/* Rounds to a dtype as hardware does; float64 is left as it is. */
function rounder(dtype) {
  if (dtype === "float64") return null;
  if (dtype === "float32") return Math.fround;
  const { digits, smallest, largest } = FORMATS[dtype];
  return (x) => {
    if (x === 0 || !Number.isFinite(x)) return x;
    BITS[0] = x;
    const exponent = Math.max(((WORDS32[1] >>> 20) & 0x7ff) - 1023, smallest);
    const unit = 2 ** (exponent - digits);
    const rounded = (Math.abs(x) / unit + EVEN - EVEN) * unit;
    return Math.sign(x) * (rounded >= largest ? Infinity : rounded);
  };
}

function rounded(values, round) {
  if (round) for (let i = 0; i < values.length; i += 1) values[i] = round(values[i]);
  return values;
}

function rms(values) {
  let sum = 0;
  for (let i = 0; i < values.length; i += 1) sum += values[i] * values[i];
  return Math.sqrt(sum / values.length);
}

/* a W^T, for a of (batch, width). */
function linear(a, weight, width) {
  const out = new Float64Array(a.length);
  for (let row = 0; row < a.length; row += width) {
    for (let j = 0; j < width; j += 1) {
      const at = j * width;
      let sum = 0;
      for (let k = 0; k < width; k += 1) sum += a[row + k] * weight[at + k];
      out[row + j] = sum;
    }
  }
  return out;
}

/* g W: the gradient by a. */
function linearBack(g, weight, width) {
  const out = new Float64Array(g.length);
  for (let row = 0; row < g.length; row += width) {
    for (let j = 0; j < width; j += 1) {
      const at = j * width;
      const by = g[row + j];
      if (by !== 0) for (let k = 0; k < width; k += 1) out[row + k] += by * weight[at + k];
    }
  }
  return out;
}

/* The vectors that a normalisation runs over: rows for layer norm, columns for batch norm. */
function strides(norm, width, length) {
  return norm === "layer"
    ? { count: length / width, start: width, step: 1, size: width }
    : { count: width, start: 1, step: width, size: length / width };
}

function normalise(z, norm, width) {
  const { count, start, step, size } = strides(norm, width, z.length);
  const out = new Float64Array(z.length);
  const scales = new Float64Array(count);
  for (let v = 0; v < count; v += 1) {
    let mean = 0;
    let square = 0;
    for (let i = 0; i < size; i += 1) mean += z[v * start + i * step] / size;
    for (let i = 0; i < size; i += 1) square += (z[v * start + i * step] - mean) ** 2 / size;
    scales[v] = Math.sqrt(square + NORM_EPSILON);
    for (let i = 0; i < size; i += 1) out[v * start + i * step] = (z[v * start + i * step] - mean) / scales[v];
  }
  return { out, scales };
}

function normaliseBack(g, { out, scales }, norm, width) {
  const { count, start, step, size } = strides(norm, width, g.length);
  const back = new Float64Array(g.length);
  for (let v = 0; v < count; v += 1) {
    let mean = 0;
    let along = 0;
    for (let i = 0; i < size; i += 1) {
      mean += g[v * start + i * step] / size;
      along += (g[v * start + i * step] * out[v * start + i * step]) / size;
    }
    for (let i = 0; i < size; i += 1) {
      const at = v * start + i * step;
      back[at] = (g[at] - mean - out[at] * along) / scales[v];
    }
  }
  return back;
}

/* Run it: sizes before and behind each layer, what each part of a layer does to the gradient, and the values themselves.

   settings: member, deviation (times 1/sqrt(width)), depth, width, norm ("none", "layer", "batch"), residual, dtype, seed,
   scale (RMS of the gradient at the last layer). */
function runDepth(settings) {
  const { member, deviation, depth, width, norm, residual, dtype, seed, scale } = settings;
  const [f, slope] = FUNCTIONS[keyOf(member)];
  const given = member.parameters.map((parameter) => parameter.default);
  const round = rounder(dtype);
  const each = (values, of) => rounded(values.map((x) => of(x, ...given)), round);
  const start = normals(seed, BATCH * width);
  const kept = [];
  let z = rounded(Float64Array.from(start), round);
  const layers = [z];
  for (let layer = 0; layer < depth; layer += 1) {
    const weight = normals(seed + 7919 * (layer + 1), width * width).map((w) => (w * deviation) / Math.sqrt(width));
    const normal = norm === "none" ? null : normalise(z, norm, width);
    const input = normal ? rounded(normal.out, round) : z;
    const made = rounded(linear(each(input, f), rounded(weight, round), width), round);
    if (residual) for (let i = 0; i < made.length; i += 1) made[i] = round ? round(made[i] + z[i]) : made[i] + z[i];
    kept.push({ weight, normal, input });
    z = made;
    layers.push(z);
  }
  let g = normals(seed + 1, BATCH * width);
  const size = rms(g);
  g = rounded(g.map((x) => (x / size) * scale), round);
  const gradients = [g];
  const parts = [];
  for (let layer = depth - 1; layer >= 0; layer -= 1) {
    const { weight, normal, input } = kept[layer];
    const byWeights = rounded(linearBack(g, weight, width), round);
    const slopes = each(input, slope);
    const bySlope = rounded(byWeights.map((x, i) => x * slopes[i]), round);
    const byNorm = normal ? rounded(normaliseBack(bySlope, normal, norm, width), round) : bySlope;
    const back = residual ? rounded(byNorm.map((x, i) => x + g[i]), round) : byNorm;
    const sizes = [g, byWeights, bySlope, byNorm, back].map(rms);
    parts.push(["weights", "slope", "norm", "skip"].map((_, at) => sizes[at + 1] / sizes[at]));
    g = back;
    gradients.push(g);
  }
  gradients.reverse();
  parts.reverse();
  return { signal: layers.map(rms), gradient: gradients.map(rms), parts, layers, gradients, kept };
}
