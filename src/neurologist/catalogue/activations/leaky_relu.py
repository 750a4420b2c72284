"""ReLU with a small fixed slope below 0, so that no unit can die."""

from neurologist.catalogue.spec import REAL, Activation, Source

ACTIVATION = Activation(
    name="leaky_relu",
    formula="where(x > 0, x, negative_slope * x)",
    derivative_from_output="where(y > 0, 1, negative_slope)",
    parameters={"negative_slope": 0.01},
    range=REAL,
    source=Source("Maas, Hannun, Ng", 2013, "Rectifier nonlinearities improve neural network acoustic models"),
    autograd=("LeakyReluBackward0",),
    autograd_parameters={"negative_slope": "_saved_negative_slope"},
    torch_function="leaky_relu",
    exact_in_torch=True,
)
