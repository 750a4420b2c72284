"""ReLU plus learnt hinges: any continuous piecewise linear function, given enough of them."""

from neurologist.catalogue.spec import REAL, Activation, Source

ACTIVATION = Activation(
    name="apl",
    formula="max(x, 0) + a_1 * max(0, -x + b_1) + a_2 * max(0, -x + b_2)",
    # Two hinges, as in part of the source's experiments; where they start is our choice.
    parameters={"a_1": -0.1, "b_1": 0.0, "a_2": -0.1, "b_2": 1.0},
    learnable=("a_1", "b_1", "a_2", "b_2"),
    range=REAL,
    wide=True,
    source=Source(
        "Agostinelli, Hoffman, Sadowski, Baldi", 2015, "Learning activation functions to improve deep neural networks"
    ),
)
