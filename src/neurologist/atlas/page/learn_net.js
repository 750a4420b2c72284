/* A small fully connected network, its gradient, and what moves its weights. Samples are rows of one long array; the
   last layer has no activation. */

/* Weights of standard deviation `deviation`/√fan_in, drawn from a seed; biases as `bias(layer, unit)` says. */
function makeNet({ sizes, member, deviation, seed, bias = () => 0 }) {
  const layers = sizes.slice(1).map((out, layer) => {
    const into = sizes[layer];
    const weight = normals(seed + 7919 * (layer + 1), out * into).map((w) => (w * deviation) / Math.sqrt(into));
    return { into, out, weight, bias: Float64Array.from({ length: out }, (_, unit) => bias(layer, unit)) };
  });
  return { member, layers };
}

/* An activation and its slope, at the defaults of its parameters. */
function atDefaults(member) {
  const given = member.parameters.map((parameter) => parameter.default);
  const [f, slope] = FUNCTIONS[keyOf(member)];
  return given.length ? [(x) => f(x, ...given), (x) => slope(x, ...given)] : [f, slope];
}

/* z and what goes into each layer. */
function forwardNet({ member, layers }, inputs) {
  const [f] = atDefaults(member);
  const entered = [inputs];
  const z = [];
  layers.forEach(({ into, out, weight, bias }, layer) => {
    const a = entered[layer];
    const count = a.length / into;
    const made = new Float64Array(count * out);
    for (let row = 0; row < count; row += 1) {
      for (let j = 0; j < out; j += 1) {
        let sum = bias[j];
        for (let k = 0; k < into; k += 1) sum += weight[j * into + k] * a[row * into + k];
        made[row * out + j] = sum;
      }
    }
    z.push(made);
    if (layer + 1 < layers.length) entered.push(made.map(f));
  });
  return { z, entered, output: z[z.length - 1] };
}

/* The gradient by each layer's weights and biases, from that by the output. */
function backwardNet({ member, layers }, { z, entered }, byOutput) {
  const [, slope] = atDefaults(member);
  const found = [];
  let g = byOutput;
  for (let layer = layers.length - 1; layer >= 0; layer -= 1) {
    const { into, out, weight } = layers[layer];
    const a = entered[layer];
    const byWeight = new Float64Array(weight.length);
    const byBias = new Float64Array(out);
    const back = new Float64Array(a.length);
    for (let row = 0; row < g.length / out; row += 1) {
      for (let j = 0; j < out; j += 1) {
        const by = g[row * out + j];
        byBias[j] += by;
        for (let k = 0; k < into; k += 1) {
          byWeight[j * into + k] += by * a[row * into + k];
          back[row * into + k] += by * weight[j * into + k];
        }
      }
    }
    found.unshift({ weight: byWeight, bias: byBias });
    if (layer) g = back.map((x, i) => x * slope(z[layer - 1][i]));
  }
  return found;
}

const ADAM = { mean: 0.9, square: 0.999, epsilon: 1e-8 };

/* Moves weights by their gradients, as `torch.optim.SGD` or `Adam` of the same learning rate does. */
function optimizerOf(kind, rate) {
  const kept = new Map();
  let steps = 0;
  const move = (values, gradient) => {
    if (kind === "sgd") return values.forEach((_, i) => (values[i] -= rate * gradient[i]));
    if (!kept.has(values)) kept.set(values, [new Float64Array(values.length), new Float64Array(values.length)]);
    const [mean, square] = kept.get(values);
    values.forEach((_, i) => {
      mean[i] += (1 - ADAM.mean) * (gradient[i] - mean[i]);
      square[i] = ADAM.square * square[i] + (1 - ADAM.square) * gradient[i] ** 2;
      const size = Math.sqrt(square[i] / (1 - ADAM.square ** steps)) + ADAM.epsilon;
      values[i] -= (rate * (mean[i] / (1 - ADAM.mean ** steps))) / size;
    });
  };
  return (layers, gradients) => {
    steps += 1;
    layers.forEach((layer, i) => ["weight", "bias"].forEach((part) => move(layer[part], gradients[i][part])));
  };
}

/* Losses of one output each; `through` is the activation that makes a prediction of it, `low` the target of class 0. */
const HEADS = {
  bce_with_logits: { through: null, low: 0 },
  mse: { through: "sigmoid", low: 0 },
  hinge: { through: null, low: -1 },
};

/* The mean loss over samples and its gradient by each output. */
function headOf(name, targets, through = HEADS[name].through) {
  const member = memberOf(`loss/${name}`);
  const [value, slope] = FUNCTIONS[keyOf(member)];
  const given = targets.map((target) => lossArguments(member, target));
  const [f, bend] = atDefaults(memberOf(`activation/${through ?? "identity"}`));
  return {
    value: (z) => targets.reduce((sum, _, i) => sum + value(f(z[i]), ...given[i]), 0) / targets.length,
    slope: (z) => z.map((at, i) => (slope(f(at), ...given[i]) * bend(at)) / targets.length),
  };
}
