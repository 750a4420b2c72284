"""The input times the sigmoid of beta times the input; beta may be learnt. With beta 1 it is silu."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="swish",
    formula="x / (1 + exp(-beta * x))",
    stable="x * sigmoid(beta * x)",
    stable_derivative="sigmoid(beta * x) + x * sigmoid(beta * x) * (beta * sigmoid(-beta * x))",
    parameters={"beta": 1.0},
    learnable=("beta",),
    range=Interval(-0.2784645427610738, inf, True, False),
    range_of=("-0.2784645427610738 / beta", "inf"),
    wide=True,
    source=Source("Ramachandran, Zoph, Le", 2017, "Searching for activation functions"),
)
