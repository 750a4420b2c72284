"""How far a score lies on the wrong side."""

from neurologist.catalogue.spec import REAL, Interval, Loss, Source

LOSS = Loss(
    name="perceptron",
    formula="max(0, -t * z)",
    predictions=REAL,
    targets=Interval(-1.0, 1.0, True, True),
    target_kind="sign",
    expects="logits",
    source=Source(
        "Rosenblatt",
        1958,
        "The perceptron: a probabilistic model for information storage and organization in the brain",
    ),
)
