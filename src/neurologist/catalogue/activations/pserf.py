"""The input times the error function of its softplus; both factors learnt."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="pserf",
    formula="x * erf(gamma * log(1 + exp(delta * x)))",
    stable="x * erf(gamma * softplus(delta * x))",
    stable_derivative=(
        "erf(gamma * softplus(delta * x)) + x * (2 / sqrt(pi) * gamma * delta * gauss(gamma * "
        "softplus(delta * x)) * sigmoid(delta * x))"
    ),
    parameters={"gamma": 1.25, "delta": 0.85},
    learnable=("gamma", "delta"),
    range=Interval(-0.5060068753569110, inf, True, False),
    wide=True,
    source=Source(
        "Biswas, Kumar, Banerjee, Pandey", 2022, "ErfAct and Pserf: non-monotonic smooth trainable activation functions"
    ),
)
