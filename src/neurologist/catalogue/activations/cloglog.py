"""The complementary log-log link's inverse: an asymmetric sigmoid, slow to leave 0 and quick to reach 1."""

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="cloglog",
    formula="1 - exp(-exp(x))",
    stable="-expm1(-exp(x))",
    stable_derivative="exp(x - exp(x))",
    range=Interval(0.0, 1.0),
    wide=True,
    source=Source(
        "Gomes, Ludermir",
        2008,
        ("Complementary log-log and probit: activation functions implemented in artificial neural networks"),
    ),
)
