"""The input times the tanh of its softplus."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="mish",
    formula="x * tanh(log(1 + exp(x)))",
    stable="x * tanh(softplus(x))",
    range=Interval(-0.3088434130172529, inf, True, False),
    wide=True,
    source=Source("Misra", 2019, "Mish: a self regularized non-monotonic activation function"),
    autograd=("MishBackward0",),
    torch_function="mish",
)
