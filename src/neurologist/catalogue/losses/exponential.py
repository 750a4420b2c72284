"""The loss that boosting descends: grows fastest of all on the wrong side."""

from neurologist.catalogue.spec import REAL, Interval, Loss, Source

LOSS = Loss(
    name="exponential",
    formula="exp(-t * z)",
    predictions=REAL,
    targets=Interval(-1.0, 1.0, True, True),
    target_kind="sign",
    expects="logits",
    source=Source(
        "Freund, Schapire",
        1997,
        "A decision-theoretic generalization of on-line learning and an application to boosting",
    ),
)
