"""The smooth maximum of x and alpha x, by the error function; mu may be learnt."""

from neurologist.catalogue.spec import REAL, Activation, Source

ACTIVATION = Activation(
    name="smu",
    formula="((1 + alpha) * x + (1 - alpha) * x * erf(mu * (1 - alpha) * x)) / 2",
    stable="x * (alpha + (1 - alpha) / 2 * erfc(-mu * (1 - alpha) * x))",
    stable_derivative=(
        "alpha + (1 - alpha) / 2 * erfc(-mu * (1 - alpha) * x) + x * ((1 - alpha) ** 2 * mu / sqrt(pi) "
        "* gauss(-mu * (1 - alpha) * x))"
    ),
    parameters={"alpha": 0.01, "mu": 2.5},
    learnable=("mu",),
    range=REAL,
    wide=True,
    source=Source(
        "Biswas, Kumar, Banerjee, Pandey",
        2021,
        "SMU: smooth activation function for deep networks using smoothing maximum technique",
    ),
)
