"""A parabola between 0 and the identity: softplus's twin that is exactly 0 below -1."""

from neurologist.catalogue.spec import NON_NEGATIVE, Activation, Source

ACTIVATION = Activation(
    name="sparse_plus",
    formula="where(x <= -1, 0, where(x >= 1, x, (x + 1) ** 2 / 4))",
    stable_derivative="(min(max(x, -1), 1) + 1) / 2",
    range=NON_NEGATIVE,
    source=Source("Blondel, Martins, Niculae", 2020, "Learning with Fenchel-Young losses"),
)
