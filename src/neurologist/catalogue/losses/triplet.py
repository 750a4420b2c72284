"""How far an anchor is from being closer to its like than to its unlike by the margin."""

from neurologist.catalogue.spec import REAL, Loss, Source

LOSS = Loss(
    name="triplet",
    formula="max(0, sqrt(sum((a - p + eps) ** 2)) - sqrt(sum((a - n + eps) ** 2)) + margin)",
    parameters={"margin": 1.0, "eps": 1e-06},
    predictions=REAL,
    targets=REAL,
    target_kind="none",
    expects="real",
    vector=True,
    operands=("a", "p", "n"),
    source=Source(
        "Balntas, Riba, Ponsa, Mikolajczyk",
        2016,
        "Learning local feature descriptors with triplets and shallow convolutional neural networks",
    ),
    torch_function="triplet_margin_loss",
    exact_in_torch=False,
    aliases=("triplet_margin",),
)
