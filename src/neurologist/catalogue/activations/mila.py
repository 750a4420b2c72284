"""Mish with a shift inside."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="mila",
    formula="x * tanh(log(1 + exp(x + beta)))",
    stable="x * tanh(softplus(x + beta))",
    parameters={"beta": -0.25},
    range=Interval(-0.2494532861688073, inf, True, False),
    wide=True,
    source=Source("Misra", 2019, "Mila: controlling minima concavity in activation function"),
)
