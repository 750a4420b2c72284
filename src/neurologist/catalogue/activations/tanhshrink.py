"""The input less its tanh: flat at 0, and the identity moved by 1 far out."""

from neurologist.catalogue.spec import REAL, Activation, Source

ACTIVATION = Activation(
    name="tanhshrink",
    formula="x - tanh(x)",
    # x cosh(x) - sinh(x) as a series of positive terms, over cosh(x): the difference loses all digits near 0.
    stable=(
        "where(abs(x) < 1, x * x * x * (1 / 3 + x * x * (1 / 30 + x * x * (1 / 840 + x * x * (1 / "
        "45360 + x * x * (1 / 3991680 + x * x * (1 / 518918400 + x * x * (1 / 93405312000 + x * x / "
        "22230464256000))))))) * (2 * exp(-abs(x)) / (1 + exp(-2 * abs(x)))), "
        "where(x < 0, -1, 1) * (abs(x) - 1 + 2 * exp(-2 * abs(x)) / (1 + exp(-2 * abs(x)))))"
    ),
    stable_derivative="tanh(x) ** 2",
    range=REAL,
    source=Source(
        "Kunc, Kléma",
        2024,
        ("Three decades of activations: a comprehensive survey of 400 activation functions for neural networks"),
    ),
    torch_function="tanhshrink",
    aliases=("tanh_shrink",),
)
