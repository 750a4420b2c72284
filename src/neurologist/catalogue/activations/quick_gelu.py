"""GELU with the normal probability approximated by a sigmoid."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="quick_gelu",
    formula="x / (1 + exp(-1.702 * x))",
    stable="x * sigmoid(1.702 * x)",
    stable_derivative="sigmoid(1.702 * x) + x * sigmoid(1.702 * x) * (1.702 * sigmoid(-1.702 * x))",
    range=Interval(-0.16361018963, inf, True, False),
    wide=True,
    source=Source("Hendrycks, Gimpel", 2016, "Gaussian error linear units (GELUs)"),
)
