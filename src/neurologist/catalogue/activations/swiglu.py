"""Swish of the input's first half, times its second half."""

from neurologist.catalogue.spec import REAL, Activation, Source

ACTIVATION = Activation(
    name="swiglu",
    formula="first(x) / (1 + exp(-first(x))) * second(x)",
    stable="first(x) * sigmoid(first(x)) * second(x)",
    vector=True,
    pullback=(
        "join(g * second(x) * (sigmoid(first(x)) * (1 + first(x) * sigmoid(-first(x)))), g * (first(x) "
        "* sigmoid(first(x))))"
    ),
    widens=0.5,
    beside=1.0,
    range=REAL,
    source=Source("Shazeer", 2020, "GLU variants improve transformer"),
)
