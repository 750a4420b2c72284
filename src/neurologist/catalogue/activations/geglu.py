"""GELU of the input's first half, times its second half."""

from neurologist.catalogue.spec import REAL, Activation, Source

ACTIVATION = Activation(
    name="geglu",
    formula="first(x) * erfc(-first(x) / sqrt(2)) / 2 * second(x)",
    stable="0.5 * first(x) * erfc(-first(x) / sqrt(2)) * second(x)",
    vector=True,
    pullback=(
        "join(g * second(x) * (0.5 * erfc(-first(x) / sqrt(2)) + first(x) * (bell(first(x)) "
        "/ sqrt(2 * pi))), g * (0.5 * first(x) * erfc(-first(x) / sqrt(2))))"
    ),
    widens=0.5,
    beside=1.0,
    range=REAL,
    source=Source("Shazeer", 2020, "GLU variants improve transformer"),
)
