"""Similarities of like (sp) and unlike (sn) items, each weighted by how it compares with the others."""

from neurologist.catalogue.spec import POSITIVE, REAL, Interval, Loss, Source

LOSS = Loss(
    name="multi_similarity",
    formula="log(1 + sum(exp(-alpha * (sp - base)))) / alpha + log(1 + sum(exp(beta * (sn - base)))) / beta",
    stable="softplus(logsumexp(-alpha * (sp - base))) / alpha + softplus(logsumexp(beta * (sn - base))) / beta",
    parameters={"alpha": 2.0, "beta": 50.0, "base": 0.5},
    domains={"alpha": POSITIVE, "beta": POSITIVE},
    predictions=Interval(-1.0, 1.0, True, True),
    targets=REAL,
    target_kind="none",
    expects="real",
    link="tanh",
    vector=True,
    operands=("sp", "sn"),
    shapes={"sn": "length"},
    source=Source(
        "Wang, Han, Huang, Dong, Scott",
        2019,
        "Multi-similarity loss with general pair weighting for deep metric learning",
    ),
)
