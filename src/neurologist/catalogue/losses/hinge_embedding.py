"""A distance to be small for like pairs (1) and at least the margin for unlike ones (-1)."""

from neurologist.catalogue.spec import REAL, Interval, Loss, Source

LOSS = Loss(
    name="hinge_embedding",
    formula="where(t > 0, p, max(0, margin - p))",
    parameters={"margin": 1.0},
    predictions=REAL,
    targets=Interval(-1.0, 1.0, True, True),
    target_kind="sign",
    expects="real",
    source=Source(
        "Chopra, Hadsell, LeCun",
        2005,
        "Learning a similarity metric discriminatively, with application to face verification",
    ),
    torch_function="hinge_embedding_loss",
    exact_in_torch=False,
)
