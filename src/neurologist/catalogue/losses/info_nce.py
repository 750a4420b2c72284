"""Cross-entropy over cosines: each query should find its key among all keys."""

from neurologist.catalogue.spec import POSITIVE, REAL, Loss, Source

# of the largest
REST = "(sum(where(s < max(s), exp((s - max(s)) / temperature), 0)) + (sum(where(s < max(s), 0, 1)) - 1))"

LOSS = Loss(
    name="info_nce",
    formula="-log(sum(y * exp(s / temperature)) / sum(exp(s / temperature)))",
    stable=f"sum(y * (max(s) - s)) / temperature + log1p({REST})",
    parameters={"temperature": 0.1},
    domains={"temperature": POSITIVE},
    predictions=REAL,
    targets=REAL,
    target_kind="none",
    expects="real",
    vector=True,
    operands=("a", "b"),
    prepare="matches",
    prepared=("s", "y"),
    source=Source("van den Oord, Li, Vinyals", 2018, "Representation learning with contrastive predictive coding"),
)
