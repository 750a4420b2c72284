"""The Tversky loss to a power below 1: regions that are nearly right keep their slope."""

from neurologist.catalogue.spec import NON_NEGATIVE, POSITIVE, UNIT, Loss, Source

WRONG = "sum(alpha * p * (1 - t) + beta * (1 - p) * t)"
SHARE = f"{WRONG} / (sum(p * t) + {WRONG} + smooth)"

LOSS = Loss(
    name="focal_tversky",
    formula=(
        "(1 - (sum(p * t) + smooth) / (sum(p * t) + alpha * sum(p * (1 - t)) + beta * sum((1 - p) * t)"
        " + smooth)) ** (1 / gamma)"
    ),
    stable=f"({SHARE}) ** (1 / gamma)",
    parameters={"alpha": 0.7, "beta": 0.3, "gamma": 1.3333333333333333, "smooth": 1e-07},
    domains={"alpha": NON_NEGATIVE, "beta": NON_NEGATIVE, "gamma": POSITIVE, "smooth": NON_NEGATIVE},
    predictions=UNIT,
    targets=UNIT,
    target_kind="probability",
    expects="probabilities",
    link="sigmoid",
    vector=True,
    along="sample",
    source=Source(
        "Abraham, Khan",
        2019,
        "A novel focal Tversky loss function with improved attention U-Net for lesion segmentation",
    ),
)
