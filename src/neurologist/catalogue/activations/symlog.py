"""A logarithm on either side, linear at 0: squeezes values of any size."""

from neurologist.catalogue.spec import REAL, Activation, Source

ACTIVATION = Activation(
    name="symlog",
    formula="where(x > 0, log(1 + x), -log(1 - x))",
    stable="where(x > 0, log1p(abs(x)), -log1p(abs(x)))",
    stable_derivative="1 / (1 + abs(x))",
    derivative_from_output="exp(-abs(y))",
    range=REAL,
    source=Source("Hafner, Pasukonis, Ba, Lillicrap", 2023, "Mastering diverse domains through world models"),
)
