"""How much a score falls short of the margin 1 on the right side."""

from neurologist.catalogue.spec import REAL, Interval, Loss, Source

LOSS = Loss(
    name="hinge",
    formula="max(0, 1 - t * z)",
    predictions=REAL,
    targets=Interval(-1.0, 1.0, True, True),
    target_kind="sign",
    expects="logits",
    source=Source("Cortes, Vapnik", 1995, "Support-vector networks"),
)
