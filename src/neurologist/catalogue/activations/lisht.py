"""The input times its tanh: even, and linear far out."""

from neurologist.catalogue.spec import NON_NEGATIVE, Activation, Source

ACTIVATION = Activation(
    name="lisht",
    formula="x * tanh(x)",
    range=NON_NEGATIVE,
    source=Source(
        "Roy, Manna, Dubey, Chaudhuri",
        2019,
        "LiSHT: non-parametric linearly scaled hyperbolic tangent activation function for neural networks",
    ),
)
