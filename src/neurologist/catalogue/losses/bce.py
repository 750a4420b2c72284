"""The negative log-likelihood of a binary outcome: takes a probability. Its logarithms stop at -100, as torch's do."""

from neurologist.catalogue.spec import UNIT, Loss, Source

LOSS = Loss(
    name="bce",
    formula="-(t * log(p) + (1 - t) * log(1 - p))",
    stable="-(t * max(log(p), -100) + (1 - t) * max(log1p(-p), -100))",
    stable_derivative="(1 - t) / (1 - p) - t / p",
    predictions=UNIT,
    targets=UNIT,
    target_kind="probability",
    expects="probabilities",
    link="sigmoid",
    source=Source("Cox", 1958, "The regression analysis of binary sequences"),
    autograd=("BinaryCrossEntropyBackward0",),
    torch_function="binary_cross_entropy",
    aliases=("binary_cross_entropy",),
)
