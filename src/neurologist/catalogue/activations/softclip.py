"""The identity between 0 and 1, clipped with rounded corners; the larger p, the sharper."""

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="softclip",
    formula="log((1 + exp(p * x)) / (1 + exp(p * (x - 1)))) / p",
    # It is symmetric about 1/2, and below that a difference of a number and a much smaller one.
    stable=(
        "where(x > 0.5, 1 - D, D)".replace("D", "(softplus(p * min(x, 1 - x)) - softplus(p * (min(x, 1 - x) - 1))) / p")
    ),
    stable_derivative="sigmoid(p * x) * sigmoid(p * (1 - x)) * -expm1(-p)",
    parameters={"p": 10.0},
    range=Interval(0.0, 1.0),
    wide=True,
    source=Source("Klimek, Perelstein", 2018, "Neural network-based approach to phase space integration"),
    aliases=("soft_clipping",),
)
