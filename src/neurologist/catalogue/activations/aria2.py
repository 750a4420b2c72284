"""The input times a power of its sigmoid: Richards' curve with two parameters."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="aria2",
    formula="x * (1 + exp(-beta * x)) ** -alpha",
    stable="x * sigmoid(beta * x) ** alpha",
    stable_derivative=(
        "sigmoid(beta * x) ** alpha + x * (alpha * beta * sigmoid(beta * x) ** alpha * sigmoid(-beta * x))"
    ),
    parameters={"alpha": 1.5, "beta": 2.0},
    range=Interval(-0.06997764131970143, inf, True, False),
    wide=True,
    source=Source(
        "Patwardhan, Ingalhalikar, Walambe",
        2018,
        (
            "ARiA: utilizing Richard's curve for controlling the non-monotonicity of the activation "
            "function in deep neural nets"
        ),
    ),
    aliases=("aria",),
)
