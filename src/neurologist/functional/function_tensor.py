"""An activation on torch tensors: by torch's own version where that is exact, else by its formulas.

May import: torch, `catalogue`, `functional.kernel`, `functional.vector`, `functional.tensors`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from neurologist.catalogue import Activation
from neurologist.functional.kernel import Kernel, kernel
from neurologist.functional.members import member
from neurologist.functional.shelf import shelved
from neurologist.functional.tensors import compute
from neurologist.functional.vector import VectorKernel, vector_kernel


class OnTensors:
    """One activation's value, slopes and gradients, for tensors.

    Attributes:
        spec: its entry in the catalogue.
        names: its parameters, in the order in which its kernel takes them.
    """

    def __init__(self, spec: Activation, key: str, fused: bool) -> None:
        self.spec = spec
        self.names = tuple(spec.parameters)
        self._defaults = dict(spec.parameters)
        self._torch_arguments = dict(spec.torch_arguments)
        self.builtin = spec.torch_function if spec.exact_in_torch else None
        self._vector = vector_kernel(key) if spec.vector else None
        self._scalar = None if spec.vector else self._kernel(spec, fused)

    def _kernel(self, spec: Activation, fused: bool) -> Kernel:
        slopes, wide = (("x", spec.derivative),), spec.wide and not fused
        made: Kernel = kernel(f"nl_{spec.name}", spec.value, ("x", *self.names), slopes, wide, fused)
        return made

    def __call__(self, x: Tensor, dim: int, parameters: Mapping[str, Any]) -> Tensor:
        """The function's value at every entry of `x`."""
        spec, x = self.spec, floating(x)
        training = bool(parameters.get("training", False))
        if self.builtin is not None:
            if not spec.random:
                self._complete(parameters)
            builtin: Tensor = getattr(F, self.builtin)(x, **{**self._torch_arguments, **parameters})
            return builtin
        if spec.random:
            parameters = {name: value for name, value in parameters.items() if name != "training"}
        given = fitted(self._complete(parameters), self.names, x)
        if spec.noise is not None and training:
            x = x + _drawn(spec.noise, given, x)
        return self.vector(x, dim, given) if spec.vector else self.scalar(x, *given.values())

    def slope(self, x: Tensor, given: Mapping[str, Any], order: int = 1) -> Tensor:
        """The derivative of a function of numbers, of any order; autograd can differentiate it further."""
        x = floating(x)
        found = self.scalar
        for _ in range(order):
            found = found.slope("x")
        return found(x, *fitted(given, self.names, x).values())

    @property
    def scalar(self) -> Kernel:
        """The kernel of a function of numbers."""
        assert self._scalar is not None
        return self._scalar

    @property
    def vector(self) -> VectorKernel:
        """The kernel of a function of vectors."""
        assert self._vector is not None
        return self._vector

    def _complete(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        if parameters.keys() <= self._defaults.keys():
            return {**self._defaults, **parameters}
        return self.spec.with_defaults(parameters)  # says which one is unknown


@shelved
def on_tensors(key: str, fused: bool = False) -> OnTensors:
    """The activation that is known under this key; `fused` where torch is to compile its formulas."""
    return OnTensors(member(key), key, fused)


def floating(x: Tensor) -> Tensor:
    """Integers as floats of the default dtype; floats as they are."""
    return x if x.is_floating_point() else x.to(torch.get_default_dtype())


def fitted(given: Mapping[str, Any], names: tuple[str, ...] | None, x: Tensor) -> dict[str, Any]:
    """Parameters in the kernel's order; one value per channel is laid along dim 1, as in `nn.PReLU`."""
    chosen = {name: given[name] for name in (names if names is not None else given)}
    for name, value in chosen.items():
        if isinstance(value, Tensor) and value.ndim == 1 and x.ndim > 2 and value.shape[0] > 1:
            chosen[name] = value.view(1, -1, *[1] * (x.ndim - 2))
    return chosen


def _drawn(noise: str, given: Mapping[str, Any], like: Tensor) -> Tensor:
    even = torch.rand_like(like).clamp(min=torch.finfo(like.dtype).tiny)
    return compute(noise, {**given, "u": even}, like=like)
