"""Half the square near 0, at most a half far away."""

from neurologist.catalogue.spec import REAL, Loss, Source

LOSS = Loss(
    name="geman_mcclure",
    formula="0.5 * (p - t) ** 2 / (1 + (p - t) ** 2)",
    stable_derivative="(p - t) / (1 + (p - t) ** 2) ** 2",
    predictions=REAL,
    targets=REAL,
    target_kind="real",
    expects="real",
    source=Source(
        "Geman, McClure", 1985, "Bayesian image analysis: an application to single photon emission tomography"
    ),
)
