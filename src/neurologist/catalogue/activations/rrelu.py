"""ReLU whose slope below 0 is drawn anew for every entry in training, and is their mean after it."""

from neurologist.catalogue.spec import REAL, Activation, Source

ACTIVATION = Activation(
    name="rrelu",
    formula="where(x > 0, x, (lower + upper) / 2 * x)",
    derivative_from_output="where(y > 0, 1, (lower + upper) / 2)",
    parameters={"lower": 1 / 8, "upper": 1 / 3},
    ordered=("lower", "upper"),
    random=True,
    range=REAL,
    source=Source("Xu, Wang, Chen, Li", 2015, "Empirical evaluation of rectified activations in convolutional network"),
    autograd=("RreluWithNoiseBackward0",),
    autograd_parameters={"lower": "_saved_lower", "upper": "_saved_upper"},
    torch_function="rrelu",
    exact_in_torch=True,
)
