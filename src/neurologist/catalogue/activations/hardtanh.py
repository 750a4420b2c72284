"""The identity cut off at both ends."""

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="hardtanh",
    formula="min(max(x, min_val), max_val)",
    derivative_from_output="where(min(y - min_val, max_val - y) > 0, 1, 0)",
    parameters={"min_val": -1.0, "max_val": 1.0},
    ordered=("min_val", "max_val"),
    range=Interval(-1.0, 1.0, True, True),
    range_of=("min_val", "max_val"),
    source=Source("Collobert", 2004, "Large scale machine learning"),
    autograd=("HardtanhBackward0",),
    autograd_parameters={"min_val": "_saved_min_val", "max_val": "_saved_max_val"},
    torch_function="hardtanh",
    exact_in_torch=True,
)
