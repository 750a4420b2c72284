"""Swish above 0, a sigmoid times ELU below."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="elish",
    formula="where(x >= 0, x / (1 + exp(-x)), (exp(x) - 1) / (1 + exp(-x)))",
    stable="where(x >= 0, x, expm1(x)) * sigmoid(x)",
    stable_derivative="sigmoid(x) * where(x >= 0, 1 + x * sigmoid(-x), exp(x) + expm1(x) * sigmoid(-x))",
    range=Interval(-0.17157287525380990, inf, True, False),
    wide=True,
    source=Source("Basirat, Roth", 2018, "The quest for the golden activation function"),
)
