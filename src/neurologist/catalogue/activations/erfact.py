"""The input times the error function of its exponential; both factors learnt."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="erfact",
    formula="x * erf(alpha * exp(beta * x))",
    # Where the exponent passes 80 the second term is 0 in every dtype; the cap keeps 0 * inf away.
    stable_derivative=(
        "erf(alpha * exp(min(beta * x, 80))) + x * (2 / sqrt(pi) * gauss(alpha * exp(min(beta * x, 80))) * "
        "(alpha * beta * exp(min(beta * x, 80))))"
    ),
    parameters={"alpha": 0.75, "beta": 0.75},
    learnable=("alpha", "beta"),
    range=Interval(-0.4052808451734580, inf, True, False),
    wide=True,
    source=Source(
        "Biswas, Kumar, Banerjee, Pandey", 2022, "ErfAct and Pserf: non-monotonic smooth trainable activation functions"
    ),
)
