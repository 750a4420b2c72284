"""Quadratic below beta, linear above, with slope at most 1: Huber's loss divided by its delta."""

from neurologist.catalogue.spec import NON_NEGATIVE, REAL, Loss, Source

LOSS = Loss(
    name="smooth_l1",
    formula="where(abs(p - t) < beta, 0.5 * (p - t) ** 2 / beta, abs(p - t) - 0.5 * beta)",
    parameters={"beta": 1.0},
    domains={"beta": NON_NEGATIVE},
    predictions=REAL,
    targets=REAL,
    target_kind="real",
    expects="real",
    source=Source("Girshick", 2015, "Fast R-CNN"),
    autograd=("SmoothL1LossBackward0",),
    autograd_parameters={"beta": "_saved_beta"},
    torch_function="smooth_l1_loss",
)
