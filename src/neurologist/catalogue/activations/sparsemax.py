"""The probabilities nearest to the scores: scores far below the largest get exactly 0."""

from neurologist.catalogue.spec import UNIT, Activation, Source

# The threshold of the source is the largest of these means, taken over the k largest scores for every k.
Y = "max(x - max(x) - max((cumsum(sort(x - max(x))) - 1) / rank(x)), 0)"

ACTIVATION = Activation(
    name="sparsemax",
    formula="max(x - max((cumsum(sort(x)) - 1) / rank(x)), 0)",
    stable=Y,
    stable_derivative=f"where({Y} > 0, 1 - 1 / sum(where({Y} > 0, 1, 0)), 0)",
    derivative_from_output="where(y > 0, 1 - 1 / sum(where(y > 0, 1, 0)), 0)",
    vector=True,
    pullback=f"where({Y} > 0, g - sum(where({Y} > 0, g, 0)) / sum(where({Y} > 0, 1, 0)), 0)",
    range=UNIT,
    source=Source(
        "Martins, Astudillo",
        2016,
        "From softmax to sparsemax: a sparse model of attention and multi-label classification",
    ),
)
