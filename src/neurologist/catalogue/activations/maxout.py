"""The larger of two pieces: the input's first half and its second, entry by entry."""

from neurologist.catalogue.spec import REAL, Activation, Source

ACTIVATION = Activation(
    name="maxout",
    formula="max(first(x), second(x))",
    vector=True,
    pullback="join(where(first(x) >= second(x), g, 0), where(first(x) >= second(x), 0, g))",
    widens=0.5,
    range=REAL,
    source=Source("Goodfellow, Warde-Farley, Mirza, Courville, Bengio", 2013, "Maxout networks"),
)
