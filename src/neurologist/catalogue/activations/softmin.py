"""Softmax of the negated scores: the smallest gets the largest probability."""

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="softmin",
    formula="exp(-x) / sum(exp(-x))",
    stable="softmax(-x)",
    # The share of all entries but the largest: 1 less a probability near 1 would lose it.
    stable_derivative="-softmax(-x) * where(top(-x) > 0, sum(where(top(-x) > 0, 0, softmax(-x))), 1 - softmax(-x))",
    derivative_from_output="-y * (1 - y)",
    vector=True,
    # With the smallest entry's g taken off, so that 1 less its own probability is never formed.
    pullback="-softmax(-x) * (g - sum(top(-x) * g) - sum(softmax(-x) * (g - sum(top(-x) * g))))",
    range=Interval(0.0, 1.0),
    source=Source(
        "Bridle",
        1990,
        (
            "Probabilistic interpretation of feedforward classification network outputs, with relationships "
            "to statistical pattern recognition"
        ),
    ),
    torch_function="softmin",
)
