"""The squared difference of logarithms of one plus each: for sizes that span powers of ten."""

from math import inf

from neurologist.catalogue.spec import Interval, Loss, Source

LOSS = Loss(
    name="msle",
    formula="(log(1 + p) - log(1 + t)) ** 2",
    stable="log1p((p - t) / (1 + t)) ** 2",
    predictions=Interval(-1.0, inf),
    targets=Interval(-1.0, inf),
    target_kind="real",
    expects="real",
    link="softplus",
    source=Source("Tornqvist, Vartia, Vartia", 1985, "How should relative changes be measured?"),
    aliases=("mean_squared_logarithmic_error",),
)
