"""The square: a network of these computes polynomials."""

from neurologist.catalogue.spec import NON_NEGATIVE, Activation, Source

ACTIVATION = Activation(
    name="square",
    formula="x ** 2",
    stable="x * x",
    stable_derivative="2 * x",
    range=NON_NEGATIVE,
    source=Source("Livni, Shalev-Shwartz, Shamir", 2014, "On the computational efficiency of training neural networks"),
    aliases=("quadratic",),
)
