"""ELU with learnt height and steepness below 0: between ReLU, PReLU and ELU."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="mpelu",
    formula="where(x > 0, x, alpha * (exp(beta * x) - 1))",
    stable="where(x > 0, x, alpha * expm1(beta * x))",
    stable_derivative="where(x > 0, 1, alpha * beta * exp(beta * x))",
    derivative_from_output="where(y > 0, 1, beta * (y + alpha))",
    parameters={"alpha": 1.0, "beta": 1.0},
    learnable=("alpha", "beta"),
    range=Interval(-1.0, inf),
    range_of=("-alpha", "inf"),
    source=Source(
        "Li, Fan, Li, Wu, Ming", 2018, "Improving deep neural network with multiple parametric exponential linear units"
    ),
)
