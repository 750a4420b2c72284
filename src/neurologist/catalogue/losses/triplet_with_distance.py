"""The triplet loss with a distance of your own (`distance_function`); dp and dn are its two values."""

from neurologist.catalogue.spec import REAL, Loss, Source

LOSS = Loss(
    name="triplet_with_distance",
    formula="max(0, dp - dn + margin)",
    parameters={"margin": 1.0},
    predictions=REAL,
    targets=REAL,
    target_kind="none",
    expects="real",
    vector=True,
    operands=("a", "p", "n"),
    prepared=("dp", "dn"),
    source=Source(
        "Balntas, Riba, Ponsa, Mikolajczyk",
        2016,
        "Learning local feature descriptors with triplets and shallow convolutional neural networks",
    ),
    torch_function="triplet_margin_with_distance_loss",
    delegated=True,
)
