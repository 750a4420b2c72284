"""The inverse hyperbolic sine: linear at 0, logarithmic far out, and smooth."""

from neurologist.catalogue.spec import REAL, Activation, Source

ACTIVATION = Activation(
    name="asinh",
    formula="asinh(x)",
    # torch's asinh overflows in its square; beyond 1e8 it is the logarithm of 2x in every dtype.
    stable=(
        "where(x < 0, -1, 1) * (log1p(where(abs(x) > 1e8, abs(x), abs(x) + abs(x) * (abs(x) / (1 + sqrt(1 + x * x)))))"
        " + where(abs(x) > 1e8, log(2), 0))"
    ),
    stable_derivative="1 / hypot(1, x)",
    range=REAL,
    source=Source(
        "Kunc, Kléma",
        2024,
        ("Three decades of activations: a comprehensive survey of 400 activation functions for neural networks"),
    ),
    aliases=("arcsinh",),
)
