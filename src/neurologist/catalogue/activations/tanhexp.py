"""The input times the tanh of its exponential."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="tanhexp",
    formula="x * tanh(exp(x))",
    # Beyond x = 10 the second term is 0 in every dtype; the cap keeps 0 * inf away.
    stable_derivative=(
        "tanh(exp(x)) + x * (4 * exp(min(x, 10)) * exp(-2 * exp(min(x, 10))) / (1 + exp(-2 * exp(min(x, 10)))) ** 2)"
    ),
    range=Interval(-0.3532857778482113, inf, True, False),
    wide=True,
    source=Source(
        "Liu, Di",
        2020,
        ("TanhExp: a smooth activation function with high convergence speed for lightweight neural networks"),
    ),
)
