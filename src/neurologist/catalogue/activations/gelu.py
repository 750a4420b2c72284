"""The input times the probability that a standard normal lies below it."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="gelu",
    formula="x * erfc(-x / sqrt(2)) / 2",
    stable="0.5 * x * erfc(-x / sqrt(2))",
    stable_derivative="0.5 * erfc(-x / sqrt(2)) + x * (gauss(-x / sqrt(2)) / sqrt(2 * pi))",
    range=Interval(-0.16997120747990369, inf, True, False),
    wide=True,
    source=Source("Hendrycks, Gimpel", 2016, "Gaussian error linear units (GELUs)"),
    autograd=("GeluBackward0",),
    torch_function="gelu",
)
