"""Half way between softmax and sparsemax: smooth, and with exact zeros."""

from neurologist.catalogue.spec import UNIT, Activation, Source

# The threshold that the k largest entries ask for, for every k; then that of the largest k whose entries all pass it.
Z = "((x - max(x)) / 2)"
SORTED = f"sort({Z})"
MEAN = f"cumsum({SORTED}) / rank(x)"
SPREAD = f"(cumsum({SORTED} ** 2) - rank(x) * ({MEAN}) ** 2)"
EACH = f"({MEAN} - sqrt(max((1 - {SPREAD}) / rank(x), 0)))"
ROOT = f"max({Z} - sum(where(rank(x) == sum(where({EACH} <= {SORTED}, 1, 0)), {EACH}, 0)), 0)"

ACTIVATION = Activation(
    name="entmax15",
    formula=f"({ROOT}) ** 2",
    stable_derivative=f"{ROOT} - ({ROOT}) ** 2 / sum({ROOT})",
    derivative_from_output="sqrt(y) - y / sum(sqrt(y))",
    vector=True,
    pullback=f"{ROOT} * (g - sum(g * {ROOT}) / sum({ROOT}))",
    range=UNIT,
    source=Source("Peters, Niculae, Martins", 2019, "Sparse sequence-to-sequence models"),
)
