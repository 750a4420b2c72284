"""A loss on torch tensors: by torch's own version, by its formula as one node of autograd's graph, or in fewer passes.

May import: torch, `catalogue`, `functional.loss_*`, `functional.kernel`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from neurologist.catalogue import Loss
from neurologist.catalogue.expression import free_names
from neurologist.functional.kernel import kernel
from neurologist.functional.loss_fused import FusedCrossEntropy
from neurologist.functional.loss_kernel import run, vector_kernel
from neurologist.functional.loss_prepare import OPTIONS, laid_out, prepare, reduced, vector_dim
from neurologist.functional.members import member
from neurologist.functional.shelf import shelved
from neurologist.functional.tensors import HALF

Values = dict[str, Any]


class OnTensors:
    """One loss, for operands that have passed the checks."""

    def __init__(self, spec: Loss) -> None:
        self.spec = spec
        used = free_names(spec.value) | free_names(spec.stable_derivative or "0")
        names = (*spec.operands, *spec.prepared, *spec.held, *spec.parameters)
        self._names = tuple(name for name in names if name in used)  # what comes first gives shape and dtype
        slopes = ((self._names[0], spec.stable_derivative),) if spec.stable_derivative else ()
        made_of = (f"nl_{spec.name}", spec.value, self._names, slopes)
        self._kernel = None if spec.vector else kernel(*made_of)
        self._vector_kernel = vector_kernel(*made_of) if spec.vector else None
        self._fused = FusedCrossEntropy(self._vector_kernel) if self._vector_kernel and spec.fused else None

    def is_builtin(self, values: Values) -> bool:
        """Whether torch's own version is used: where it is exact, and for class indices, which are all it knows."""
        spec = self.spec
        soft = spec.along == "classes" and values["t"].is_floating_point()
        half = spec.vector and values[spec.operands[0]].dtype in HALF  # torch rounds between its sums
        return spec.delegated or (spec.torch_function is not None and spec.exact_in_torch and not soft and not half)

    def by_torch(self, values: Values, reduction: str, parameters: Mapping[str, Any]) -> Tensor:
        """The loss by torch's own version, with all its arguments."""
        spec = self.spec
        if spec.target_kind != "class_index" and not spec.delegated:
            like = values[spec.operands[0]]
            values = {
                name: value.to(like.dtype) if isinstance(value, Tensor) else value for name, value in values.items()
            }
        renamed = {spec.torch_parameters.get(name, name): value for name, value in parameters.items()}
        function = getattr(F, str(spec.torch_function))
        found: Tensor = function(*values.values(), reduction=reduction, **{**spec.torch_arguments, **renamed})
        return found

    def __call__(
        self, values: Values, reduction: str, parameters: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Any:
        """The loss by its formula; arguments that only torch's version has lead there."""
        spec = self.spec
        if spec.torch_function and parameters.keys() - spec.parameters.keys():
            return self.by_torch(values, reduction, {**parameters, **_unusual(spec, options)})
        given, values = spec.with_defaults(parameters), self._floating(values)
        if self._kernel is not None:
            return reduced(self._kernel(*[{**values, **given}[name] for name in self._names]), reduction)
        dim = vector_dim(spec, values[spec.operands[0]])
        if self._fused is not None and not values["t"].is_floating_point() and not options["label_smoothing"]:
            return self._from_classes(self._fused, dim, values, reduction, options)
        dtype, values = values[spec.operands[0]].dtype, laid_out(spec, values)
        values |= self._prepared(values, dim, options)
        divisor, scale = values.pop("divisor", None), values.pop("scale", None)
        assert self._vector_kernel is not None
        loss = self._vector_kernel(dim, *self._in_order(values, given, dim)).to(dtype)
        return reduced(loss if scale is None else loss * scale.to(dtype), reduction, divisor)

    def _floating(self, values: Values) -> Values:
        """Targets of integers or booleans as floats of the predictions' dtype; class indices stay as they are."""
        dtype = values[self.spec.operands[0]].dtype
        if self.spec.target_kind == "class_index":
            return values
        return {
            name: value.to(dtype) if isinstance(value, Tensor) and not value.is_floating_point() else value
            for name, value in values.items()
        }

    def _prepared(self, values: Values, dim: int, options: Mapping[str, Any]) -> Values:
        spec = self.spec
        if spec.prepare is None:
            return {}
        if spec.prepare not in OPTIONS:  # similarities and differences: rounded once, at the end
            values = {name: value.float() if value.dtype in HALF else value for name, value in values.items()}
        return prepare(spec.prepare, "tensor", values, dim, options)

    def _in_order(self, values: Values, given: Mapping[str, Any], dim: int) -> list[Any]:
        everything = {**values, **given}
        for name, formula in self.spec.held.items():
            now = {key: value.detach() if isinstance(value, Tensor) else value for key, value in everything.items()}
            everything[name] = run(formula, now, now[self._names[0]].dtype, dim)
        return [everything[name] for name in self._names]

    def _from_classes(
        self, fused: FusedCrossEntropy, dim: int, values: Values, reduction: str, options: Mapping[str, Any]
    ) -> Tensor:
        ignored = values["t"] == options["ignore_index"]
        target = values["t"].masked_fill(ignored, 0)
        loss = fused(dim, values[self.spec.symbol], target).masked_fill(ignored, 0.0)
        weight = options["weight"]
        scale = None if weight is None else weight[target].to(loss.dtype).masked_fill(ignored, 0.0)
        divisor = (~ignored).sum() if scale is None else scale.sum()
        found: Tensor = reduced(loss if scale is None else loss * scale, reduction, divisor)
        return found


def _unusual(spec: Loss, options: Mapping[str, Any]) -> dict[str, Any]:
    """Options that are not at their defaults, for torch's version."""
    defaults = OPTIONS.get(spec.prepare or "", {})
    return {name: value for name, value in options.items() if value is not defaults[name] and value != defaults[name]}


@shelved
def on_tensors(key: str) -> OnTensors:
    """The loss that is known under this key."""
    return OnTensors(member(key))
