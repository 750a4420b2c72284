"""The input over the length of the vector (1, sqrt(alpha) x): a sigmoidal function without exponentials."""

from neurologist.catalogue.spec import POSITIVE, Activation, Interval, Source

ACTIVATION = Activation(
    name="isru",
    formula="x / sqrt(1 + alpha * x ** 2)",
    stable="x / hypot(1, sqrt(alpha) * x)",
    stable_derivative="1 / hypot(1, sqrt(alpha) * x) / hypot(1, sqrt(alpha) * x) / hypot(1, sqrt(alpha) * x)",
    parameters={"alpha": 1.0},
    domains={"alpha": POSITIVE},
    range=Interval(-1.0, 1.0),
    range_of=("-1 / sqrt(alpha)", "1 / sqrt(alpha)"),
    wide=True,
    source=Source(
        "Carlile, Delamarter, Kinney, Marti, Whitney",
        2017,
        "Improving deep learning by inverse square root linear units (ISRLUs)",
    ),
)
