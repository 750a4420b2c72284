"""A tanh scaled so that it maps 1 to about 1 and -1 to about -1."""

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="lecun_tanh",
    formula="1.7159 * tanh(2 * x / 3)",
    derivative_from_output="1.7159 * 2 / 3 * (1 - (y / 1.7159) ** 2)",
    range=Interval(-1.7159, 1.7159),
    wide=True,
    source=Source("LeCun, Bottou, Orr, Mueller", 1998, "Efficient BackProp"),
)
