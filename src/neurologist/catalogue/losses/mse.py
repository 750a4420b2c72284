"""The squared difference: the negative log-likelihood of a normal distribution, up to constants."""

from neurologist.catalogue.spec import REAL, Loss, Source

LOSS = Loss(
    name="mse",
    formula="(p - t) ** 2",
    predictions=REAL,
    targets=REAL,
    target_kind="real",
    expects="real",
    source=Source("Legendre", 1805, "Nouvelles methodes pour la determination des orbites des cometes"),
    autograd=("MseLossBackward0",),
    torch_function="mse_loss",
)
