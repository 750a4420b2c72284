"""A loss as a callable: the same object for torch, NumPy and floats.

May import: `catalogue`, `theory`; torch and NumPy inside methods, when needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from neurologist.catalogue import Loss
from neurologist.catalogue.expression import free_names
from neurologist.functional import loss_checks as checks
from neurologist.functional.kinds import compute_array, compute_float, kind_of
from neurologist.functional.loss_prepare import OPTIONS, prepare

if TYPE_CHECKING:
    from torch import Tensor

    from neurologist.functional.kernel import Kernel
    from neurologist.functional.loss_derivation import Derivation
    from neurologist.functional.loss_kernel import VectorKernel

Reduction = Literal["mean", "sum", "none", "batchmean"]
WORDS = {"prediction": 0, "target": -1}  # keywords for the first and the last operand


class LossFunction:
    """One loss: call it with predictions and targets, in the order of `spec.operands`.

    Entry losses take targets of the predictions' shape. Losses over classes take scores with classes in dim 1 (dim 0 of
    a vector), as in torch, and class indices, one-hot rows or probabilities.

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
        """The textbook formula of one entry's or one vector's loss."""
        return self.spec.formula

    @property
    def link(self) -> str:
        """The activation that belongs between the last linear map and this loss: the natural link."""
        return self.spec.link

    @cached_property
    def canonical_link(self) -> str | None:
        """The activation that makes the slope by the preactivation exactly prediction - target; None if none does."""
        from neurologist.theory.pairing import canonical_link

        return canonical_link(self.spec)

    @cached_property
    def latex(self) -> str:
        """The formula in LaTeX."""
        from neurologist.functional.loss_latex import latex

        return latex(self.formula, self.spec)

    @cached_property
    def derivation(self) -> Derivation:
        """The way from the formula to the slope, step by step, in LaTeX and text."""
        from neurologist.functional.loss_derivation import derive

        return derive(self.spec)

    def __call__(
        self, *operands: Any, reduction: Reduction = "mean", check: bool | None = None, **parameters: Any
    ) -> Any:
        """The loss: a scalar, or one value per entry (per vector, for losses over vectors) with `reduction="none"`.

        Args:
            operands: predictions and targets; `prediction=` and `target=` name the first and the last.
            reduction: as in torch: "mean" over entries or vectors (weighted, for weighted classes), "sum", "none";
                "batchmean", the sum over the first dim's size, for distributions.
            check: look at the values of operands; None does where that costs no wait for a device.
            parameters: the formula's; losses over classes take `weight`, `ignore_index` and `label_smoothing` too, and
                what else torch's version has is handed on to it.
        """
        spec = self.spec
        self._check_reduction(reduction)
        values = self._named(operands, parameters)
        kind = kind_of(values[spec.operands[0]], f"loss {self.name!r}")
        builtin = kind == "tensor" and self._is_builtin(values)
        options = {} if builtin else self._options(parameters)
        self._check(values, kind, {**options, **parameters}, check)
        if builtin:
            return self._torch(values, reduction, parameters)
        if kind == "tensor":
            return self._tensor(values, reduction, parameters, options)
        if spec.delegated:
            raise TypeError(
                f"loss {self.name!r} got a {kind}: expected tensors, as torch computes it; use torch.tensor"
            )
        return self._plain(values, kind, reduction, spec.with_defaults(parameters), options)

    def reference(self, *operands: Any, **parameters: Any) -> Any:
        """One entry's or one vector's loss at 50 digits, from the textbook formula."""
        import mpmath
        import numpy as np

        from neurologist.catalogue.oracle import exact

        spec, values = self.spec, self._named(operands, parameters)
        options = self._options(parameters)
        given = {**values, **spec.with_defaults(parameters)}
        if spec.prepare:
            with mpmath.workdps(200):
                values = {name: _lifted(value) for name, value in values.items()}
                given |= prepare(spec.prepare, "array", values, -1, options)
        given = {name: value for name, value in given.items() if name in self._known}
        for name, formula in spec.held.items():
            given[name] = exact(formula, given)
        found = exact(self.formula, given)
        return found.item() if isinstance(found, np.ndarray) and found.size == 1 else found

    def _named(self, operands: tuple[Any, ...], parameters: dict[str, Any]) -> dict[str, Any]:
        names = self.spec.operands
        found = dict(zip(names, operands, strict=False))
        for word, at in WORDS.items():
            if word in parameters:
                found[names[at]] = parameters.pop(word)
        found |= {name: parameters.pop(name) for name in names if name in parameters and name not in found}
        if len(found) != len(names) or len(operands) > len(names):
            raise TypeError(
                f"loss {self.name!r} got {len(operands)} operands: expected {', '.join(names)}, in this order"
            )
        return {name: found[name] for name in names}

    def _is_builtin(self, values: dict[str, Any]) -> bool:
        """Whether torch's own version is used: where it is exact, and for class indices, which are all it knows."""
        spec = self.spec
        soft = spec.along == "classes" and values["t"].is_floating_point()
        half = spec.vector and values[spec.operands[0]].element_size() < 4  # torch's sums are rounded in between
        return spec.delegated or (bool(spec.torch_function) and spec.exact_in_torch and not soft and not half)

    def _options(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Keywords of the step that prepares the operands, taken out of the parameters."""
        known = OPTIONS.get(self.spec.prepare or "", {})
        return {name: parameters.pop(name, default) for name, default in known.items()}

    def _check_reduction(self, reduction: str) -> None:
        known = ("mean", "sum", "none", *(("batchmean",) if self.spec.target_kind == "distribution" else ()))
        if reduction not in known:
            expected = f"{', '.join(map(repr, known[:-1]))} or {known[-1]!r}"
            raise ValueError(f"loss {self.name!r} got reduction={reduction!r}: expected {expected}")

    def _check(self, values: dict[str, Any], kind: str, options: Mapping[str, Any], look: bool | None) -> None:
        if self.spec.delegated and len(values) > 3:  # the shapes of ctc are torch's to judge
            return
        if kind == "tensor":
            checks.check_numbers(self.spec, values)
            look = checks.can_look(values) if look is None else look
        if kind != "float" or self.spec.vector:
            checks.check_shapes(self.spec, values)
        if look or look is None:
            checks.check_values(self.spec, values, options)

    @cached_property
    def _known(self) -> frozenset[str]:
        spec = self.spec
        used = free_names(spec.formula).union(*map(free_names, spec.held.values()))
        return used | set(spec.held)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        """What the formulas speak of; what comes first gives shape and dtype."""
        spec = self.spec
        used = free_names(spec.value) | free_names(spec.stable_derivative or "0")
        return tuple(name for name in (*spec.operands, *spec.prepared, *spec.held, *spec.parameters) if name in used)

    @cached_property
    def _kernel(self) -> Kernel:
        from neurologist.functional.kernel import Kernel

        return Kernel(f"nl_{self.name}", self.spec.value, self._names, self._slopes)

    @cached_property
    def _vector_kernel(self) -> VectorKernel:
        from neurologist.functional.loss_kernel import VectorKernel

        return VectorKernel(f"nl_{self.name}", self.spec.value, self._names, self._slopes)

    @property
    def _slopes(self) -> dict[str, str]:
        return {self._names[0]: self.spec.stable_derivative} if self.spec.stable_derivative else {}

    def _tensor(
        self, values: dict[str, Any], reduction: str, parameters: dict[str, Any], options: dict[str, Any]
    ) -> Any:
        spec = self.spec
        if spec.torch_function and parameters.keys() - spec.parameters.keys():
            return self._torch(values, reduction, {**parameters, **_unusual(spec, options)})
        given = spec.with_defaults(parameters)
        values = {name: _floating(value, values, spec) for name, value in values.items()}
        if not spec.vector:
            return _reduced(self._kernel(*[{**values, **given}[name] for name in self._names]), reduction)
        dim = self._dim(values[spec.operands[0]])
        dtype, values = values[spec.operands[0]].dtype, self._laid_out(values)
        if spec.prepare and spec.prepare not in OPTIONS and values[spec.operands[0]].element_size() < 4:
            values = {
                n: v.float() if v.is_floating_point() else v for n, v in values.items()
            }  # rounded once, at the end
        values |= prepare(spec.prepare, "tensor", values, dim, options) if spec.prepare else {}
        divisor, scale = values.pop("divisor", None), values.pop("scale", None)
        loss = self._vector_kernel(dim, *self._in_order(values, given, dim)).to(dtype)
        return _reduced(loss if scale is None else loss * scale.to(loss.dtype), reduction, divisor)

    def _in_order(self, values: dict[str, Any], given: dict[str, Any], dim: int) -> list[Any]:
        from neurologist.functional.loss_kernel import run

        everything = {**values, **given}
        for name, formula in self.spec.held.items():
            now = {key: getattr(value, "detach", lambda value=value: value)() for key, value in everything.items()}
            everything[name] = run(formula, now, now[self._names[0]].dtype, dim)
        return [everything[name] for name in self._names]

    def _torch(self, values: dict[str, Any], reduction: str, parameters: dict[str, Any]) -> Tensor:
        import torch.nn.functional as F

        spec = self.spec
        if spec.target_kind != "class_index" and not spec.delegated:
            like = values[spec.operands[0]]
            values = {name: value.to(like.dtype) if hasattr(value, "to") else value for name, value in values.items()}
        renamed = {spec.torch_parameters.get(name, name): value for name, value in parameters.items()}
        function = getattr(F, str(spec.torch_function))
        found: Tensor = function(*values.values(), reduction=reduction, **{**spec.torch_arguments, **renamed})
        return found

    def _plain(
        self, values: dict[str, Any], kind: str, reduction: str, given: dict[str, Any], options: dict[str, Any]
    ) -> Any:
        import numpy as np

        spec = self.spec
        if kind == "float":
            if spec.vector:
                raise TypeError(f"loss {self.name!r} got a float: expected vectors; pass arrays or tensors")
            return compute_float(spec.value, {**values, **given})
        like = np.asarray(next(iter(values.values())))
        if not spec.vector:
            return _reduced(compute_array(spec.value, {**values, **given}, like=like), reduction)
        dim = self._dim(like)
        values = self._laid_out(values)
        values |= prepare(spec.prepare, "array", values, dim, options) if spec.prepare else {}
        divisor, scale = values.pop("divisor", None), values.pop("scale", 1)
        for name, formula in spec.held.items():
            values[name] = compute_array(formula, {**values, **given}, like=like, dim=dim)
        loss = compute_array(spec.value, {**values, **given}, like=like, dim=dim)
        return _reduced(np.asarray(loss).squeeze(dim) * scale, reduction, divisor)

    def _dim(self, prediction: Any) -> int:
        return 1 if self.spec.along == "classes" and prediction.ndim > 1 else -1

    def _laid_out(self, values: dict[str, Any]) -> dict[str, Any]:
        """Operands with their vectors along `dim`: samples flattened, and one entry per vector made a vector of one."""
        spec = self.spec
        if spec.along == "sample":
            return {name: value.reshape(len(value), -1) if value.ndim > 1 else value for name, value in values.items()}
        return {name: value[..., None] if spec.shapes.get(name) == "row" else value for name, value in values.items()}


def _unusual(spec: Loss, options: dict[str, Any]) -> dict[str, Any]:
    """Options of ours that are not at their defaults, for torch's version."""
    defaults = OPTIONS.get(spec.prepare or "", {})
    return {name: value for name, value in options.items() if value is not defaults[name] and value != defaults[name]}


def _lifted(value: Any) -> Any:
    import mpmath
    import numpy as np

    array = np.asarray(value)
    return array if array.dtype.kind in "iu" else np.frompyfunc(mpmath.mpf, 1, 1)(array.astype(object))


def _floating(value: Any, values: dict[str, Any], spec: Loss) -> Any:
    """A target of integers or booleans as floats of the predictions' kind; class indices stay as they are."""
    if spec.target_kind == "class_index" or not hasattr(value, "is_floating_point") or value.is_floating_point():
        return value
    return value.to(values[spec.operands[0]].dtype)


def _reduced(loss: Any, reduction: str, divisor: Any = None) -> Any:
    if reduction == "none":
        return loss
    if reduction == "batchmean":
        return loss.sum() / (len(loss) if loss.ndim else 1)
    if reduction == "sum":
        return loss.sum()
    return loss.mean() if divisor is None else loss.sum() / divisor
