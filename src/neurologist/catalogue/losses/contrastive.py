"""The squared distance of like pairs (target 0); what unlike ones (1) fall short of the margin, squared."""

from neurologist.catalogue.spec import REAL, UNIT, Loss, Source

LOSS = Loss(
    name="contrastive",
    formula="(1 - t) * sum((a - b) ** 2) / 2 + t * max(0, margin - sqrt(sum((a - b) ** 2))) ** 2 / 2",
    stable="(1 - t) * sum((a - b) ** 2) / 2 + t * max(0, margin - sqrt(max(sum((a - b) ** 2), 1e-30))) ** 2 / 2",
    parameters={"margin": 1.0},
    predictions=REAL,
    targets=UNIT,
    target_kind="probability",
    expects="real",
    vector=True,
    operands=("a", "b", "t"),
    shapes={"t": "row"},
    source=Source("Hadsell, Chopra, LeCun", 2006, "Dimensionality reduction by learning an invariant mapping"),
)
