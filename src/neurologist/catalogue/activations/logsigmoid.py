"""The logarithm of the sigmoid: the log-likelihood of one binary outcome."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="logsigmoid",
    formula="log(1 / (1 + exp(-x)))",
    stable="-softplus(-x)",
    stable_derivative="sigmoid(-x)",
    derivative_from_output="-expm1(y)",
    range=Interval(-inf, 0.0),
    source=Source("Cox", 1958, "The regression analysis of binary sequences"),
    autograd=("LogSigmoidBackward0",),
    torch_function="logsigmoid",
    aliases=("log_sigmoid",),
)
