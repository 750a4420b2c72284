"""A power of ReLU, as smooth as the power is high."""

from neurologist.catalogue.spec import NON_NEGATIVE, Activation, Source

ACTIVATION = Activation(
    name="repu",
    formula="max(x, 0) ** s",
    # The power in halves: beside 0 all of it is below the least number, and s times it is not yet.
    stable_derivative="s * max(x, 0) ** ((s - 1) / 2) * max(x, 0) ** ((s - 1) / 2)",
    derivative_from_output="s * y ** (1 - 1 / s)",
    parameters={"s": 3.0},
    domains={"s": NON_NEGATIVE},
    range=NON_NEGATIVE,
    source=Source(
        "Li, Tang, Yu",
        2020,
        (
            "Better approximations of high dimensional smooth functions by deep neural networks with "
            "rectified power units"
        ),
    ),
)
