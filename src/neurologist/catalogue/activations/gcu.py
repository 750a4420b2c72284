"""The growing cosine unit: the input times its cosine."""

from neurologist.catalogue.spec import REAL, Activation, Source

ACTIVATION = Activation(
    name="gcu",
    formula="x * cos(x)",
    range=REAL,
    wide=True,
    source=Source(
        "Noel, Trivedi, Dutta",
        2021,
        (
            "Growing cosine unit: a novel oscillatory activation function that can speedup training and "
            "reduce parameters in convolutional neural networks"
        ),
    ),
)
