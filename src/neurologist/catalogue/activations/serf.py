"""The input times the error function of its softplus."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="serf",
    formula="x * erf(log(1 + exp(x)))",
    stable="x * erf(softplus(x))",
    stable_derivative="erf(softplus(x)) + x * (2 / sqrt(pi) * gauss(softplus(x)) * sigmoid(x))",
    range=Interval(-0.3484374587596064, inf, True, False),
    wide=True,
    source=Source(
        "Nag, Bhattacharyya, Mukherjee, Kundu",
        2023,
        ("SERF: towards better training of deep neural networks using log-softplus error activation function"),
    ),
)
