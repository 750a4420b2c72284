"""The input times its hard sigmoid: swish without exponentials."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="hardswish",
    formula="x * min(max(x + 3, 0), 6) / 6",
    stable="x * (min(max(x + 3, 0), 6) / 6)",
    stable_derivative="where(x <= -3, 0, where(x < 3, (x + 1.5) / 3, 1))",
    range=Interval(-0.375, inf, True, False),
    source=Source("Howard, Sandler, Chu, et al.", 2019, "Searching for MobileNetV3"),
    autograd=("HardswishBackward0",),
    torch_function="hardswish",
)
