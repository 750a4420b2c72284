"""A yes or no for every image and text, instead of a choice among all."""

from neurologist.catalogue.spec import REAL, Loss, Source

LOSS = Loss(
    name="siglip",
    formula="sum(log(1 + exp((1 - 2 * y) * (scale * s + bias))))",
    stable="sum(softplus((1 - 2 * y) * (scale * s + bias)))",
    parameters={"scale": 10.0, "bias": -10.0},
    predictions=REAL,
    targets=REAL,
    target_kind="none",
    expects="real",
    vector=True,
    operands=("a", "b"),
    prepare="matches",
    prepared=("s", "y"),
    source=Source("Zhai, Mustafa, Kolesnikov, Beyer", 2023, "Sigmoid loss for language image pre-training"),
)
