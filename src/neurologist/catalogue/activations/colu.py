"""The input over 1 less a double-exponential bump: the identity above 0, collapsing to 0 below."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

# With s = x + exp(x) and q = exp(-|s|): where s < 0, numerator and denominator are multiplied by q. The caps lie where
# what they stand in is 0, or lost beside 1, in every dtype.
CAPPED = "min(max(x, -1000), 8)"
S = f"({CAPPED} + exp({CAPPED}))"
Q = f"exp(-abs({S}))"
D = f"where({S} > 0, 1 - {CAPPED} * {Q}, {Q} - {CAPPED})"
N = f"({CAPPED} * {CAPPED} * (1 + exp({CAPPED})))"

ACTIVATION = Activation(
    name="colu",
    formula="x / (1 - x * exp(-(x + exp(x))))",
    stable=f"where({S} > 0, x, {CAPPED} * {Q}) / {D}",
    stable_derivative=f"where({S} > 0, 1 - {N} * {Q}, {Q} * ({Q} - {N})) / ({D} * {D})",
    range=Interval(-0.3771585683961292, inf, True, False),
    wide=True,
    source=Source("Vagerwal", 2021, "Deeper learning with CoLU activation"),
)
