"""Dynamic tanh: a learnt slope, scale and shift around tanh, in place of a normalisation layer."""

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="dyt",
    formula="gamma * tanh(alpha * x) + beta",
    stable_derivative=(
        "4 * gamma * alpha"
        " * (exp(-abs(2 * alpha * x)) / (1 + exp(-abs(2 * alpha * x))) / (1 + exp(-abs(2 * alpha * x))))"
    ),
    derivative_from_output="alpha * (gamma - (y - beta) ** 2 / gamma)",
    parameters={"alpha": 0.5, "gamma": 1.0, "beta": 0.0},
    learnable=("alpha", "gamma", "beta"),
    range=Interval(-1.0, 1.0),
    range_of=("beta - abs(gamma)", "beta + abs(gamma)"),
    source=Source("Zhu, Chen, He, LeCun, Liu", 2025, "Transformers without normalization"),
)
