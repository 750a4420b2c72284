"""The absolute difference: asks for the median, and minds outliers little."""

from neurologist.catalogue.spec import REAL, Loss, Source

LOSS = Loss(
    name="l1",
    formula="abs(p - t)",
    predictions=REAL,
    targets=REAL,
    target_kind="real",
    expects="real",
    source=Source("Laplace", 1774, "Memoire sur la probabilite des causes par les evenements"),
    torch_function="l1_loss",
    aliases=("mae",),
)
