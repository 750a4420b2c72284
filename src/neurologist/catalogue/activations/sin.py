"""The sine: periodic, so that one output has many inputs."""

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="sin",
    formula="sin(x)",
    range=Interval(-1.0, 1.0, True, True),
    source=Source(
        "Parascandolo, Huttunen, Virtanen",
        2017,
        "Taming the waves: sine as activation function in deep neural networks",
    ),
    aliases=("sine",),
)
