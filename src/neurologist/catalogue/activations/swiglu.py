"""Swish of the input's first half, times its second half."""

from neurologist.catalogue.spec import REAL, Activation, Source

# The sigmoid in two factors: all of it is below the least number where an entry times it is not yet.
HALF = "exp(-abs(first(x)) / 2)"
ROOT = f"where(first(x) < 0, {HALF}, 1)"
REST = f"where(first(x) < 0, {HALF} / (1 + {HALF} * {HALF}), 1 / (1 + {HALF} * {HALF}))"

ACTIVATION = Activation(
    name="swiglu",
    formula="first(x) / (1 + exp(-first(x))) * second(x)",
    stable=f"first(x) * {ROOT} * second(x) * {REST}",
    vector=True,
    pullback=(
        f"join(g * second(x) * {ROOT} * (1 + first(x) * sigmoid(-first(x))) * {REST}, g * first(x) * {ROOT} * {REST})"
    ),
    widens=0.5,
    beside=1.0,
    range=REAL,
    source=Source("Shazeer", 2020, "GLU variants improve transformer"),
)
