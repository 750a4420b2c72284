"""How far the first score falls short of being the higher (1) or the lower (-1) by the margin."""

from neurologist.catalogue.spec import REAL, Interval, Loss, Source

LOSS = Loss(
    name="margin_ranking",
    formula="max(0, margin - t * (a - b))",
    parameters={"margin": 0.0},
    predictions=REAL,
    targets=Interval(-1.0, 1.0, True, True),
    target_kind="sign",
    expects="real",
    operands=("a", "b", "t"),
    source=Source("Herbrich, Graepel, Obermayer", 2000, "Large margin rank boundaries for ordinal regression"),
    torch_function="margin_ranking_loss",
    exact_in_torch=False,
)
