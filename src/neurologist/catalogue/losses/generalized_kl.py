"""What positive numbers lack of others that need not sum to one: takes the numbers themselves."""

from math import inf

from neurologist.catalogue.spec import NON_NEGATIVE, Interval, Loss, Source

LOSS = Loss(
    name="generalized_kl",
    formula="where(t > 0, t * log(t / p), 0) - t + p",
    stable_derivative="(p - t) / p",
    predictions=Interval(0.0, inf),
    targets=NON_NEGATIVE,
    target_kind="real",
    expects="real",
    link="softplus",
    source=Source(
        "Csiszar",
        1991,
        "Why least squares and maximum entropy? An axiomatic approach to inference for linear inverse problems",
    ),
    aliases=("convex_kl_divergence",),
)
