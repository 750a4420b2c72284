"""1 at the largest entry and 0 elsewhere: softmax as its scores grow without end."""

from neurologist.catalogue.spec import UNIT, Activation, Source

ACTIVATION = Activation(
    name="hardmax",
    formula="top(x)",
    derivative_from_output="0",
    vector=True,
    pullback="0",
    range=UNIT,
    source=Source("ONNX contributors", 2017, "Open Neural Network Exchange operators: Hardmax"),
)
