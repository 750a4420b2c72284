"""GELU with the normal probability approximated through tanh."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="gelu_tanh",
    formula="0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x ** 3)))",
    stable="x * sigmoid(2 * sqrt(2 / pi) * (x + 0.044715 * x * x * x))",
    range=Interval(-0.17004075057125403, inf, True, False),
    source=Source("Hendrycks, Gimpel", 2016, "Gaussian error linear units (GELUs)"),
    autograd=("GeluBackward0",),
    autograd_when={"_saved_approximate": "tanh"},
    torch_function="gelu",
    torch_arguments={"approximate": "tanh"},
)
