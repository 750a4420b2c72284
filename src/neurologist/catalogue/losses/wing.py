"""Logarithmic near 0, linear far away: small errors of a landmark keep their weight."""

from neurologist.catalogue.spec import POSITIVE, REAL, Loss, Source

LOSS = Loss(
    name="wing",
    formula="where(abs(p - t) < w, w * log(1 + abs(p - t) / epsilon), abs(p - t) - w + w * log(1 + w / epsilon))",
    stable="where(abs(p - t) < w, w * log1p(abs(p - t) / epsilon), abs(p - t) - w + w * log1p(w / epsilon))",
    parameters={"w": 10.0, "epsilon": 2.0},
    domains={"w": POSITIVE, "epsilon": POSITIVE},
    predictions=REAL,
    targets=REAL,
    target_kind="real",
    expects="real",
    source=Source(
        "Feng, Kittler, Awais, Huber, Wu",
        2018,
        "Wing loss for robust facial landmark localisation with convolutional neural networks",
    ),
)
