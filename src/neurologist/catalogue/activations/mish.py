"""The input times the tanh of its softplus."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

# With e = exp(-|x|), tanh(log(1 + exp(x))) is a ratio of polynomials in e without a difference.
GATE = ("where(x < 0, E * (E + 2) / (E * (E + 2) + 2), (1 + 2 * E) / (1 + 2 * E + 2 * E * E))").replace(
    "E", "exp(-abs(x))"
)

ACTIVATION = Activation(
    name="mish",
    formula="x * tanh(log(1 + exp(x)))",
    stable=f"x * {GATE}",
    stable_derivative=f"{GATE} + x * ((1 - {GATE} * {GATE}) * sigmoid(x))",
    range=Interval(-0.3088434130172529, inf, True, False),
    wide=True,
    source=Source("Misra", 2019, "Mish: a self regularized non-monotonic activation function"),
    autograd=("MishBackward0",),
    torch_function="mish",
)
