"""Mish made of a parabola and straight lines."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="hard_mish",
    formula="x / 2 * min(2, max(0, x + 2))",
    stable="x * (min(max(x + 2, 0), 2) / 2)",
    stable_derivative="where(x <= -2, 0, where(x < 0, x + 1, 1))",
    range=Interval(-0.5, inf, True, False),
    source=Source("Misra", 2020, "H-Mish: the hard version of Mish"),
)
