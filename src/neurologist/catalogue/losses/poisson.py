"""The negative log-likelihood of a count, up to a constant: takes the rate."""

from math import inf

from neurologist.catalogue.spec import NON_NEGATIVE, Interval, Loss, Source

LOSS = Loss(
    name="poisson",
    formula="p - t * log(p)",
    predictions=Interval(0.0, inf),
    targets=NON_NEGATIVE,
    target_kind="count",
    expects="real",
    link="softplus",
    source=Source("Nelder, Wedderburn", 1972, "Generalized linear models"),
)
