"""One minus the cosine of the angle between prediction and target: their lengths do not matter."""

from neurologist.catalogue.spec import REAL, Loss, Source

COSINE = "sum(p * t) / (sqrt(max(sum(p ** 2), eps ** 2)) * sqrt(max(sum(t ** 2), eps ** 2)))"
# One minus it, as half the squared distance of the unit vectors: keeps its digits for like directions.
APART = (
    "where(min(sum(p ** 2), sum(t ** 2)) > eps ** 2, sum((p / sqrt(max(sum(p ** 2), eps ** 2))"
    " - t / sqrt(max(sum(t ** 2), eps ** 2))) ** 2) / 2, 1)"
)

LOSS = Loss(
    name="cosine",
    formula=f"1 - {COSINE}",
    stable=APART,
    parameters={"eps": 1e-08},
    predictions=REAL,
    targets=REAL,
    target_kind="real",
    expects="real",
    vector=True,
    source=Source("Salton, McGill", 1983, "Introduction to modern information retrieval"),
    aliases=("cosine_distance",),
)
