"""Linear above 0, an exponential that levels off at -alpha below."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="elu",
    formula="where(x > 0, x, alpha * (exp(x) - 1))",
    stable="where(x > 0, x, alpha * expm1(x))",
    derivative_from_output="where(y > 0, 1, y + alpha)",
    parameters={"alpha": 1.0},
    range=Interval(-1.0, inf),
    range_of=("-alpha", "inf"),
    source=Source(
        "Clevert, Unterthiner, Hochreiter",
        2016,
        "Fast and accurate deep network learning by exponential linear units (ELUs)",
    ),
    autograd=("EluBackward0",),
    autograd_parameters={"alpha": "_saved_alpha"},
    torch_function="elu",
)
