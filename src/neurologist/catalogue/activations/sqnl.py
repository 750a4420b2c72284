"""Two parabolas between -1 and 1: a sigmoidal function without exponentials."""

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="sqnl",
    formula="where(x > 2, 1, where(x >= 0, x - x ** 2 / 4, where(x >= -2, x + x ** 2 / 4, -1)))",
    stable_derivative="max(1 - abs(x) / 2, 0)",
    derivative_from_output="sqrt(1 - abs(y))",
    range=Interval(-1.0, 1.0, True, True),
    source=Source("Wuraola, Patel", 2018, "SQNL: a new computationally efficient activation function"),
)
