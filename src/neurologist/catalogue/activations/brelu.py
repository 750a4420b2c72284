"""ReLU bounded on both sides."""

from neurologist.catalogue.spec import UNIT, Activation, Source

ACTIVATION = Activation(
    name="brelu",
    formula="min(max(x, t_min), t_max)",
    derivative_from_output="where(min(y - t_min, t_max - y) > 0, 1, 0)",
    parameters={"t_min": 0.0, "t_max": 1.0},
    ordered=("t_min", "t_max"),
    range=UNIT,
    range_of=("t_min", "t_max"),
    source=Source("Cai, Xu, Jia, Qing, Tao", 2016, "DehazeNet: an end-to-end system for single image haze removal"),
)
