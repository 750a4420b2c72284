"""The binary loss whose probability is exactly 0 or 1 beyond a score of 1."""

from neurologist.catalogue.spec import REAL, Interval, Loss, Source

LOSS = Loss(
    name="binary_sparsemax",
    formula="where(-t * z <= -1, 0, where(-t * z >= 1, -t * z, (1 - t * z) ** 2 / 4))",
    predictions=REAL,
    targets=Interval(-1.0, 1.0, True, True),
    target_kind="sign",
    expects="logits",
    source=Source("Blondel, Martins, Niculae", 2020, "Learning with Fenchel-Young losses"),
)
