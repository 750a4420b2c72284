"""A loss as a callable: the same object for torch, NumPy and floats.

May import: `catalogue`, `theory`; torch, NumPy and matplotlib inside methods, when needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from neurologist.catalogue import Loss
from neurologist.catalogue.expression import free_names
from neurologist.functional import loss_checks as checks
from neurologist.functional.kinds import compute_array, compute_float, kind_of
from neurologist.functional.loss_prepare import OPTIONS, laid_out, prepare, reduced, vector_dim
from neurologist.functional.members import key_of
from neurologist.functional.reductions import reductions

if TYPE_CHECKING:
    from neurologist.functional.loss_derivation import Derivation
    from neurologist.functional.loss_tensor import OnTensors

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
        self._key = key_of(spec)
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

    def plot(self, lo: float | None = None, hi: float | None = None, ax: Any = None) -> Any:
        """Draw value and slope by one prediction, the rest standing still, and return matplotlib's axes."""
        from neurologist.functional.plot import plot

        return plot(self, lo, hi, ax)

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
        if kind == "float" and spec.vector:
            raise TypeError(f"loss {self.name!r} got a float: expected vectors; pass arrays or tensors")
        if kind != "tensor" and spec.delegated:
            raise TypeError(f"loss {self.name!r} got a {kind}: expected tensors: torch computes it; use torch.tensor")
        checks.check_kinds(spec, values, kind)
        if kind == "tensor" and self._on_tensors.is_builtin(values):
            checks.check_keywords(spec, parameters, values[spec.operands[0]])
            self._check(values, kind, parameters, check)
            return self._on_tensors.by_torch(values, reduction, parameters)
        options = self._options(parameters)
        checks.check_keywords(spec, parameters, values[spec.operands[0]])
        self._check(values, kind, options, check)
        if kind == "tensor":
            return self._on_tensors(values, reduction, parameters, options)
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
                if names[at] in found:
                    raise TypeError(
                        f"loss {self.name!r} got {names[at]} twice: by position and as {word}=: expected it once; "
                        "leave out one"
                    )
                found[names[at]] = parameters.pop(word)
        found |= {name: parameters.pop(name) for name in names if name in parameters and name not in found}
        if len(found) != len(names) or len(operands) > len(names):
            raise TypeError(
                f"loss {self.name!r} got {len(operands)} operands: expected {', '.join(names)}, in this order"
            )
        return {name: found[name] for name in names}

    def _options(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Keywords of the step that prepares the operands, taken out of the parameters."""
        known = OPTIONS.get(self.spec.prepare or "", {})
        return {name: parameters.pop(name, default) for name, default in known.items()}

    def _check_reduction(self, reduction: str) -> None:
        known = reductions(self.spec)
        if reduction not in known:
            expected = f"{', '.join(map(repr, known[:-1]))} or {known[-1]!r}"
            raise ValueError(f"loss {self.name!r} got reduction={reduction!r}: expected {expected}")

    def _check(self, values: dict[str, Any], kind: str, options: Mapping[str, Any], look: bool | None) -> None:
        if self.spec.delegated and len(values) > 3:
            checks.check_sequences(self.spec, values, options, look)
            return
        if kind == "tensor":
            checks.check_numbers(self.spec, values)
            look = checks.can_look(values) if look is None else look
        if kind != "float" or self.spec.vector:
            checks.check_shapes(self.spec, values)
        if self.spec.along == "classes" and kind != "float":
            checks.check_class_options(self.spec, options, values, kind)
        if look or look is None:
            checks.check_values(self.spec, values, options)

    @property
    def _on_tensors(self) -> OnTensors:
        from neurologist.functional.loss_tensor import on_tensors

        return on_tensors(self._key)

    @cached_property
    def _known(self) -> frozenset[str]:
        spec = self.spec
        used = free_names(spec.formula).union(*map(free_names, spec.held.values()))
        return used | set(spec.held)

    def _plain(
        self, values: dict[str, Any], kind: str, reduction: str, given: dict[str, Any], options: dict[str, Any]
    ) -> Any:
        import numpy as np

        spec = self.spec
        if kind == "float":
            return compute_float(spec.value, {**values, **given})
        like = np.asarray(next(iter(values.values())))
        if not spec.vector:
            return reduced(compute_array(spec.value, {**values, **given}, like=like), reduction)
        dim = vector_dim(spec, like)
        values = laid_out(spec, values)
        values |= prepare(spec.prepare, "array", values, dim, options) if spec.prepare else {}
        divisor, scale = values.pop("divisor", None), values.pop("scale", 1)
        for name, formula in spec.held.items():
            values[name] = compute_array(formula, {**values, **given}, like=like, dim=dim)
        loss = compute_array(spec.value, {**values, **given}, like=like, dim=dim)
        return reduced(np.asarray(loss).squeeze(dim) * scale, reduction, divisor)


def _lifted(value: Any) -> Any:
    import mpmath
    import numpy as np

    array = np.asarray(value)
    return array if array.dtype.kind in "iu" else np.frompyfunc(mpmath.mpf, 1, 1)(array.astype(object))
