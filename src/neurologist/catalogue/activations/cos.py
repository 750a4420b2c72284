"""The cosine: the feature map of random Fourier features."""

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="cos",
    formula="cos(x)",
    range=Interval(-1.0, 1.0, True, True),
    source=Source("Rahimi, Recht", 2007, "Random features for large-scale kernel machines"),
    aliases=("cosine",),
)
