/* Softmax and cross-entropy operation by operation, each result rounded to a dtype, and the gradient back through them.

   A stage: {name, value, gradient}; both hold one number per class, or one in all. */

function textbookGraph(z, target, round) {
  const r = round ?? ((x) => x);
  const e = z.map((x) => r(Math.exp(x)));
  const sum = r(e.reduce((a, b) => r(a + b)));
  const y = e.map((x) => r(x / sum));
  const logs = y.map((x) => r(Math.log(x)));
  const loss = r(-logs[target]);
  const byLogs = z.map((_, i) => (i === target ? -1 : 0));
  const byY = byLogs.map((g, i) => (g === 0 ? 0 : r(g / y[i])));
  const bySum = r(byY.reduce((total, g, i) => (g === 0 ? total : total - r((g * e[i]) / (sum * sum))), 0));
  const byE = byY.map((g) => r(r(g / sum) + bySum));
  const byZ = byE.map((g, i) => r(g * e[i]));
  return [
    { name: "z", value: z, gradient: byZ },
    { name: "exp z", value: e, gradient: byE },
    { name: "S = Σ exp z", value: [sum], gradient: [bySum] },
    { name: "y = exp z / S", value: y, gradient: byY },
    { name: "log y", value: logs, gradient: byLogs },
    { name: "L = −Σ t log y", value: [loss], gradient: [1] },
  ];
}

function stableGraph(z, target, round) {
  const r = round ?? ((x) => x);
  const most = Math.max(...z);
  const d = z.map((x) => r(x - most));
  const e = d.map((x) => r(Math.exp(x)));
  const sum = r(e.reduce((a, b) => r(a + b)));
  const log = r(Math.log(sum));
  const loss = r(log - d[target]);
  const bySum = r(1 / sum);
  const byE = e.map(() => bySum);
  const byD = e.map((x, i) => r(r(bySum * x) - (i === target ? 1 : 0)));
  return [
    { name: "z", value: z, gradient: byD },
    { name: "d = z − max z", value: d, gradient: byD },
    { name: "exp d", value: e, gradient: byE },
    { name: "S = Σ exp d", value: [sum], gradient: [bySum] },
    { name: "log S", value: [log], gradient: [1] },
    { name: "L = log S − Σ t d", value: [loss], gradient: [1] },
  ];
}

/* One of the catalogue's functions of all classes. */
function ofClasses(name, ...vectors) {
  const found = OF_CLASSES[name].map((entry) => entry(...vectors.flat()));
  return found.length === 1 ? found[0] : found;
}

/* Cross-entropy of what is already a softmax: its loss, its gradient by z, and the least that it can be. */
function doubleSoftmax(z, targets) {
  const y = ofClasses("softmax", z);
  return {
    loss: ofClasses("loss", y, targets),
    gradient: ofClasses("pullback", z, ofClasses("slope", y, targets)),
    floor: ofClasses("loss", targets, targets),
  };
}
