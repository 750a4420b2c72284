"""Your own activation, from its formula.

May import: `catalogue`, `functional.function`.
"""

from __future__ import annotations

from math import inf

from neurologist.catalogue import Activation, Interval, Source
from neurologist.functional.function import Function


def activation(name: str, formula: str, **parameters: float) -> Function:
    """A function from a formula in `x` and named parameters, with exact derivatives.

    >>> swish = activation("my_swish", "x / (1 + exp(-b*x))", b=1.5)
    >>> round(swish(1.0), 4), round(swish.derivative(0.0), 4)
    (0.8176, 0.5)
    """
    source = Source("you", 0, name)
    return Function(Activation(name, formula, Interval(-inf, inf), source, parameters=parameters))
