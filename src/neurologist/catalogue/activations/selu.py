"""ELU scaled so that zero mean and unit variance are a stable fixed point from layer to layer."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="selu",
    formula="1.0507009873554804934 * where(x > 0, x, 1.6732632423543772848 * (exp(x) - 1))",
    stable="where(x > 0, 1.0507009873554804934 * x, 1.7580993408473766 * expm1(x))",
    derivative_from_output="where(y > 0, 1.0507009873554804934, y + 1.7580993408473766)",
    range=Interval(-1.7580993408473766, inf),
    source=Source("Klambauer, Unterthiner, Mayr, Hochreiter", 2017, "Self-normalizing neural networks"),
    autograd=("EluBackward0",),
    autograd_when={"_saved_scale": 1.0507009873554805},
    torch_function="selu",
)
