"""Half the square near 0, constant beyond c: outliers have no slope at all."""

from neurologist.catalogue.spec import POSITIVE, REAL, Loss, Source

LOSS = Loss(
    name="tukey_biweight",
    formula="where(abs(p - t) <= c, c ** 2 / 6 * (1 - (1 - ((p - t) / c) ** 2) ** 3), c ** 2 / 6)",
    stable="where(abs(p - t) <= c, (p - t) ** 2 / 6 * (3 - 3 * ((p - t) / c) ** 2 + ((p - t) / c) ** 4), c ** 2 / 6)",
    stable_derivative="where(abs(p - t) <= c, (p - t) * (1 - ((p - t) / c) ** 2) ** 2, 0)",
    parameters={"c": 4.685},
    domains={"c": POSITIVE},
    predictions=REAL,
    targets=REAL,
    target_kind="real",
    expects="real",
    source=Source(
        "Beaton, Tukey",
        1974,
        "The fitting of power series, meaning polynomials, illustrated on band-spectroscopic data",
    ),
)
