"""The Gauss error function: a sigmoidal function that settles as fast as a normal density falls."""

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="erf",
    formula="erf(x)",
    range=Interval(-1.0, 1.0),
    source=Source("Duch, Jankowski", 1999, "Survey of neural transfer functions"),
)
