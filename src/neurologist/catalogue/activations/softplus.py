"""A smooth ReLU, always positive; its slope is the sigmoid."""

from math import inf

from neurologist.catalogue.spec import POSITIVE, Activation, Interval, Source

ACTIVATION = Activation(
    name="softplus",
    formula="log(1 + exp(beta * x)) / beta",
    stable="softplus(beta * x) / beta",
    stable_derivative="sigmoid(beta * x)",
    derivative_from_output="-expm1(-beta * y)",
    parameters={"beta": 1.0},
    domains={"beta": POSITIVE},
    range=Interval(0.0, inf),
    source=Source(
        "Dugas, Bengio, Belisle, Nadeau, Garcia",
        2001,
        "Incorporating second-order functional knowledge for better option pricing",
    ),
    autograd=("SoftplusBackward0",),
    autograd_parameters={"beta": "_saved_beta"},
    torch_function="softplus",
)
