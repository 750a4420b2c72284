"""The derivative of SiLU: a sigmoid that overshoots at both ends."""

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="dsilu",
    formula="(1 + x * (1 - 1 / (1 + exp(-x)))) / (1 + exp(-x))",
    stable="sigmoid(x) * (1 + x * sigmoid(-x))",
    stable_derivative="sigmoid(x) * sigmoid(-x) * (2 - x * (sigmoid(x) - sigmoid(-x)))",
    range=Interval(-0.09983932012886692, 1.0998393201288669, True, True),
    wide=True,
    source=Source(
        "Elfwing, Uchibe, Doya",
        2018,
        ("Sigmoid-weighted linear units for neural network function approximation in reinforcement learning"),
    ),
)
