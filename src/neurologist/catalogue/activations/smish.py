"""The input times the tanh of the logarithm of 1 plus its sigmoid."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="smish",
    formula="x * tanh(log(1 + 1 / (1 + exp(-x))))",
    # With s = sigmoid(x): tanh(log(1 + s)) is s (2 + s) over 2 plus the same.
    stable="x * (sigmoid(x) * (2 + sigmoid(x)) / (2 + sigmoid(x) * (2 + sigmoid(x))))",
    stable_derivative=(
        "sigmoid(x) * (2 + sigmoid(x)) / (2 + sigmoid(x) * (2 + sigmoid(x))) + x * (4 * sigmoid(x) * "
        "sigmoid(-x) * (1 + sigmoid(x)) / (2 + sigmoid(x) * (2 + sigmoid(x))) ** 2)"
    ),
    range=Interval(-0.2499936636601295, inf, True, False),
    wide=True,
    source=Source("Wang, Ren, Wang", 2022, "Smish: a novel activation function for deep learning methods"),
)
