"""The logistic sigmoid: squashes to (0, 1); the inverse of the log-odds."""

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="sigmoid",
    formula="1 / (1 + exp(-x))",
    stable="sigmoid(x)",
    stable_derivative="exp(-abs(x)) / ((1 + exp(-abs(x))) * (1 + exp(-abs(x))))",
    derivative_from_output="y * (1 - y)",
    range=Interval(0.0, 1.0),
    source=Source("Rumelhart, Hinton, Williams", 1986, "Learning representations by back-propagating errors"),
    autograd=("SigmoidBackward0",),
    torch_function="sigmoid",
    aliases=("logistic",),
)
