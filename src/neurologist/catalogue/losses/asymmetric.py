"""Focal loss for many labels of which few are right: easy negatives are cut off altogether."""

from neurologist.catalogue.spec import NON_NEGATIVE, REAL, UNIT, Loss, Source

LOSS = Loss(
    name="asymmetric",
    formula=(
        "-(t * (1 - sigmoid(z)) ** gamma_pos * log(sigmoid(z)) + (1 - t) * max(sigmoid(z) - clip, 0) **"
        " gamma_neg * log(1 - max(sigmoid(z) - clip, 0)))"
    ),
    stable=(
        "t * sigmoid(-z) ** gamma_pos * softplus(-z) - (1 - t) * max(sigmoid(z) - clip, 0) ** gamma_neg"
        " * log1p(-max(sigmoid(z) - clip, 0))"
    ),
    parameters={"gamma_pos": 1.0, "gamma_neg": 4.0, "clip": 0.05},
    domains={"gamma_pos": NON_NEGATIVE, "gamma_neg": NON_NEGATIVE, "clip": UNIT},
    predictions=REAL,
    targets=UNIT,
    target_kind="probability",
    expects="logits",
    applies="sigmoid",
    source=Source(
        "Ridnik, Ben-Baruch, Zamir, Noy, Friedman, Protter, Zelnik-Manor",
        2021,
        "Asymmetric loss for multi-label classification",
    ),
)
