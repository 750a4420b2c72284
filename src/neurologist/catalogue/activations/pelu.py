"""ELU with learnt scale and saturation, differentiable at 0 for all their values."""

from math import inf

from neurologist.catalogue.spec import POSITIVE, Activation, Interval, Source

ACTIVATION = Activation(
    name="pelu",
    formula="where(x >= 0, a / b * x, a * (exp(x / b) - 1))",
    stable="where(x >= 0, a / b * x, a * expm1(x / b))",
    stable_derivative="where(x >= 0, a / b, a / b * exp(x / b))",
    derivative_from_output="where(y >= 0, a / b, (y + a) / b)",
    parameters={"a": 1.0, "b": 1.0},
    domains={"a": POSITIVE, "b": POSITIVE},
    learnable=("a", "b"),
    range=Interval(-1.0, inf),
    range_of=("-a", "inf"),
    source=Source(
        "Trottier, Giguere, Chaib-draa",
        2017,
        "Parametric exponential linear unit for deep convolutional neural networks",
    ),
)
