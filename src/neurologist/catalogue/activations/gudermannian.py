"""The Gudermannian: from hyperbolic to circular angles; its slope is 1 / cosh(x)."""

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="gudermannian",
    formula="2 * atan(tanh(x / 2))",
    stable="atan(sinh(x))",
    stable_derivative="2 * exp(-abs(x)) / (1 + exp(-2 * abs(x)))",
    derivative_from_output="cos(y)",
    range=Interval(-1.5707963267948966, 1.5707963267948966),
    source=Source(
        "Kunc, Kléma",
        2024,
        ("Three decades of activations: a comprehensive survey of 400 activation functions for neural networks"),
    ),
)
