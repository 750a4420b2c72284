"""The distance from a point c away from the axis: a radial basis that grows."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="multiquadric",
    formula="sqrt(x ** 2 + c ** 2)",
    stable="hypot(x, c)",
    stable_derivative="x / hypot(x, c)",
    parameters={"c": 1.0},
    range=Interval(1.0, inf, True, False),
    range_of=("abs(c)", "inf"),
    source=Source("Hardy", 1971, "Multiquadric equations of topography and other irregular surfaces"),
)
