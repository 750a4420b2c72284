"""The logarithm of softmax, without taking the logarithm of a rounded probability."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

# What all entries but the largest weigh, beside its 1.
REST = "sum(where(top(x) > 0, 0, exp(x - max(x))))"

ACTIVATION = Activation(
    name="log_softmax",
    formula="log(exp(x) / sum(exp(x)))",
    stable=f"x - max(x) - log1p({REST})",
    stable_derivative=f"where(top(x) > 0, {REST}, 1 + {REST} - exp(x - max(x))) / (1 + {REST})",
    derivative_from_output="-expm1(y)",
    vector=True,
    pullback=(
        f"where(top(x) > 0, sum(g) * {REST} / (1 + {REST}) - sum(where(top(x) > 0, 0, g)), "
        f"g - sum(g) * exp(x - max(x)) / (1 + {REST}))"
    ),
    range=Interval(-inf, 0.0),
    source=Source(
        "Bridle",
        1990,
        (
            "Probabilistic interpretation of feedforward classification network outputs, with relationships "
            "to statistical pattern recognition"
        ),
    ),
    autograd=("LogSoftmaxBackward0",),
    torch_function="log_softmax",
)
