"""Swish plus learnt cubic B-splines over [-1, 1]: the function on an edge of a Kolmogorov-Arnold network."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

WEIGHTS = {f"c_{i}": 0.0 for i in range(8)}  # 5 steps of 0.4 over [-1, 1], and the 3 splines that overlap the ends
# A cubic B-spline in t is ((2 - |t|)^3 - 4 (1 - |t|)^3) / 6, each cube only where its base is positive.
SIX_SPLINES = [
    f"c_{i} * (max(2 - abs({t}), 0) ** 3 - 4 * max(1 - abs({t}), 0) ** 3)"
    for i in range(8)
    for t in [f"2.5 * x + {3.5 - i}"]
]
SPLINES = " + ".join(f"{spline} / 6" for spline in SIX_SPLINES)

ACTIVATION = Activation(
    name="spline",
    formula=f"w_b * x / (1 + exp(-x)) + w_s * ({SPLINES})",
    stable=f"w_b * (x * sigmoid(x)) + w_s / 6 * ({' + '.join(SIX_SPLINES)})",
    # The source draws the splines' weights at random, near 0.
    parameters={"w_b": 1.0, "w_s": 1.0, **WEIGHTS},
    learnable=("w_b", "w_s", *WEIGHTS),
    range=Interval(-0.2784645427610738, inf, True, False),
    wide=True,
    source=Source("Liu, Wang, Vaidya, Ruehle, Halverson, et al.", 2024, "KAN: Kolmogorov-Arnold networks"),
    aliases=("kan",),
)
