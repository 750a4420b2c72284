"""Cross-entropy over cosines: each item should find its other view among all items of both views."""

from neurologist.catalogue.spec import POSITIVE, REAL, Loss, Source

# of the largest
REST = "(sum(where(s < max(s), exp((s - max(s)) / temperature), 0)) + (sum(where(s < max(s), 0, 1)) - 1))"

LOSS = Loss(
    name="nt_xent",
    formula="-log(sum(y * exp(s / temperature)) / sum(exp(s / temperature)))",
    stable=f"sum(y * (max(s) - s)) / temperature + log1p({REST})",
    parameters={"temperature": 0.5},
    domains={"temperature": POSITIVE},
    predictions=REAL,
    targets=REAL,
    target_kind="none",
    expects="real",
    vector=True,
    operands=("a", "b"),
    prepare="views",
    prepared=("s", "y"),
    source=Source(
        "Chen, Kornblith, Norouzi, Hinton",
        2020,
        "A simple framework for contrastive learning of visual representations",
    ),
)
