"""How far a positive number is from another, whatever their scale: for spectra."""

from math import inf

from neurologist.catalogue.spec import Interval, Loss, Source

LOSS = Loss(
    name="itakura_saito",
    formula="t / p - log(t / p) - 1",
    stable_derivative="(p - t) / p / p",
    predictions=Interval(0.0, inf),
    targets=Interval(0.0, inf),
    target_kind="real",
    expects="real",
    link="softplus",
    source=Source("Itakura, Saito", 1968, "Analysis synthesis telephony based on the maximum likelihood method"),
)
