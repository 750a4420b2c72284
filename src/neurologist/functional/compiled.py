"""The fused path: one pass over memory forward, and one backward, through torch.compile.

May import: torch, `functional`.
"""

from __future__ import annotations

from typing import Any

import torch

from neurologist.functional import fused
from neurologist.functional.function import Function
from neurologist.functional.loss import LossFunction


class Compiled:
    """A function of the catalogue, compiled by torch when it is first called on a new kind of tensor.

    That first call takes seconds. Values are computed in the input's own dtype: within a few ULP of the eager path's,
    but where float32 has no more digits to give: beside a root of the value or the slope, and in the far tail of a
    bell (GELU below -7 by up to 130 ULP), where the rounding of the exponent is multiplied by its size.

    Attributes:
        function: what it computes.
    """

    def __init__(self, function: Function | LossFunction) -> None:
        self.function = function
        self.__name__ = self.name = function.name
        self._run: Any = _fused(function)

    def __call__(self, *args: Any, **options: Any) -> Any:
        """As the function's own call, for tensors."""
        if not all(isinstance(value, torch.Tensor) for value in args):
            got = ", ".join(type(value).__name__ for value in args)
            raise TypeError(f"compiled {self.name!r} got {got}: expected tensors; call nl.{self.name} itself")
        return self._run(*args, **options)

    def __repr__(self) -> str:
        return f"<compiled {self.function!r}>"


def _fused(function: Function | LossFunction) -> Any:
    if function.spec.torch_function is not None and function.spec.exact_in_torch:
        return function  # torch does it in one pass already, which inductor would only slow down
    if isinstance(function, Function) and not function.spec.vector:
        return Function(function.spec, fused=True)
    return fused.compiled(function, function.name)


def compiled(function: Function | LossFunction | str) -> Compiled:
    """An activation or a loss through torch.compile: fused forward and backward, keeping only the input in between.

    Args:
        function: one of `nl.activations` or `nl.losses`, one made by `nl.activation`, or a name of either.
    """
    from neurologist.functional import functions, losses

    if isinstance(function, str):
        function = losses[function] if function in losses and function not in functions else functions[function]
    if not isinstance(function, Function | LossFunction):
        raise TypeError(
            f"compiled got a {type(function).__name__}: expected an activation or a loss of the catalogue, or its "
            f"name; use torch.compile for anything else"
        )
    return Compiled(function)
