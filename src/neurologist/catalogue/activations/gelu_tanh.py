"""GELU with the normal probability approximated through tanh."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="gelu_tanh",
    formula="0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x ** 3)))",
    # Beyond |x| = 100 the sigmoid is 0 or 1 in every dtype; the cap keeps x^2 from overflowing.
    stable="x * sigmoid(2 * sqrt(2 / pi) * x * (1 + 0.044715 * min(x * x, 10000)))",
    stable_derivative=(
        "sigmoid(2 * sqrt(2 / pi) * x * (1 + 0.044715 * min(x * x, 10000)))"
        " + x * sigmoid(2 * sqrt(2 / pi) * x * (1 + 0.044715 * min(x * x, 10000)))"
        " * sigmoid(-2 * sqrt(2 / pi) * x * (1 + 0.044715 * min(x * x, 10000)))"
        " * (2 * sqrt(2 / pi) * (1 + 0.134145 * min(x * x, 10000)))"
    ),
    range=Interval(-0.17004075057125403, inf, True, False),
    wide=True,
    source=Source("Hendrycks, Gimpel", 2016, "Gaussian error linear units (GELUs)"),
    autograd=("GeluBackward0",),
    autograd_when={"_saved_approximate": "tanh"},
    torch_function="gelu",
    torch_arguments={"approximate": "tanh"},
)
