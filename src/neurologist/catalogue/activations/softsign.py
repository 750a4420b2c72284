"""A sigmoidal function that nears its ends slowly, like 1/x."""

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="softsign",
    formula="x / (1 + abs(x))",
    stable_derivative="1 / (1 + abs(x)) / (1 + abs(x))",
    derivative_from_output="(1 - abs(y)) ** 2",
    range=Interval(-1.0, 1.0),
    source=Source("Turian, Bergstra, Bengio", 2009, "Quadratic features and deep architectures for chunking"),
    torch_function="softsign",
)
