"""One minus intersection over union of predicted and true region."""

from neurologist.catalogue.spec import NON_NEGATIVE, UNIT, Loss, Source

LOSS = Loss(
    name="jaccard",
    formula="1 - (sum(p * t) + smooth) / (sum(p + t - p * t) + smooth)",
    stable="sum(p * (1 - t) + t * (1 - p)) / (sum(p + t - p * t) + smooth)",
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
        "Rahman, Wang", 2016, "Optimizing intersection-over-union in deep neural networks for image segmentation"
    ),
    aliases=("iou",),
)
