"""The negative log-likelihood of a gamma distribution with a given shape, up to constants: for positive sizes."""

from math import inf

from neurologist.catalogue.spec import Interval, Loss, Source

LOSS = Loss(
    name="gamma_nll",
    formula="log(p) + t / p",
    predictions=Interval(0.0, inf),
    targets=Interval(0.0, inf),
    target_kind="real",
    expects="real",
    link="softplus",
    source=Source("McCullagh, Nelder", 1989, "Generalized linear models"),
)
