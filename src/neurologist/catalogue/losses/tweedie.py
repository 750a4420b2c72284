"""The deviance between those of counts (power 1) and gamma sizes (power 2), up to constants: sizes with exact zeros."""

from math import inf

from neurologist.catalogue.spec import NON_NEGATIVE, Interval, Loss, Source

LOSS = Loss(
    name="tweedie",
    formula="p ** (2 - power) / (2 - power) - t * p ** (1 - power) / (1 - power)",
    parameters={"power": 1.5},
    domains={"power": Interval(1.0, 2.0)},
    predictions=Interval(0.0, inf),
    targets=NON_NEGATIVE,
    target_kind="real",
    expects="real",
    link="softplus",
    source=Source("Jorgensen", 1987, "Exponential dispersion models"),
)
