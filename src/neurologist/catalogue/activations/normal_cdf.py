"""The probability that a standard normal variable lies below the input: the inverse of the probit link."""

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="normal_cdf",
    formula="erfc(-x / sqrt(2)) / 2",
    stable_derivative="bell(x) / sqrt(2 * pi)",
    range=Interval(0.0, 1.0),
    wide=True,
    source=Source("Bliss", 1934, "The method of probits"),
    aliases=("probit",),
)
