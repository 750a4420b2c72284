"""Linear above 0, an inverse square root that levels off below."""

from math import inf

from neurologist.catalogue.spec import POSITIVE, Activation, Interval, Source

ACTIVATION = Activation(
    name="isrlu",
    formula="where(x > 0, x, x / sqrt(1 + alpha * x ** 2))",
    stable="where(x > 0, x, x / hypot(1, sqrt(alpha) * x))",
    stable_derivative=(
        "where(x > 0, 1, 1 / hypot(1, sqrt(alpha) * x) / hypot(1, sqrt(alpha) * x) / hypot(1, sqrt(alpha) * x))"
    ),
    parameters={"alpha": 1.0},
    domains={"alpha": POSITIVE},
    range=Interval(-1.0, inf),
    range_of=("-1 / sqrt(alpha)", "inf"),
    wide=True,
    source=Source(
        "Carlile, Delamarter, Kinney, Marti, Whitney",
        2017,
        "Improving deep learning by inverse square root linear units (ISRLUs)",
    ),
)
