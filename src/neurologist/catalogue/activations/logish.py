"""The input times the logarithm of 1 plus its sigmoid."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="logish",
    formula="x * log(1 + 1 / (1 + exp(-x)))",
    stable="x * log1p(sigmoid(x))",
    stable_derivative="log1p(sigmoid(x)) + x * (sigmoid(x) * sigmoid(-x) / (1 + sigmoid(x)))",
    range=Interval(-0.2527688167894404, inf, True, False),
    wide=True,
    source=Source(
        "Zhu, Meng, Chen, Zhang",
        2021,
        "Logish: a new nonlinear nonmonotonic activation function for convolutional neural network",
    ),
)
