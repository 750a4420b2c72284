"""One minus the overlap, relative to the mean of the sums of squares."""

from neurologist.catalogue.spec import NON_NEGATIVE, UNIT, Loss, Source

LOSS = Loss(
    name="dice_squared",
    formula="1 - (2 * sum(p * t) + smooth) / (sum(p ** 2) + sum(t ** 2) + smooth)",
    stable="sum((p - t) ** 2) / (sum(p ** 2) + sum(t ** 2) + smooth)",
    parameters={"smooth": 1e-07},
    domains={"smooth": NON_NEGATIVE},
    predictions=UNIT,
    targets=UNIT,
    target_kind="probability",
    expects="probabilities",
    link="sigmoid",
    vector=True,
    along="sample",
    source=Source(
        "Milletari, Navab, Ahmadi",
        2016,
        "V-Net: fully convolutional neural networks for volumetric medical image segmentation",
    ),
)
