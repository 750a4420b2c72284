"""The squared difference with two weights: asks for the expectile q."""

from neurologist.catalogue.spec import REAL, UNIT, Loss, Source

LOSS = Loss(
    name="expectile",
    formula="where(t > p, q, 1 - q) * (p - t) ** 2",
    parameters={"q": 0.5},
    domains={"q": UNIT},
    predictions=REAL,
    targets=REAL,
    target_kind="real",
    expects="real",
    source=Source("Newey, Powell", 1987, "Asymmetric least squares estimation and testing"),
)
