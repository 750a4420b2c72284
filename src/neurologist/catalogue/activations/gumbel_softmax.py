"""Softmax over a temperature, with Gumbel noise in training: a draw from the classes that has a slope."""

from neurologist.catalogue.spec import POSITIVE, Activation, Interval, Source

ACTIVATION = Activation(
    name="gumbel_softmax",
    formula="exp(x / tau) / sum(exp(x / tau))",
    stable="softmax(x / tau)",
    # The share of all entries but the largest: 1 less a probability near 1 would lose it.
    stable_derivative=(
        "softmax(x / tau) * where(top(x) > 0, sum(where(top(x) > 0, 0, softmax(x / tau))), 1 - softmax(x / tau)) / tau"
    ),
    derivative_from_output="y * (1 - y) / tau",
    vector=True,
    # With the largest entry's g taken off, so that 1 less its own probability is never formed.
    pullback=("softmax(x / tau) * (g - sum(top(x) * g) - sum(softmax(x / tau) * (g - sum(top(x) * g)))) / tau"),
    noise="-log(-log(u))",
    parameters={"tau": 1.0},
    domains={"tau": POSITIVE},
    range=Interval(0.0, 1.0),
    source=Source("Jang, Gu, Poole", 2017, "Categorical reparameterization with Gumbel-softmax"),
    random=True,
)
