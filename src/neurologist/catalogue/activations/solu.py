"""Each entry times its softmax: the largest keeps its size, the others fade. The source adds a layer norm after it."""

from neurologist.catalogue.spec import REAL, Activation, Source

ACTIVATION = Activation(
    name="solu",
    formula="x * exp(x) / sum(exp(x))",
    stable="x * softmax(x)",
    # The share of all entries but the largest: 1 less a probability near 1 would lose it.
    stable_derivative=(
        "softmax(x) * (1 + x * where(top(x) > 0, sum(where(top(x) > 0, 0, softmax(x))), 1 - softmax(x)))"
    ),
    vector=True,
    # With the largest entry's share of g taken off, so that 1 less its own probability is never formed.
    pullback=("softmax(x) * (g + (g * x - sum(top(x) * g * x)) - sum(softmax(x) * (g * x - sum(top(x) * g * x))))"),
    range=REAL,
    source=Source("Elhage, Hume, Olsson, et al.", 2022, "Softmax linear units"),
)
