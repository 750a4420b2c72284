"""The identity above 0, a small wave below it; it jumps at 0."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="sine_relu",
    formula="where(x > 0, x, epsilon * (sin(x) - cos(x)))",
    parameters={"epsilon": 0.0025},
    range=Interval(-0.003535533905932738, inf, True, False),
    range_of=("-sqrt(2) * epsilon", "inf"),
    wide=True,
    source=Source("Rodrigues", 2018, "SineReLU: an alternative to the ReLU activation function"),
)
