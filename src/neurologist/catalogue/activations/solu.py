"""Each entry times its softmax: the largest keeps its size, the others fade. The source adds a layer norm after it."""

from neurologist.catalogue.spec import REAL, Activation, Source

# The softmax in two factors: all of it is below the least number where an entry times it is not yet.
ROOT = "exp((x - max(x)) / 2)"
REST = f"({ROOT} / sum({ROOT} * {ROOT}))"
SHARE = f"{ROOT} * {REST}"

ACTIVATION = Activation(
    name="solu",
    formula="x * exp(x) / sum(exp(x))",
    stable=f"x * {ROOT} * {REST}",
    # The share of all entries but the largest: 1 less a probability near 1 would lose it.
    stable_derivative=(
        f"{ROOT} * (1 + x * where(top(x) > 0, sum(where(top(x) > 0, 0, {SHARE})), 1 - {SHARE})) * {REST}"
    ),
    vector=True,
    # With the largest entry's share of g taken off, so that 1 less its own probability is never formed.
    pullback=(
        f"{ROOT} * (g + (g * x - sum(top(x) * g * x)) - sum({ROOT} * (g * x - sum(top(x) * g * x)) * {REST})) * {REST}"
    ),
    range=REAL,
    source=Source("Elhage, Hume, Olsson, et al.", 2022, "Softmax linear units"),
)
