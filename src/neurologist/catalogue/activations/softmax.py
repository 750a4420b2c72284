"""A vector of scores as probabilities: positive, adding up to 1, unchanged by a common shift."""

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="softmax",
    formula="exp(x) / sum(exp(x))",
    stable="exp(x - max(x)) / sum(exp(x - max(x)))",
    derivative_from_output="y * (1 - y)",
    vector=True,
    range=Interval(0.0, 1.0),
    source=Source(
        "Bridle",
        1990,
        "Probabilistic interpretation of feedforward classification network outputs, "
        "with relationships to statistical pattern recognition",
    ),
    autograd=("SoftmaxBackward0",),
    torch_function="softmax",
)
