"""Mish with a shift inside."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

# With e = exp(-|x + beta|), tanh(log(1 + exp(x + beta))) is a ratio of polynomials in e without a difference.
GATE = ("where(x + beta < 0, E * (E + 2) / (E * (E + 2) + 2), (1 + 2 * E) / (1 + 2 * E + 2 * E * E))").replace(
    "E", "exp(-abs(x + beta))"
)

ACTIVATION = Activation(
    name="mila",
    formula="x * tanh(log(1 + exp(x + beta)))",
    stable=f"x * {GATE}",
    stable_derivative=f"{GATE} + x * ((1 - {GATE} * {GATE}) * sigmoid(x + beta))",
    parameters={"beta": -0.25},
    range=Interval(-0.2494532861688073, inf, True, False),
    wide=True,
    source=Source("Misra", 2019, "Mila: controlling minima concavity in activation function"),
)
