"""Binary cross-entropy of every pair of a list: the one with the larger target should score higher."""

from neurologist.catalogue.spec import REAL, Loss, Source

LOSS = Loss(
    name="rank_net",
    formula="sum(w * log(1 + exp(-d)))",
    stable="sum(w * softplus(-d))",
    predictions=REAL,
    targets=REAL,
    target_kind="real",
    expects="logits",
    vector=True,
    prepare="pairs",
    prepared=("d", "w"),
    source=Source(
        "Burges, Shaked, Renshaw, Lazier, Deeds, Hamilton, Hullender", 2005, "Learning to rank using gradient descent"
    ),
)
