"""The identity with a learnt ripple: fits and extrapolates periodic functions."""

from neurologist.catalogue.spec import POSITIVE, REAL, Activation, Source

ACTIVATION = Activation(
    name="snake",
    formula="x + sin(a * x) ** 2 / a",
    stable_derivative="(sin(a * x) + cos(a * x)) ** 2",
    parameters={"a": 1.0},
    domains={"a": POSITIVE},
    learnable=("a",),
    range=REAL,
    wide=True,
    source=Source("Ziyin, Hartwig, Ueda", 2020, "Neural networks fail to learn periodic functions and how to fix it"),
)
