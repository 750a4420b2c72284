"""Swish with a learnt ripple."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="sinlu",
    formula="(x + a * sin(b * x)) / (1 + exp(-x))",
    stable="(x + a * sin(b * x)) * sigmoid(x)",
    stable_derivative=(
        "sigmoid(x) * (1 - a * b + 2 * a * b * cos(b * x / 2) ** 2 + (x + a * sin(b * x)) * sigmoid(-x))"
    ),
    parameters={"a": 1.0, "b": 1.0},
    learnable=("a", "b"),
    range=Interval(-0.4973705541899910, inf, True, False),
    wide=True,
    source=Source("Paul, Bandyopadhyay, Yoon, Geem, Sarkar", 2022, "SinLU: sinu-sigmoidal linear unit"),
)
