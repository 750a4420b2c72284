/* Why the gradient is lost or won: what one layer does to it on the way back, with the numbers of this network. */

function whySentences(run, settings) {
  const { member, depth, norm, residual, deviation } = settings;
  if (run.signal.some((size) => !Number.isFinite(size))) return [t("why_overflow")];
  if (run.gradient.some((size) => size === 0)) return [t("why_zero", { name: member.name })];
  const [weights, slope, normed, skip] = decadesBy(run.parts).map((decades) => 10 ** (decades / depth));
  const steepest = member.traits.lipschitz;
  const said = [
    t("why_weights", { weights: fmt(weights, 3), deviation: fmt(deviation, 3) }),
    t("why_slope", { slope: fmt(slope, 3), name: member.name }),
    Number.isFinite(steepest) ? t(steepest < 1 ? "why_never" : "why_steepest", { name: member.name, steepest: fmt(steepest, 3) }) : "",
    norm === "none" ? "" : t("why_norm", { norm: fmt(normed, 3) }),
    residual ? t("why_skip", { skip: fmt(skip, 3) }) : "",
    t("why_power", { factor: fmt(weights * slope * normed * skip, 3), depth, total: fmt(run.gradient[0] / run.gradient[depth]) }),
  ];
  return said.filter(Boolean);
}
