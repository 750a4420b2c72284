"""A smooth ReLU made of a square root only."""

from math import inf

from neurologist.catalogue.spec import NON_NEGATIVE, Activation, Interval, Source

ACTIVATION = Activation(
    name="squareplus",
    formula="(x + sqrt(x ** 2 + b)) / 2",
    stable="where(x > 0, x / 2 + hypot(x, sqrt(b)) / 2, b / 2 / (hypot(x, sqrt(b)) - x))",
    stable_derivative=(
        "where(x > 0, (1 + x / hypot(x, sqrt(b))) / 2, b / 2 / (hypot(x, sqrt(b)) - x) / hypot(x, sqrt(b)))"
    ),
    parameters={"b": 4.0},
    domains={"b": NON_NEGATIVE},
    range=Interval(0.0, inf),
    wide=True,
    source=Source("Barron", 2021, "Squareplus: a softplus-like algebraic rectifier"),
)
