"""The squared hinge, linear where a score is far on the wrong side."""

from neurologist.catalogue.spec import REAL, Interval, Loss, Source

LOSS = Loss(
    name="modified_huber",
    formula="where(t * z >= -1, max(0, 1 - t * z) ** 2, -4 * t * z)",
    predictions=REAL,
    targets=Interval(-1.0, 1.0, True, True),
    target_kind="sign",
    expects="logits",
    source=Source(
        "Zhang", 2004, "Solving large scale linear prediction problems using stochastic gradient descent algorithms"
    ),
)
