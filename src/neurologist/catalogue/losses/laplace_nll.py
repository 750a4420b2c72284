"""The negative log-likelihood of a Laplace distribution whose scale is predicted too."""

from neurologist.catalogue.spec import NON_NEGATIVE, POSITIVE, REAL, Loss, Source

LOSS = Loss(
    name="laplace_nll",
    formula="log(2 * max(b, eps)) + abs(p - t) / max(b, eps)",
    parameters={"eps": 1e-06},
    predictions=REAL,
    targets=REAL,
    target_kind="real",
    expects="real",
    operands=("p", "t", "b"),
    domains={"eps": POSITIVE, "b": NON_NEGATIVE},
    shapes={"b": "broadcast"},
    source=Source("Kotz, Kozubowski, Podgorski", 2001, "The Laplace distribution and generalizations"),
)
