"""The sine over its input: a bump with ripples that die out."""

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="sinc",
    formula="where(x == 0, 1, sin(x) / x)",
    # Near 0 its series: the difference loses all digits there.
    stable_derivative=(
        "where(abs(x) < 1, -x * (1 / 3 - x * x * (1 / 30 - x * x * (1 / 840 - x * x * (1 / 45360 - x * "
        "x * (1 / 3991680 - x * x * (1 / 518918400 - x * x * (1 / 93405312000 - x * x / "
        "22230464256000))))))), (cos(x) - sin(x) / x) / x)"
    ),
    range=Interval(-0.2172336282112216, 1.0, True, True),
    wide=True,
    source=Source("Efe", 2008, "Novel neuronal activation functions for feedforward neural networks"),
)
