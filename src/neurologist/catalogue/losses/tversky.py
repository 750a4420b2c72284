"""One minus the overlap, with weights for what is wrongly marked (alpha) and wrongly left out (beta)."""

from neurologist.catalogue.spec import NON_NEGATIVE, UNIT, Loss, Source

LOSS = Loss(
    name="tversky",
    formula="1 - (sum(p * t) + smooth) / (sum(p * t) + alpha * sum(p * (1 - t)) + beta * sum((1 - p) * t) + smooth)",
    stable=(
        "sum(alpha * p * (1 - t) + beta * (1 - p) * t) / (sum(p * t) + sum(alpha * p * (1 - t) + beta *"
        " (1 - p) * t) + smooth)"
    ),
    parameters={"alpha": 0.5, "beta": 0.5, "smooth": 1e-07},
    domains={"alpha": NON_NEGATIVE, "beta": NON_NEGATIVE, "smooth": NON_NEGATIVE},
    predictions=UNIT,
    targets=UNIT,
    target_kind="probability",
    expects="probabilities",
    link="sigmoid",
    vector=True,
    along="sample",
    source=Source(
        "Salehi, Erdogmus, Gholipour",
        2017,
        "Tversky loss function for image segmentation using 3D fully convolutional deep networks",
    ),
)
