"""The input times its error function: GELU mirrored, and so even."""

from neurologist.catalogue.spec import NON_NEGATIVE, Activation, Source

ACTIVATION = Activation(
    name="sgelu",
    formula="a * x * erf(x / sqrt(2))",
    stable_derivative="a * (erf(x / sqrt(2)) + sqrt(2 / pi) * (x * bell(x)))",
    parameters={"a": 1.0},
    range=NON_NEGATIVE,
    source=Source("Yu, Su", 2019, "Symmetrical Gaussian error linear units (SGELUs)"),
)
