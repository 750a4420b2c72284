"""How far two distributions are from their mean, entry by entry: takes probabilities; 0 to log 2."""

from neurologist.catalogue.spec import UNIT, Loss, Source

LOSS = Loss(
    name="js",
    formula="0.5 * (where(p > 0, p * log(2 * p / (p + t)), 0) + where(t > 0, t * log(2 * t / (p + t)), 0))",
    stable="0.5 * (where(p > 0, p * log1p((p - t) / (p + t)), 0) + where(t > 0, t * log1p((t - p) / (p + t)), 0))",
    stable_derivative="0.5 * log1p((p - t) / (p + t))",
    predictions=UNIT,
    targets=UNIT,
    target_kind="distribution",
    expects="probabilities",
    link="softmax",
    source=Source("Lin", 1991, "Divergence measures based on the Shannon entropy"),
    aliases=("jensen_shannon",),
)
