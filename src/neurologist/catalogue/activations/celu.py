"""ELU whose slope is continuous for every alpha."""

from math import inf

from neurologist.catalogue.spec import POSITIVE, Activation, Interval, Source

ACTIVATION = Activation(
    name="celu",
    formula="where(x > 0, x, alpha * (exp(x / alpha) - 1))",
    stable="where(x > 0, x, alpha * expm1(x / alpha))",
    stable_derivative="where(x > 0, 1, exp(x / alpha))",
    derivative_from_output="where(y > 0, 1, 1 + y / alpha)",
    parameters={"alpha": 1.0},
    domains={"alpha": POSITIVE},
    range=Interval(-1.0, inf),
    range_of=("-alpha", "inf"),
    source=Source("Barron", 2017, "Continuously differentiable exponential linear units"),
    autograd=("CeluBackward0",),
    autograd_parameters={"alpha": "_saved_alpha"},
    torch_function="celu",
)
