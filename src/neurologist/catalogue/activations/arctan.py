"""The arc tangent: a sigmoidal function whose slope falls off like 1/x^2."""

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="arctan",
    formula="atan(x)",
    stable_derivative="1 / hypot(1, x) / hypot(1, x)",
    derivative_from_output="cos(y) ** 2",
    range=Interval(-1.5707963267948966, 1.5707963267948966),
    source=Source("Kamruzzaman, Aziz", 2002, "A note on activation function in multilayer feedforward learning"),
    aliases=("atan",),
)
