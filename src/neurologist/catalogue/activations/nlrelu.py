"""The natural logarithm of ReLU: large values are squeezed."""

from neurologist.catalogue.spec import NON_NEGATIVE, POSITIVE, Activation, Source

ACTIVATION = Activation(
    name="nlrelu",
    formula="log(beta * max(x, 0) + 1)",
    stable="log1p(beta * max(x, 0))",
    derivative_from_output="where(y > 0, beta * exp(-y), 0)",
    parameters={"beta": 1.0},
    domains={"beta": POSITIVE},
    range=NON_NEGATIVE,
    source=Source(
        "Liu, Zhang, Liang", 2019, "Natural-logarithm-rectified activation function in convolutional neural networks"
    ),
)
