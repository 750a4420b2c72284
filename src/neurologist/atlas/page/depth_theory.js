/* The mean-field theory of the same network at infinite width, as `neurologist.theory.stack` has it: means over normal
   inputs by Gauss-Legendre quadrature, split where the activation's formula changes branch. */

const REACH = 12; // standard deviations

/* E f, E f^2, E f'^2 and the change of E f^2 with ln q at inputs of standard deviation `scale`. */
function momentsAt(member, scale) {
  const [f, slope] = FUNCTIONS[keyOf(member)];
  const given = member.parameters.map((parameter) => parameter.default);
  const edges = [...linspace(-REACH, REACH, 2 * REACH + 1), ...member.branches.map((at) => at / scale)]
    .filter((at) => Math.abs(at) <= REACH)
    .sort((a, b) => a - b);
  const sums = [0, 0, 0, 0];
  for (let panel = 0; panel + 1 < edges.length; panel += 1) {
    const half = (edges[panel + 1] - edges[panel]) / 2;
    if (half === 0) continue;
    const middle = (edges[panel + 1] + edges[panel]) / 2;
    GAUSS_NODES.forEach((node, i) => {
      const z = middle + half * node;
      const weight = (half * GAUSS_WEIGHTS[i] * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
      const value = f(scale * z, ...given);
      const steep = slope(scale * z, ...given);
      sums[0] += weight * value;
      sums[1] += weight * value * value;
      sums[2] += weight * steep * steep;
      sums[3] += weight * ((z * z - 1) / 2) * value * value;
    });
  }
  return { mean: sums[0], square: sums[1], slopeSquare: sums[2], cross: sums[3] };
}

/* RMS of signal and gradient, at the input and behind each layer; the last gradient is `scale`. */
function theoryOf({ member, deviation, depth, norm, residual, scale }) {
  const normed = norm !== "none";
  const weight = deviation ** 2;
  const squares = [1];
  const factors = [];
  let square = 1;
  let spread = 1; // what a norm divides by
  let reached = NaN;
  let average;
  for (let layer = 0; layer < depth; layer += 1) {
    const seen = normed ? 1 : square;
    if (!(Math.abs(seen - reached) <= 1e-13 * Math.max(seen, reached))) {
      average = momentsAt(member, Math.sqrt(Math.max(seen, 1e-300)));
      reached = seen;
    }
    square = (residual ? square : 0) + weight * average.square;
    const made = weight * (average.square - (norm === "batch" ? average.mean ** 2 : 0));
    let chi = weight * average.slopeSquare;
    if (normed) chi = spread > 0 ? chi / spread : Infinity;
    spread = (residual ? spread : 0) + made;
    squares.push(square);
    factors.push(Math.sqrt(chi + (residual ? 1 : 0)));
  }
  const gradient = [scale];
  for (const factor of [...factors].reverse()) gradient.push(gradient[gradient.length - 1] * factor);
  return { signal: squares.map(Math.sqrt), gradient: gradient.reverse() };
}
