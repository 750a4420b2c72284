"""The input over 1 less a double-exponential bump: the identity above 0, collapsing to 0 below."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="colu",
    formula="x / (1 - x * exp(-(x + exp(x))))",
    # Below 0 numerator and denominator are multiplied by exp(x + exp(x)), which overflows in the other branch only.
    stable="where(x > 0, x / (1 - x * exp(-x - exp(x))), x * exp(x + exp(x)) / (exp(x + exp(x)) - x))",
    # The caps lie where what they stand in is 0 or lost beside 1 in every dtype.
    stable_derivative=(
        "where(x > 0, (1 - min(x, 8) * min(x, 8) * (1 + exp(min(x, 8))) * exp(-min(x, 8) - exp(min(x, "
        "8)))) / (1 - min(x, 8) * exp(-min(x, 8) - exp(min(x, 8)))) ** 2, exp(x + exp(x)) / (exp(x + "
        "exp(x)) - max(x, -1000)) * ((exp(x + exp(x)) - max(x, -1000) * max(x, -1000) * (1 + exp(x))) "
        "/ (exp(x + exp(x)) - max(x, -1000))))"
    ),
    range=Interval(-0.3771585683961292, inf, True, False),
    wide=True,
    source=Source("Vagerwal", 2021, "Deeper learning with CoLU activation"),
)
