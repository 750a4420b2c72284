/* Traits, uses and certificates of a member, in words of the reader's language. */

const DEPTH_TOLD = 30; // layers over which a gradient's fate is told

function limit(value) {
  return value === null ? t("settles_not") : fmt(value);
}

function where(member) {
  const at = member.traits.lipschitz_at;
  return Number.isFinite(at) ? `${fmt(member.traits.lipschitz)} (${t("at_x", { x: fmt(at) })})` : fmt(member.traits.lipschitz);
}

function sides(traits) {
  const { saturates_left: left, saturates_right: right } = traits;
  if (left && right) return t("both_sides");
  return left ? t("left") : right ? t("right") : t("none");
}

function smoothness(traits) {
  const at = traits.kinks.slice(0, 4).map((kink) => fmt(kink)).join(", ");
  if (traits.smoothness === Infinity) return t("smooth_all");
  if (traits.smoothness < 0) return t("jumps", { at });
  return traits.smoothness === 0 ? t("kinks", { at }) : t("smooth_some", { count: traits.smoothness, at });
}

function curvature({ convex, concave, curvature: most }) {
  const kind = convex && concave ? "straight" : convex ? "convex" : concave ? "concave" : "neither";
  return most > 0 && Number.isFinite(most) ? `${t(kind)}; |f″| ≤ ${fmt(most)}` : t(kind);
}

function traitRows(member) {
  const traits = member.traits;
  const centred = traits.zero_centred ? t("yes") : t("no_mean", { mean: fmt(traits.mean) });
  const symmetry = traits.odd ? t("odd") : traits.even ? t("even") : t("none");
  const rows = [
    ["range", member.range.text],
    ["tails", `x → −∞: ${limit(traits.limit_left)}; x → ∞: ${limit(traits.limit_right)}`],
    ["monotonic", traits.direction ? t(traits.direction) : t("turns")],
    ["symmetry", symmetry],
    ["zero_centred", centred],
    ["saturation", sides(traits)],
    ["dead_zone", traits.dead_intervals.length ? traits.dead_intervals.join(", ") : t("none")],
    ["steepest", where(member)],
    ["smoothness", smoothness(traits)],
    ["curvature", curvature(traits)],
  ];
  return member.stacks ? [...rows, ...startRows(traits)] : rows;
}

function startRows(traits) {
  return [
    ["gain", `${fmt(traits.gain)} (${t("gain_means")})`],
    ["slope_gain", fmt(traits.slope_gain)],
    ["chi_1", `${fmt(traits.chi_1)} (${t("chi_means", { depth: DEPTH_TOLD, factor: fmt(traits.chi_1 ** (DEPTH_TOLD / 2)) })})`],
    ["q_slope", `${fmt(traits.q_slope)} (${t(traits.q_slope <= 1 + 1e-9 ? "stays" : "drifts")})`],
  ];
}

function lossRows(member) {
  const rows = [
    ["expects", t(`expects_${member.expects}`)],
    ["targets", said(member.targets)],
    ["link", member.applies ? t("applies", { name: member.applies }) : member.link],
    ["shape", said(member.shape)],
  ];
  return member.canonical ? [...rows, ["canonical", t("canonical_means", { name: member.canonical })]] : rows;
}

function traitTable(member) {
  const rows = member.kind === "loss" ? lossRows(member) : traitRows(member);
  return h("table", { class: "facts" }, h("tbody", {}, rows.map(([key, value]) => h("tr", {}, h("th", { scope: "row" }, t(`trait_${key}`)), h("td", {}, value)))));
}

/* ULP, and inputs with broken results where there are any. */
function errorText([ulp, notFinite, zero]) {
  const size = ulp === "inf" ? "∞" : fmt(ulp, 3);
  return notFinite + zero > 0 ? `${size} (${t("broken", { count: notFinite + zero })})` : size;
}

function certificateOf(member) {
  if (member.kind === "loss") return "";
  const title = h("h3", {}, t("certificate"));
  if (!member.certificate) return h("div", {}, title, h("p", {}, t("not_measured")));
  const makers = Object.values(member.certificate)[0].torch ? ["ours", "torch"] : ["ours"];
  const heads = makers.flatMap((maker) => ["value", "slope"].map((kind) => `${t(kind)}, ${t(maker)}`));
  const rows = Object.entries(member.certificate).map(([dtype, found]) => {
    const cells = makers.flatMap((maker) => ["value", "slope"].map((kind) => h("td", {}, found[maker] ? errorText(found[maker][kind]) : "–")));
    return h("tr", {}, h("th", { scope: "row" }, dtype), cells);
  });
  const head = h("tr", {}, h("th", { scope: "col" }, "ULP"), heads.map((text) => h("th", { scope: "col" }, text)));
  const about = h("p", { class: "note" }, t("certified", { points: CERTIFIED.points.toLocaleString("en"), torch: CERTIFIED.torch }));
  return h("div", {}, title, h("div", { class: "wide" }, h("table", {}, h("thead", {}, head), h("tbody", {}, rows))), about);
}
