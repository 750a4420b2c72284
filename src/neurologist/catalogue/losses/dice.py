"""One minus the overlap of predicted and true region, relative to the mean of their sizes."""

from neurologist.catalogue.spec import NON_NEGATIVE, UNIT, Loss, Source

LOSS = Loss(
    name="dice",
    formula="1 - (2 * sum(p * t) + smooth) / (sum(p) + sum(t) + smooth)",
    stable="sum(p * (1 - t) + t * (1 - p)) / (sum(p) + sum(t) + smooth)",
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
        "Sudre, Li, Vercauteren, Ourselin, Cardoso",
        2017,
        "Generalised Dice overlap as a deep learning loss function for highly unbalanced segmentations",
    ),
)
