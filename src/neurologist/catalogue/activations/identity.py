"""Nothing at all: what stands between two linear maps that act as one, and before a real-valued output."""

from neurologist.catalogue.spec import REAL, Activation, Source

ACTIVATION = Activation(
    name="identity",
    formula="x",
    derivative_from_output="1",
    range=REAL,
    source=Source("Widrow, Hoff", 1960, "Adaptive switching circuits"),
    aliases=("linear",),
)
