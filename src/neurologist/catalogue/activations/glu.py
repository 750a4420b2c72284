"""The input's first half times the sigmoid of its second half."""

from neurologist.catalogue.spec import REAL, Activation, Source

# The root of the sigmoid's slope: the whole slope is below the least number where an entry times it is not yet.
HALF = "(exp(-abs(second(x)) / 2) / (1 + exp(-abs(second(x)))))"

ACTIVATION = Activation(
    name="glu",
    formula="first(x) / (1 + exp(-second(x)))",
    stable="first(x) * sigmoid(second(x))",
    vector=True,
    pullback=f"join(g * sigmoid(second(x)), g * first(x) * {HALF} * {HALF})",
    widens=0.5,
    beside=1.0,
    range=REAL,
    source=Source("Dauphin, Fan, Auli, Grangier", 2017, "Language modeling with gated convolutional networks"),
    autograd=("GluBackward0",),
    torch_function="glu",
)
