"""Quadratic within delta of the target, linear beyond: its gradient is the difference, clipped."""

from neurologist.catalogue.spec import POSITIVE, REAL, Loss, Source

LOSS = Loss(
    name="huber",
    formula="where(abs(p - t) <= delta, 0.5 * (p - t) ** 2, delta * (abs(p - t) - 0.5 * delta))",
    parameters={"delta": 1.0},
    domains={"delta": POSITIVE},
    predictions=REAL,
    targets=REAL,
    target_kind="real",
    expects="real",
    source=Source("Huber", 1964, "Robust estimation of a location parameter"),
    autograd=("HuberLossBackward0",),
    autograd_parameters={"delta": "_saved_delta"},
    torch_function="huber_loss",
)
