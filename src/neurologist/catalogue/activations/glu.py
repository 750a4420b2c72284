"""The input's first half times the sigmoid of its second half."""

from neurologist.catalogue.spec import REAL, Activation, Source

ACTIVATION = Activation(
    name="glu",
    formula="first(x) / (1 + exp(-second(x)))",
    stable="first(x) * sigmoid(second(x))",
    vector=True,
    pullback="join(g * sigmoid(second(x)), g * first(x) * sigmoid(second(x)) * sigmoid(-second(x)))",
    widens=0.5,
    beside=1.0,
    range=REAL,
    source=Source("Dauphin, Fan, Auli, Grangier", 2017, "Language modeling with gated convolutional networks"),
    autograd=("GluBackward0",),
    torch_function="glu",
)
