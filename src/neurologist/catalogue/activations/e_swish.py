"""Swish scaled by a factor between 1 and 2."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="e_swish",
    formula="beta * x / (1 + exp(-x))",
    stable="beta * (x * sigmoid(x))",
    stable_derivative="beta * (sigmoid(x) * (1 + x * sigmoid(-x)))",
    parameters={"beta": 1.5},
    range=Interval(-0.4176968141416107, inf, True, False),
    range_of=("-0.2784645427610738 * beta", "inf"),
    wide=True,
    source=Source("Alcaide", 2018, "E-swish: adjusting activations to different network depths"),
)
