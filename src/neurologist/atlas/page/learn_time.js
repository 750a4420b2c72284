/* A recurrent network against an LSTM: how much of a loss at the last time step reaches the states before it. */

const TIME = { sequences: 8, inputs: 8, drive: 0.5 }; // `drive`: standard deviation that inputs bring to a pre-activation
const GATES = 4; // of an LSTM: input, forget, cell, output, as torch orders them
const SQUARINGS = 40; // of a matrix, for its spectral radius

/* a W^T, for rows a of length `into`. */
function times(a, weight, into, out) {
  const made = new Float64Array((a.length / into) * out);
  for (let row = 0; row < a.length / into; row += 1) {
    for (let j = 0; j < out; j += 1) {
      let sum = 0;
      for (let k = 0; k < into; k += 1) sum += weight[j * into + k] * a[row * into + k];
      made[row * out + j] = sum;
    }
  }
  return made;
}

/* g W. */
function timesBack(g, weight, into, out) {
  const made = new Float64Array((g.length / out) * into);
  for (let row = 0; row < g.length / out; row += 1) {
    for (let j = 0; j < out; j += 1) {
      const by = g[row * out + j];
      for (let k = 0; k < into; k += 1) made[row * into + k] += by * weight[j * into + k];
    }
  }
  return made;
}

function scaledNormals(seed, count, deviation) {
  return normals(seed, count).map((x) => x * deviation);
}

/* Weights, inputs of each time step, and the targets of the last state. `gates`: how many rows of weights a unit has. */
function sequencesOf({ length, width, scale, seed }, gates) {
  const size = TIME.sequences * TIME.inputs;
  const all = normals(seed, length * size);
  return {
    xs: Array.from({ length }, (_, step) => all.subarray(step * size, (step + 1) * size)),
    weight: scaledNormals(seed + 7919 * gates, gates * width * width, scale / Math.sqrt(width)),
    input: scaledNormals(seed + 104729 * gates, gates * width * TIME.inputs, TIME.drive / Math.sqrt(TIME.inputs)),
    targets: normals(seed + 1, TIME.sequences * width),
  };
}

/* The gradient of a mean loss by the last state. */
function byLastState(h_, targets) {
  const member = memberOf("loss/mse");
  const [, slope] = FUNCTIONS[keyOf(member)];
  return h_.map((x, i) => slope(x, ...lossArguments(member, targets[i])) / h_.length);
}

/* h = f(W h + U x). States and the loss's gradient by each, first to last. */
function runRecurrent(chosen) {
  const { width } = chosen;
  const [f, slope] = atDefaults(memberOf(`activation/${chosen.act}`));
  const given = sequencesOf(chosen, 1);
  const z = [];
  const states = [];
  for (const x of given.xs) {
    const driven = times(x, given.input, TIME.inputs, width);
    const before = states.length ? times(states[states.length - 1], given.weight, width, width) : null;
    z.push(before ? driven.map((u, i) => u + before[i]) : driven);
    states.push(z[z.length - 1].map(f));
  }
  const gradients = [byLastState(states[states.length - 1], given.targets)];
  for (let step = z.length - 1; step > 0; step -= 1) {
    const g = gradients[0].map((x, i) => x * slope(z[step][i]));
    gradients.unshift(timesBack(g, given.weight, width, width));
  }
  return { ...given, states, gradients };
}

/* Gates i, f, g, o = W h + U x + b; c = f c + i g; h = o tanh c. The gradient by each h as it goes into the next step,
   and by each c. */
function runLstm(chosen) {
  const { width, forget } = chosen;
  const [[squash, squashSlope], [gate, gateSlope]] = ["tanh", "sigmoid"].map((name) => atDefaults(memberOf(`activation/${name}`)));
  const given = sequencesOf(chosen, GATES);
  const rows = TIME.sequences;
  const size = rows * width;
  const kept = [];
  let h_ = new Float64Array(size);
  let c = new Float64Array(size);
  for (const x of given.xs) {
    const driven = times(x, given.input, TIME.inputs, GATES * width);
    const z = times(h_, given.weight, width, GATES * width).map((u, i) => u + driven[i] + (Math.floor((i % (GATES * width)) / width) === 1 ? forget : 0));
    const part = (which) => Float64Array.from({ length: size }, (_, i) => z[Math.floor(i / width) * GATES * width + which * width + (i % width)]);
    const [zi, zf, zg, zo] = [0, 1, 2, 3].map(part);
    const [i_, f_, g_, o_] = [zi.map(gate), zf.map(gate), zg.map(squash), zo.map(gate)];
    const before = c;
    c = before.map((x_, i) => f_[i] * x_ + i_[i] * g_[i]);
    h_ = c.map((x_, i) => o_[i] * squash(x_));
    kept.push({ z: [zi, zf, zg, zo], gates: [i_, f_, g_, o_], before, c, h: h_ });
  }
  const gradients = [];
  const cells = [];
  let byH = byLastState(h_, given.targets);
  let carried = new Float64Array(size);
  for (let step = kept.length - 1; step >= 0; step -= 1) {
    const { z: [zi, zf, zg, zo], gates: [i_, f_, g_, o_], before, c: cell } = kept[step];
    const byC = carried.map((x, i) => x + byH[i] * o_[i] * squashSlope(cell[i]));
    gradients.unshift(byH);
    cells.unshift(byC);
    const byZ = new Float64Array(GATES * size);
    for (let i = 0; i < size; i += 1) {
      const at = Math.floor(i / width) * GATES * width + (i % width);
      byZ[at] = byC[i] * g_[i] * gateSlope(zi[i]);
      byZ[at + width] = byC[i] * before[i] * gateSlope(zf[i]);
      byZ[at + 2 * width] = byC[i] * i_[i] * squashSlope(zg[i]);
      byZ[at + 3 * width] = byH[i] * squash(cell[i]) * gateSlope(zo[i]);
    }
    carried = byC.map((x, i) => x * f_[i]);
    byH = timesBack(byZ, given.weight, width, GATES * width);
  }
  return { ...given, states: kept.map((step) => step.h), gradients, cells };
}

/* The largest absolute eigenvalue, as the growth of powers of the matrix (Gelfand), each square scaled to stay finite. */
function spectralRadius(matrix, width) {
  let power = Float64Array.from(matrix);
  let log = 0;
  for (let turn = 1; turn <= SQUARINGS; turn += 1) {
    const size = rms(power);
    if (size === 0) return 0;
    log += Math.log(size) / 2 ** (turn - 1);
    const scaled = power.map((x) => x / size);
    power = timesBack(scaled, scaled, width, width);
  }
  return Math.exp(log + Math.log(rms(power)) / 2 ** SQUARINGS);
}

/* Of wide networks: the RMS gradient at each state, 1 at the last. For tied weights this holds as far as each step meets
   them as if anew. */
function recurrentTheory({ act, length, scale }) {
  const member = memberOf(`activation/${act}`);
  const factors = [];
  let square = TIME.drive ** 2;
  let average = momentsAt(member, Math.sqrt(square));
  for (let step = 1; step < length; step += 1) {
    const next = scale ** 2 * average.square + TIME.drive ** 2;
    if (!(Math.abs(next - square) <= 1e-13 * square)) average = momentsAt(member, Math.sqrt(next));
    square = next;
    factors.push(scale * Math.sqrt(average.slopeSquare));
  }
  const found = [1];
  for (const factor of factors.reverse()) found.unshift(found[0] * factor);
  return found;
}

/* What the forget gates' bias alone leaves of a cell's gradient. */
function forgetTheory({ length, forget }) {
  const [gate] = atDefaults(memberOf("activation/sigmoid"));
  return Array.from({ length }, (_, step) => gate(forget) ** (length - 1 - step));
}

function relative(gradients) {
  const sizes = gradients.map(rms);
  return sizes.map((size) => size / sizes[sizes.length - 1]);
}

function timeVerdict(name, shares, values) {
  if (Number.isNaN(shares[0])) return t("time_overflows", { name });
  const decades = Math.log10(shares[0]);
  const key = decades > LOST ? "time_explodes" : !(decades > -LOST) ? "time_vanishes" : "time_survives";
  return t(key, { ...values, name, total: fmt(shares[0]), each: fmt(10 ** (decades / (shares.length - 1))) });
}

function drawTime(chosen, { legend_, figure, note }) {
  const settings = { ...chosen, width: Number(chosen.width) };
  const [plain, gated] = [runRecurrent(settings), runLstm(settings)];
  const named = [
    [relative(plain.gradients), "c0", t("time_rnn", { name: chosen.act })], [recurrentTheory(settings), "c1", t("time_rnn_theory")],
    [relative(gated.gradients), "c6", t("time_lstm_h")], [relative(gated.cells), "c3", t("time_lstm_c")], [forgetTheory(settings), "c2", t("time_forget_theory")],
  ];
  const lines = named.map(([values, style, label]) => ({ points: values.map((value, step) => [step + 1, logOf(value)]), style, label }));
  const all = lines.flatMap(({ points }) => points.map(([, y]) => y)).filter(Number.isFinite);
  legend_.replaceChildren(legend(lines));
  const y = [Math.max(Math.floor(Math.min(...all, 0) - 0.2), -40), Math.min(Math.ceil(Math.max(...all, 0) + 0.2), 40)];
  plot(figure, { lines, x: [1, chosen.length], y, height: 340, log: true, whole: true, xlabel: t("time_axis_step"), ylabel: t("time_axis_gradient"), label: t("time_plot") });
  const radius = spectralRadius(plain.weight, settings.width);
  note.textContent = t("time_note", { sequences: TIME.sequences, inputs: TIME.inputs, drive: TIME.drive });
  const values = { steps: chosen.length - 1 };
  const said = [timeVerdict(t("time_rnn", { name: chosen.act }), named[0][0], values), t("time_radius", { radius: fmt(radius) })];
  return [...said, timeVerdict("LSTM", named[2][0], values), t("time_gate", { forget: fmt(chosen.forget), gate: fmt(forgetTheory({ length: 2, forget: chosen.forget })[0]) })].join(" ");
}

LESSONS.time = {
  at: 5,
  first: { act: "tanh", width: "32", length: 60, scale: 0.9, forget: 2, seed: 1 },
  limits: { length: [2, 150, 1], scale: [0, 3, 0.05], forget: [-2, 6, 0.1], seed: [1, 100, 1] },
  choices: { act: () => CHOICES.act(), width: () => ["16", "32", "64"] },
  names: { act: (value) => value, width: (value) => value },
  shown: () => ["act", "width", "length", "scale", "forget", "seed"],
  draw: drawTime,
  figures: () => ({ legend_: h("div", {}), figure: h("div", { class: "figure" }), note: h("p", { class: "note" }) }),
};
