"""A tanh stretched so that scores stay within -cap and cap and small ones stay as they are."""

from neurologist.catalogue.spec import POSITIVE, Activation, Interval, Source

ACTIVATION = Activation(
    name="softcap",
    formula="cap * tanh(x / cap)",
    stable_derivative="4 * sigmoid(2 * x / cap) * sigmoid(-2 * x / cap)",
    derivative_from_output="1 - (y / cap) ** 2",
    parameters={"cap": 30.0},
    domains={"cap": POSITIVE},
    range=Interval(-30.0, 30.0),
    range_of=("-cap", "cap"),
    wide=True,
    source=Source("Gemma Team", 2024, "Gemma 2: improving open language models at a practical size"),
)
