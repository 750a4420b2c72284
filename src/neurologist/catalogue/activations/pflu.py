"""The input times an inverse-square-root sigmoid: swish without exponentials."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="pflu",
    formula="x * (1 + x / sqrt(1 + x ** 2)) / 2",
    stable="where(x > 0, x * ((1 + x / hypot(x, 1)) / 2), x / hypot(x, 1) / (hypot(x, 1) - x) / 2)",
    stable_derivative=(
        "where(x > 0, (1 + x / hypot(x, 1) * (1 + 1 / hypot(x, 1) / hypot(x, 1))) / 2, (1 / hypot(x, "
        "1) / (hypot(x, 1) - x) + x / hypot(x, 1) / hypot(x, 1) / hypot(x, 1)) / 2)"
    ),
    range=Interval(-0.1501415530003888, inf, True, False),
    wide=True,
    source=Source(
        "Zhu, Zhou, Chen, Wang",
        2021,
        "PFLU and FPFLU: two novel non-monotonic activation functions in convolutional neural networks",
    ),
)
