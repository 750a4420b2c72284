"""The square of ReLU, scaled and shifted to mean 0 and variance 1 of a normal input."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="star_relu",
    formula="s * max(x, 0) ** 2 + b",
    stable="s * max(x, 0) * max(x, 0) + b",
    stable_derivative="2 * s * max(x, 0)",
    parameters={"s": 0.8944, "b": -0.4472},
    learnable=("s", "b"),
    range=Interval(-0.4472, inf, True, False),
    range_of=("b", "inf"),
    wide=True,
    source=Source("Yu, Si, Zhou, Luo, Zhou, Feng, Yan, Wang", 2022, "MetaFormer baselines for vision"),
)
