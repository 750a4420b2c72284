"""The square of ReLU."""

from neurologist.catalogue.spec import NON_NEGATIVE, Activation, Source

ACTIVATION = Activation(
    name="relu_squared",
    formula="max(x, 0) ** 2",
    stable_derivative="2 * max(x, 0)",
    range=NON_NEGATIVE,
    source=Source(
        "So, Manke, Liu, Dai, Shazeer, Le",
        2021,
        "Primer: searching for efficient transformers for language modeling",
    ),
)
