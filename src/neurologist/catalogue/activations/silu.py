"""The input times its own sigmoid; also called swish."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="silu",
    formula="x / (1 + exp(-x))",
    stable="x * sigmoid(x)",
    stable_derivative="sigmoid(x) * (1 + x * (1 - sigmoid(x)))",
    range=Interval(-0.2784645427610738, inf, True, False),
    wide=True,
    source=Source(
        "Elfwing, Uchibe, Doya",
        2018,
        "Sigmoid-weighted linear units for neural network function approximation in reinforcement learning",
    ),
    autograd=("SiluBackward0",),
    torch_function="silu",
)
