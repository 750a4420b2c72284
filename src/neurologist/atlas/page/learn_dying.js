/* Dying ReLU, unit by unit: which units pass a gradient on which inputs, beside another activation from the same weights. */

const DYING = { samples: 48, units: 16, reach: 2 };
const FIRES = 0.5; // of slope; below it a unit passes less than half of the gradient

/* A curve to learn from 48 inputs, and a network of one hidden layer. */
function dyingNet(chosen, name) {
  const inputs = Float64Array.from(linspace(-DYING.reach, DYING.reach, DYING.samples));
  const targets = [...inputs].map((x) => Math.sin(2 * x) + x / 2);
  const member = memberOf(`activation/${name}`);
  const spread = normals(chosen.seed + 31, DYING.units);
  const bias = (layer, unit) => (layer === 0 ? chosen.bias + spread[unit] / 2 : 0);
  const net = makeNet({ sizes: [1, DYING.units, 1], member, deviation: Math.SQRT2, seed: chosen.seed, bias });
  const head = headOf("mse", targets, null);
  const [, slope] = atDefaults(member);
  const made = { net, inputs, targets, losses: [], died: new Array(DYING.units).fill(null) };
  const look = () => {
    made.run = forwardNet(net, inputs);
    made.slopes = made.run.z[0].map(slope);
    made.losses.push(head.value(made.run.output));
    made.died = made.died.map((when, unit) => (passes(made.slopes, unit) ? null : when ?? made.losses.length - 1));
  };
  const move = optimizerOf("sgd", 10 ** chosen.rate);
  made.step = () => {
    move(net.layers, backwardNet(net, made.run, head.slope(made.run.output)));
    look();
  };
  look();
  return made;
}

/* A unit is dead when its slope is 0 at every input: no gradient reaches its weights, so nothing brings it back. */
function passes(slopes, unit) {
  for (let at = unit; at < slopes.length; at += DYING.units) if (slopes[at] !== 0) return true;
  return false;
}

function makeDying(chosen) {
  const nets = [dyingNet(chosen, chosen.act), dyingNet(chosen, chosen.beside)];
  const last = ({ losses }) => losses[losses.length - 1];
  return {
    nets,
    step: () => nets.forEach((net) => Number.isFinite(last(net)) && net.step()),
    done: () => nets.every((net) => !(last(net) <= 1e12)),
  };
}

function deadOf({ died }) {
  return died.filter((when) => when !== null).length;
}

/* One row per unit, one column per input. */
function firingMap(host, made, name) {
  const half = DYING.reach / (DYING.samples - 1);
  const cells = (which) => (place) => {
    let d = "";
    made.slopes.forEach((slope, at) => {
      if (which !== (Math.abs(slope) >= FIRES ? "full" : slope !== 0 ? "little" : "")) return;
      const [x, unit] = [made.inputs[Math.floor(at / DYING.units)], at % DYING.units];
      const [[left, top], [right, bottom]] = [place(x - half, unit + 1.38), place(x + half, unit + 0.62)];
      d += `M${left.toFixed(1)} ${top.toFixed(1)}H${right.toFixed(1)}V${bottom.toFixed(1)}H${left.toFixed(1)}Z`;
    });
    return s("path", { d, class: `cells ${which}` });
  };
  const dead = (place) => made.died.flatMap((when, unit) => {
    if (when === null) return [];
    const [[left, y], [right]] = [place(-DYING.reach, unit + 1), place(DYING.reach, unit + 1)];
    return [s("path", { d: `M${left} ${y}H${right}`, class: "dead" }), s("text", { x: (left + right) / 2, y: y + 4, "text-anchor": "middle", class: "died" }, t("dying_when", { step: when }))];
  });
  plot(host, {
    lines: [], marks: (place) => [cells("full")(place), cells("little")(place), ...dead(place)],
    x: [-DYING.reach - half, DYING.reach + half], y: [0.5, DYING.units + 0.5], height: 380, xlabel: t("dying_axis_input"), ylabel: t("dying_axis_unit"), label: t("dying_map", { name, dead: deadOf(made) }),
  });
}

function drawDying({ nets }, { maps, curves }, chosen) {
  const names = [chosen.act, chosen.beside];
  nets.forEach((made, i) => {
    const [caption, host] = maps.children[i].children;
    caption.textContent = t("dying_caption", { name: names[i], dead: deadOf(made), units: DYING.units });
    firingMap(host, made, names[i]);
  });
  const [fit, losses] = [...curves.children].map((part) => part.children);
  const [first] = nets;
  const along = (values) => [...first.inputs].map((x, i) => [x, values[i]]);
  const lines = [{ points: along(first.targets), style: "c6", label: t("dying_target") }, ...nets.map((made, i) => ({ points: along(made.run.output), style: `c${i}`, label: names[i] }))];
  fit[0].replaceChildren(legend(lines));
  plot(fit[1], { lines, x: [-DYING.reach, DYING.reach], y: [-2.5, 2.5], xlabel: t("dying_axis_input"), ylabel: t("dying_axis_output"), label: t("dying_fit") });
  const falls = nets.map((made, i) => ({ values: made.losses, style: `c${i}`, label: names[i] }));
  losses[0].replaceChildren(legend(falls));
  lossPlot(losses[1], falls, t("descent_curve"));
  return dyingVerdict(nets, names);
}

function dyingVerdict(nets, names) {
  return nets.map((made, i) => {
    const dead = deadOf(made);
    const loss = made.losses[made.losses.length - 1];
    const firstDead = Math.min(...made.died.filter((when) => when !== null));
    const values = { name: names[i], dead, units: DYING.units, loss: fmt(loss), step: firstDead };
    if (!(loss <= 1e12)) return t("dying_diverges", values);
    return t(dead === DYING.units ? "dying_all" : dead ? "dying_some" : "dying_none", values);
  }).join(" ");
}

LESSONS.dying = {
  at: 4,
  first: { act: "relu", beside: "leaky_relu", rate: -0.9, bias: 0, seed: 1, steps: 60 },
  limits: { rate: [-4, 1, 0.05], bias: [-6, 3, 0.1], seed: [1, 100, 1], steps: [0, 2000, 1] },
  choices: { act: () => CHOICES.act(), beside: () => CHOICES.act() },
  names: { act: (value) => value, beside: (value) => value },
  says: { rate: (value) => fmt(10 ** value) },
  shown: () => ["act", "beside", "rate", "bias", "seed"],
  presets: {
    healthy: () => ({ rate: -1.5, bias: 0, seed: 1, steps: 200 }),
    large: () => ({ rate: -0.9, bias: 0, seed: 1, steps: 60 }),
    negative: () => ({ rate: -1.5, bias: -4, seed: 1, steps: 200 }),
  },
  perFrame: 1,
  make: makeDying,
  draw: drawDying,
  figures: () => {
    const two = () => h("div", { class: "pair" }, ...[0, 1].map(() => h("div", {}, h("div", {}), h("div", { class: "figure" }))));
    return { maps: two(), curves: two() };
  },
};
