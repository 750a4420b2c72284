"""Logarithm, identity or exponential, by the sign of alpha, and all that lies between."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="soft_exponential",
    formula=(
        "where(alpha < 0, -log(1 - alpha * (x + alpha)) / alpha, where(alpha > 0, (exp(alpha * x) - 1) "
        "/ alpha + alpha, x))"
    ),
    stable=(
        "where(alpha < 0, -log1p(-alpha * (x + alpha)) / alpha, where(alpha > 0, expm1(alpha * x) / alpha + alpha, x))"
    ),
    stable_derivative="where(alpha < 0, 1 / (1 - alpha * (x + alpha)), exp(alpha * x))",
    parameters={"alpha": 0.5},
    learnable=("alpha",),
    range=Interval(-1.5, inf),
    range_of=("where(alpha > 0, alpha - 1 / max(alpha, 1e-300), -inf)", "inf"),
    wide=True,
    source=Source(
        "Godfrey, Gashler",
        2015,
        (
            "A continuum among logarithmic, linear, and exponential functions, and its potential to improve "
            "generalization in neural networks"
        ),
    ),
)
