"""One minus the cosine for like pairs (1); the cosine beyond the margin for unlike ones (-1)."""

from neurologist.catalogue.spec import REAL, Interval, Loss, Source

COSINE = "sum(a * b) / (sqrt(max(sum(a ** 2), eps ** 2)) * sqrt(max(sum(b ** 2), eps ** 2)))"
# One minus it, as half the squared distance of the unit vectors: keeps its digits for like directions.
APART = (
    "where(min(sum(a ** 2), sum(b ** 2)) > eps ** 2, sum((a / sqrt(max(sum(a ** 2), eps ** 2))"
    " - b / sqrt(max(sum(b ** 2), eps ** 2))) ** 2) / 2, 1)"
)

LOSS = Loss(
    name="cosine_embedding",
    formula=f"where(t > 0, 1 - {COSINE}, max(0, {COSINE} - margin))",
    stable=f"where(t > 0, {APART}, max(0, {COSINE} - margin))",
    parameters={"margin": 0.0, "eps": 1e-06},
    predictions=REAL,
    targets=Interval(-1.0, 1.0, True, True),
    target_kind="sign",
    expects="real",
    vector=True,
    operands=("a", "b", "t"),
    shapes={"t": "row"},
    source=Source(
        "Bromley, Guyon, LeCun, Sackinger, Shah",
        1993,
        "Signature verification using a siamese time delay neural network",
    ),
    torch_function="cosine_embedding_loss",
    exact_in_torch=False,
)
