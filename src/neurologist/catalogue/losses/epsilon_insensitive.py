"""The absolute difference beyond epsilon; nothing within."""

from neurologist.catalogue.spec import NON_NEGATIVE, REAL, Loss, Source

LOSS = Loss(
    name="epsilon_insensitive",
    formula="max(abs(p - t) - epsilon, 0)",
    parameters={"epsilon": 0.1},
    domains={"epsilon": NON_NEGATIVE},
    predictions=REAL,
    targets=REAL,
    target_kind="real",
    expects="real",
    source=Source("Vapnik", 1995, "The nature of statistical learning theory"),
)
