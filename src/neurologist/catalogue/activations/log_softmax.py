"""The logarithm of softmax, without taking the logarithm of a rounded probability."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="log_softmax",
    formula="log(exp(x) / sum(exp(x)))",
    stable="x - max(x) - log(sum(exp(x - max(x))))",
    derivative_from_output="-expm1(y)",
    vector=True,
    range=Interval(-inf, 0.0),
    source=Source(
        "Bridle",
        1990,
        "Probabilistic interpretation of feedforward classification network outputs, "
        "with relationships to statistical pattern recognition",
    ),
    autograd=("LogSoftmaxBackward0",),
    torch_function="log_softmax",
)
