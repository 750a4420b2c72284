"""A tanh whose negative side is a quarter as high."""

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="penalized_tanh",
    formula="where(x > 0, tanh(x), 0.25 * tanh(x))",
    stable_derivative="where(x > 0, 1, 0.25) / cosh(x) / cosh(x)",
    derivative_from_output="where(y > 0, 1 - y * y, 0.25 - 4 * y * y)",
    range=Interval(-0.25, 1.0),
    source=Source("Xu, Huang, Li", 2016, "Revise saturated activation functions"),
    aliases=("penalised_tanh",),
)
