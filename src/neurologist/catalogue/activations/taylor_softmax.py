"""Softmax with the exponential's second-order Taylor polynomial in its place."""

from neurologist.catalogue.spec import Activation, Interval, Source

# The polynomial, times 2 and over the square of the largest entry's size, so that no square overflows.
SIZE = "(1 + max(abs(x)))"
EACH = f"(((1 + x) / {SIZE}) ** 2 + (1 / {SIZE}) ** 2)"
Y = f"{EACH} / sum({EACH})"
SLOPE = f"2 * ((1 + x) / {SIZE}) / {SIZE} / sum({EACH})"  # of the polynomial, over the sum of all
FIRST = "top(abs(1 + x))"

ACTIVATION = Activation(
    name="taylor_softmax",
    formula="(1 + x + x ** 2 / 2) / sum(1 + x + x ** 2 / 2)",
    stable=Y,
    # The share of all entries but the largest: 1 less a probability near 1 would lose it.
    stable_derivative=f"{SLOPE} * where({FIRST} > 0, sum(where({FIRST} > 0, 0, {Y})), 1 - {Y})",
    vector=True,
    # With the largest entry's g taken off, so that 1 less its own probability is never formed.
    pullback=f"{SLOPE} * (g - sum({FIRST} * g) - sum({Y} * (g - sum({FIRST} * g))))",
    range=Interval(0.0, 1.0),
    source=Source(
        "de Brébisson, Vincent", 2016, "An exploration of softmax alternatives belonging to the spherical loss family"
    ),
)
