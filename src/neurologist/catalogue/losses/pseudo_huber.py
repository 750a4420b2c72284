"""Half the square near 0, linear with slope delta far away, smooth everywhere."""

from neurologist.catalogue.spec import POSITIVE, REAL, Loss, Source

LOSS = Loss(
    name="pseudo_huber",
    formula="delta ** 2 * (sqrt(1 + ((p - t) / delta) ** 2) - 1)",
    stable="(p - t) ** 2 / (1 + sqrt(1 + ((p - t) / delta) ** 2))",
    stable_derivative="(p - t) / sqrt(1 + ((p - t) / delta) ** 2)",
    parameters={"delta": 1.0},
    domains={"delta": POSITIVE},
    predictions=REAL,
    targets=REAL,
    target_kind="real",
    expects="real",
    source=Source("Hartley, Zisserman", 2003, "Multiple view geometry in computer vision"),
)
