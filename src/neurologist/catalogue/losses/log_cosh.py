"""Half the square near 0, the absolute difference less log 2 far away, and smooth everywhere."""

from neurologist.catalogue.spec import REAL, Loss, Source

LOSS = Loss(
    name="log_cosh",
    formula="log((exp(p - t) + exp(t - p)) / 2)",
    stable=(
        "where(abs(p - t) < 1, log1p(2 * sinh((p - t) / 2) ** 2), abs(p - t) + log1p(exp(-2 * abs(p - t))) - log(2))"
    ),
    stable_derivative="tanh(p - t)",
    predictions=REAL,
    targets=REAL,
    target_kind="real",
    expects="real",
    source=Source(
        "Green", 1990, "Bayesian reconstructions from emission tomography data using a modified EM algorithm"
    ),
    aliases=("logcosh",),
)
