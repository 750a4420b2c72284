"""The product of the input's two halves: a gated unit without a nonlinearity of its own."""

from neurologist.catalogue.spec import REAL, Activation, Source

ACTIVATION = Activation(
    name="bilinear",
    formula="first(x) * second(x)",
    vector=True,
    pullback="join(g * second(x), g * first(x))",
    widens=0.5,
    beside=1.0,
    range=REAL,
    source=Source("Mnih, Hinton", 2007, "Three new graphical models for statistical language modelling"),
)
