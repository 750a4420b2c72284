"""The identity above a threshold, one value at and below it."""

from neurologist.catalogue.spec import NON_NEGATIVE, Activation, Source

ACTIVATION = Activation(
    name="threshold",
    formula="where(x > threshold, x, value)",
    parameters={"threshold": 1.0, "value": 0.0},
    range=NON_NEGATIVE,
    source=Source("Konda, Memisevic, Krueger", 2015, "Zero-bias autoencoders and the benefits of co-adapting features"),
    torch_function="threshold",
    torch_arguments={"threshold": 1.0, "value": 0.0},
    exact_in_torch=True,
    autograd=("ThresholdBackward0",),
    autograd_parameters={"threshold": "_saved_threshold"},
    aliases=("thresholded_relu",),
)
