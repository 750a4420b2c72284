"""A straight line from 0 at -3 to 1 at 3, flat outside: a sigmoid without exponentials."""

from neurologist.catalogue.spec import UNIT, Activation, Source

ACTIVATION = Activation(
    name="hardsigmoid",
    formula="min(max(x + 3, 0), 6) / 6",
    stable_derivative="where(abs(x) < 3, 1 / 6, 0)",
    derivative_from_output="where(min(y, 1 - y) > 0, 1, 0) / 6",
    range=UNIT,
    source=Source("Howard, Sandler, Chu, et al.", 2019, "Searching for MobileNetV3"),
    autograd=("HardsigmoidBackward0",),
    torch_function="hardsigmoid",
)
