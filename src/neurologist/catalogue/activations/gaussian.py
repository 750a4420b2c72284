"""A bump at 0: a radial basis function of one input."""

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="gaussian",
    formula="exp(-x ** 2)",
    stable="gauss(x)",
    stable_derivative="-2 * (x * gauss(x))",
    range=Interval(0.0, 1.0, False, True),
    wide=True,
    source=Source("Broomhead, Lowe", 1988, "Multivariable functional interpolation and adaptive networks"),
)
