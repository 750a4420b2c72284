"""The hyperbolic tangent: squashes to (-1, 1), odd, slope 1 at 0."""

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="tanh",
    formula="(exp(x) - exp(-x)) / (exp(x) + exp(-x))",
    stable="tanh(x)",
    stable_derivative="1 / cosh(x) / cosh(x)",
    derivative_from_output="1 - y * y",
    range=Interval(-1.0, 1.0),
    source=Source("LeCun, Bottou, Orr, Mueller", 1998, "Efficient BackProp"),
    autograd=("TanhBackward0",),
    torch_function="tanh",
)
