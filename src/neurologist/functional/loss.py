"""A loss as a callable: the same object for torch, NumPy and floats.

May import: `catalogue`; torch and NumPy inside methods, when needed.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from neurologist.catalogue import Loss
from neurologist.functional.kinds import compute_array, compute_float, kind_of

if TYPE_CHECKING:
    from torch import Tensor

    from neurologist.functional.kernel import Kernel

Reduction = Literal["mean", "sum", "none"]


class LossFunction:
    """One loss: call it with predictions and targets of one shape; losses over classes take class indices.

    Class scores run along dim 1 (dim 0 of a vector), as in torch.

    Attributes:
        spec: its entry in the catalogue.
    """

    def __init__(self, spec: Loss) -> None:
        self.spec = spec
        self.__name__ = self.name = spec.name
        self.__doc__ = f"{spec.name}: {spec.formula}"

    def __repr__(self) -> str:
        return f"<loss {self.name}: {self.formula}>"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles as its spec, so that what holds it can be saved and copied."""
        return LossFunction, (self.spec,)

    @property
    def formula(self) -> str:
        """The textbook formula of one entry's loss."""
        return self.spec.formula

    def __call__(self, prediction: Any, target: Any, *, reduction: Reduction = "mean", **parameters: Any) -> Any:
        """The loss: a scalar, or one value per entry (per sample, for class losses) with `reduction="none"`.

        Arguments that torch's version has beyond the formula (`weight`, `ignore_index`, ...) are handed on to it.
        """
        if reduction not in ("mean", "sum", "none"):
            raise ValueError(f"loss {self.name!r} got reduction={reduction!r}: expected 'mean', 'sum' or 'none'")
        kind = kind_of(prediction, f"loss {self.name!r}")
        self._check_shapes(prediction, target, kind)
        if kind == "tensor":
            return self._tensor(prediction, target, reduction, parameters)
        return self._plain(prediction, target, reduction, self.spec.with_defaults(parameters))

    def reference(self, prediction: Any, target: Any, **parameters: float) -> Any:
        """One entry's loss at 50 digits, from the textbook formula."""
        from neurologist.catalogue.oracle import exact

        given = self.spec.with_defaults(parameters)
        return exact(self.formula, {**given, self.spec.symbol: prediction, "t": target})

    @cached_property
    def _kernel(self) -> Kernel:
        from neurologist.functional.kernel import Kernel

        names = (self.spec.symbol, "t", *self.spec.parameters)
        slopes = {self.spec.symbol: self.spec.stable_derivative} if self.spec.stable_derivative else {}
        return Kernel(f"nl_{self.name}", self.spec.value, names, slopes)

    def _tensor(self, prediction: Tensor, target: Tensor, reduction: str, parameters: dict[str, Any]) -> Tensor:
        spec = self.spec
        extra = parameters.keys() - spec.parameters.keys()
        if spec.torch_function and (spec.exact_in_torch or extra):
            import torch.nn.functional as F

            renamed = {spec.torch_parameters.get(name, name): value for name, value in parameters.items()}
            function = getattr(F, spec.torch_function)
            builtin: Tensor = function(prediction, target, reduction=reduction, **spec.torch_arguments, **renamed)
            return builtin
        given = spec.with_defaults(parameters)
        target = target.to(prediction.dtype) if not spec.vector else target
        loss = self._kernel(prediction, target, *given.values())
        return loss.mean() if reduction == "mean" else loss.sum() if reduction == "sum" else loss

    def _plain(self, prediction: Any, target: Any, reduction: str, given: dict[str, Any]) -> Any:
        values = {**given, self.spec.symbol: prediction, "t": target}
        if kind_of(prediction, self.name) == "float":
            return compute_float(self.spec.value, values)
        dim = (1 if prediction.ndim > 1 else 0) if self.spec.vector else -1
        loss = compute_array(self.spec.value, values, like=prediction, dim=dim)
        loss = loss.squeeze(dim) if self.spec.vector else loss
        return loss.mean() if reduction == "mean" else loss.sum() if reduction == "sum" else loss

    def _check_shapes(self, prediction: Any, target: Any, kind: str) -> None:
        if self.spec.vector or kind == "float":
            return
        got, expected = tuple(getattr(target, "shape", ())), tuple(prediction.shape)
        if got != expected:
            raise ValueError(
                f"loss {self.name!r} got targets of shape {got} for predictions of shape {expected}: expected the same "
                f"shape; use target.reshape(prediction.shape) if they hold the same entries"
            )
