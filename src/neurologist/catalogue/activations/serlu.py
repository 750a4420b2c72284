"""Scaled, self-normalising like SELU, with a bump below 0 that returns to 0."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="serlu",
    formula="1.07862 * where(x >= 0, x, 2.90427 * x * exp(x))",
    stable="1.07862 * where(x >= 0, x, 2.90427 * (x * exp(x)))",
    stable_derivative="1.07862 * where(x >= 0, 1, 2.90427 * (exp(x) + x * exp(x)))",
    range=Interval(-1.152420501289900416, inf, True, False),
    wide=True,
    source=Source("Zhang, Li", 2018, "Effectiveness of scaled exponentially-regularized linear units (SERLUs)"),
)
