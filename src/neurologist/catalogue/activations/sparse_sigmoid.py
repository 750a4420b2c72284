"""A straight line from 0 at -1 to 1 at 1: sparsemax of two scores."""

from neurologist.catalogue.spec import UNIT, Activation, Source

ACTIVATION = Activation(
    name="sparse_sigmoid",
    formula="where(x <= -1, 0, where(x >= 1, 1, (x + 1) / 2))",
    stable="(min(max(x, -1), 1) + 1) / 2",
    derivative_from_output="where(min(y, 1 - y) > 0, 1, 0) / 2",
    range=UNIT,
    source=Source("Blondel, Martins, Niculae", 2020, "Learning with Fenchel-Young losses"),
)
