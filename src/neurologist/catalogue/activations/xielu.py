"""The integral of an ELU-like slope: a parabola above 0, an exponential and a line below."""

from math import inf

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="xielu",
    formula="where(x > 0, alpha_p * x ** 2 + beta * x, alpha_n * (exp(x) - 1) - alpha_n * x + beta * x)",
    stable="where(x > 0, x * (alpha_p * x + beta), alpha_n * (expm1(x) - x) + beta * x)",
    stable_derivative="where(x > 0, 2 * alpha_p * x + beta, alpha_n * expm1(x) + beta)",
    parameters={"alpha_p": 0.8, "alpha_n": 0.8, "beta": 0.5},
    learnable=("alpha_p", "alpha_n"),
    range=Interval(-0.2057512240964821, inf, True, False),
    wide=True,
    source=Source("Huang, Schlag", 2024, "Deriving activation functions using integration"),
)
