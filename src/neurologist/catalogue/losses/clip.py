"""InfoNCE both ways round: each image should find its text, and each text its image."""

from neurologist.catalogue.spec import POSITIVE, REAL, Loss, Source

# of the largest
REST = "(sum(where(s < max(s), exp((s - max(s)) / temperature), 0)) + (sum(where(s < max(s), 0, 1)) - 1))"

LOSS = Loss(
    name="clip",
    formula="-log(sum(y * exp(s / temperature)) / sum(exp(s / temperature)))",
    stable=f"sum(y * (max(s) - s)) / temperature + log1p({REST})",
    parameters={"temperature": 0.07},
    domains={"temperature": POSITIVE},
    predictions=REAL,
    targets=REAL,
    target_kind="none",
    expects="real",
    vector=True,
    operands=("a", "b"),
    prepare="both",
    prepared=("s", "y"),
    source=Source("Radford and others", 2021, "Learning transferable visual models from natural language supervision"),
)
