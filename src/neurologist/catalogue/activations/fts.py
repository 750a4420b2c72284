"""Flatten-T swish: swish above 0, one value below it."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="fts",
    formula="max(x, 0) / (1 + exp(-x)) + t",
    stable="max(x, 0) * sigmoid(x) + t",
    stable_derivative="where(x > 0, sigmoid(x) * (1 + x * sigmoid(-x)), 0)",
    parameters={"t": -0.2},
    range=Interval(-0.2, inf, True, False),
    range_of=("t", "inf"),
    wide=True,
    source=Source(
        "Chieng, Wahid, Ong, Perla",
        2018,
        "Flatten-T swish: a thresholded ReLU-swish-like activation function for deep learning",
    ),
    aliases=("flatten_t_swish",),
)
