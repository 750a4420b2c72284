"""The square of what a score falls short of the margin 1: smooth at the margin."""

from neurologist.catalogue.spec import REAL, Interval, Loss, Source

LOSS = Loss(
    name="squared_hinge",
    formula="max(0, 1 - t * z) ** 2",
    predictions=REAL,
    targets=Interval(-1.0, 1.0, True, True),
    target_kind="sign",
    expects="logits",
    source=Source("Lee, Mangasarian", 2001, "SSVM: a smooth support vector machine for classification"),
)
