"""An activation as an `nn.Module`.

May import: torch, `functional.function`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from neurologist.functional.function import Function


class ActivationModule(nn.Module):
    """A layer that applies one function; parameters that its source learns are `nn.Parameter`s.

    Attributes:
        function: what it applies.
    """

    def __init__(self, function: Function, parameters: Mapping[str, Any]) -> None:
        super().__init__()
        self.function = function
        options = dict(parameters)
        self.dim: int | None = options.pop("dim", -1) if function.spec.vector else None
        self._fixed: dict[str, Any] = {}
        if self.dim is not None and not isinstance(self.dim, int):
            raise TypeError(
                f"module of {function.name!r} got dim={self.dim!r}: expected a whole number; use -1 for the last"
            )
        for name, value in function.spec.with_defaults(options).items():
            if name in function.spec.learnable:
                start = torch.tensor(value, dtype=torch.get_default_dtype()).reshape(-1)
                self.register_parameter(name, nn.Parameter(start))
            else:
                self._fixed[name] = value

    def forward(self, x: Tensor) -> Tensor:
        """The function's value at every entry of `x`."""
        options = {**self._fixed, **dict(self.named_parameters())}
        if self.dim is not None:
            options["dim"] = self.dim
        if self.function.spec.random:
            options["training"] = self.training
        result: Tensor = self.function(x, **options)
        return result

    def extra_repr(self) -> str:
        """The function and its fixed parameters, as `print(model)` shows them."""
        return ", ".join([self.function.name, *(f"{name}={value:g}" for name, value in self._fixed.items())])
