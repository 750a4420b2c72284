"""The identity with a bend at 0: slope 1/2 on the left, 3/2 on the right."""

from neurologist.catalogue.spec import REAL, Activation, Source

ACTIVATION = Activation(
    name="bent_identity",
    formula="(sqrt(x ** 2 + 1) - 1) / 2 + x",
    stable="x + x * (x / (1 + hypot(x, 1)) / 2)",
    stable_derivative="1 + x / hypot(x, 1) / 2",
    range=REAL,
    source=Source(
        "Kunc, Kléma",
        2024,
        ("Three decades of activations: a comprehensive survey of 400 activation functions for neural networks"),
    ),
)
