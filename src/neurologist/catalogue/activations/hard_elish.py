"""ELiSH with a straight line in place of the sigmoid."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="hard_elish",
    formula="where(x >= 0, x, exp(x) - 1) * max(0, min(1, (x + 1) / 2))",
    stable="where(x >= 0, x, expm1(x)) * min(max((x + 1) / 2, 0), 1)",
    stable_derivative="where(x >= 1, 1, where(x >= 0, x + 0.5, where(x > -1, exp(x) * (x + 2) / 2 - 0.5, 0)))",
    range=Interval(-0.09967315152874262, inf, True, False),
    wide=True,
    source=Source("Basirat, Roth", 2018, "The quest for the golden activation function"),
)
