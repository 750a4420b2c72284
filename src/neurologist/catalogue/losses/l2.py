"""Half the squared difference: its slope is prediction minus target."""

from neurologist.catalogue.spec import REAL, Loss, Source

LOSS = Loss(
    name="l2",
    formula="0.5 * (p - t) ** 2",
    predictions=REAL,
    targets=REAL,
    target_kind="real",
    expects="real",
    source=Source("Gauss", 1809, "Theoria motus corporum coelestium in sectionibus conicis solem ambientium"),
    aliases=("half_mse",),
)
