"""A switch between two lines: the smooth maximum of p1 x and p2 x, all learnt."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="acon_c",
    formula="(p1 - p2) * x / (1 + exp(-beta * (p1 - p2) * x)) + p2 * x",
    stable="(p1 - p2) * x * sigmoid(beta * (p1 - p2) * x) + p2 * x",
    stable_derivative=(
        "(p1 - p2) * (sigmoid(beta * (p1 - p2) * x) * (1 + beta * (p1 - p2) * x * sigmoid(-beta * (p1 - p2) * x))) + p2"
    ),
    # The source draws p1 and p2 at random; these give swish.
    parameters={"p1": 1.0, "p2": 0.0, "beta": 1.0},
    learnable=("p1", "p2", "beta"),
    range=Interval(-0.2784645427610738, inf, True, False),
    wide=True,
    source=Source("Ma, Zhang, Liu, Sun", 2021, "Activate or not: learning customized activation"),
)
