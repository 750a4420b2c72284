"""The absolute value: rectifies without losing the negative half."""

from neurologist.catalogue.spec import NON_NEGATIVE, Activation, Source

ACTIVATION = Activation(
    name="abs",
    formula="abs(x)",
    range=NON_NEGATIVE,
    source=Source(
        "Jarrett, Kavukcuoglu, Ranzato, LeCun",
        2009,
        "What is the best multi-stage architecture for object recognition?",
    ),
    aliases=("absolute",),
)
