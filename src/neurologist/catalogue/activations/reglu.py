"""ReLU of the input's first half, times its second half."""

from neurologist.catalogue.spec import REAL, Activation, Source

ACTIVATION = Activation(
    name="reglu",
    formula="max(first(x), 0) * second(x)",
    vector=True,
    pullback="join(where(first(x) > 0, g * second(x), 0), g * max(first(x), 0))",
    widens=0.5,
    beside=1.0,
    range=REAL,
    source=Source("Shazeer", 2020, "GLU variants improve transformer"),
)
