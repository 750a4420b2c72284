"""An activation as a callable: one object for torch, NumPy and floats, with all that follows from its formula.

May import: `catalogue`, `theory`; torch, NumPy, mpmath and matplotlib inside methods, when needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from neurologist.catalogue import Activation, FormulaError, Interval
from neurologist.catalogue.differentiate import differentiate
from neurologist.functional.kinds import compute_array, compute_float, kind_of
from neurologist.functional.members import key_of
from neurologist.functional.refusals import check_dim, check_order, check_parameters

if TYPE_CHECKING:
    from torch import Tensor, nn

    from neurologist.functional.cost import Cost
    from neurologist.functional.function_tensor import OnTensors
    from neurologist.theory.traits import Traits


class Function:
    """One activation function: call it, differentiate it, ask about it.

    Called with a torch tensor, a NumPy array or a float, it returns the same kind, dtype and shape. Parameters are
    given by name; the softmax family takes `dim`.

    Attributes:
        spec: its entry in the catalogue.
    """

    def __init__(self, spec: Activation, *, fused: bool = False) -> None:
        self.spec = spec
        self._key = key_of(spec)
        self._fused = fused
        self.__name__ = self.name = spec.name
        self.__doc__ = f"{spec.name}: {spec.formula}"

    def __repr__(self) -> str:
        return f"<activation {self.name}: {self.formula}>"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles as its spec, so that a model that holds it can be saved and copied."""
        return Function, (self.spec,)

    def __deepcopy__(self, memo: dict[int, Any]) -> Function:
        """Itself: it never changes."""
        return self

    def __call__(self, x: Any, *, dim: int = -1, **parameters: Any) -> Any:
        """The function's value at every entry of `x`."""
        kind = kind_of(x, self.name)
        self._check(x, dim, parameters)
        if kind == "tensor":
            return self._on_tensors(x, dim, parameters)
        return self._plain(self.spec.value, x, dim, self.spec.with_defaults(parameters))

    def derivative(self, x: Any, *, dim: int = -1, order: int = 1, **parameters: Any) -> Any:
        """The exact slope at every entry of `x`; for functions of vectors, the diagonal of the Jacobian.

        Where the output has another length than the input, it is the slope of the output's sum by each entry.

        Args:
            x: tensor, array or float.
            dim: along which the vectors lie, for functions of vectors.
            order: 2 for the second derivative, and so on; functions of numbers only.
            **parameters: the function's own, by name.
        """
        kind_of(x, self.name)
        self._check(x, dim, {})
        given = self.spec.with_defaults(parameters)
        if order != 1:
            return self._higher(x, order, given)
        if self.spec.widens != 1:
            return self._slope_of_sum(x, dim, given)
        if self.spec.stable_derivative is None and self.spec.vector:
            y = self(x, dim=dim, **parameters)
            if kind_of(x, self.name) == "tensor":
                return self.slope(y=y, dim=dim, **given)
            return self._plain(str(self.spec.derivative_from_output), y, dim, given, symbol="y")
        if kind_of(x, self.name) == "tensor":
            return self.slope(x=x, dim=dim, **given) if self.spec.vector else self._on_tensors.slope(x, given)
        return self._plain(self.spec.derivative, x, dim, given)

    def slope(self, x: Tensor | None = None, y: Tensor | None = None, *, dim: int = -1, **parameters: Any) -> Tensor:
        """The slope where the input was `x`, or where the output was `y`, for tensors; not differentiable.

        The input is used where both are given: the output may have been rounded. `ValueError` where neither will do.
        """
        from neurologist.functional.function_tensor import fitted, floating
        from neurologist.functional.tensors import compute

        if x is not None and self.spec.widens != 1:
            found: Tensor = self._slope_of_sum(x.detach(), dim, self.spec.with_defaults(parameters))
            return found
        from_input = not self.spec.vector or self.spec.stable_derivative is not None
        if not from_input and y is None and x is not None:
            y, x = self(x.detach(), dim=dim, **parameters), None
        if x is not None and from_input:
            text, symbol, at = self.spec.derivative, "x", floating(x)
        elif y is not None and self.spec.derivative_from_output is not None:
            text, symbol, at = self.spec.derivative_from_output, "y", y
        else:
            got = "only the output y, which does not determine it" if y is not None else "neither input nor output"
            raise ValueError(f"slope of {self.name!r} got {got}: expected its input; pass x=")
        given = fitted(self.spec.with_defaults(parameters), None, at)
        return compute(text, {**given, symbol: at.detach()}, like=at, dim=dim, wide=self.spec.wide)

    def derivative_formula(self, order: int = 1) -> str:
        """The derivative to compute with, as a formula in `x`."""
        check_order(self.name, order, 1 if self.spec.vector else None)
        text = self.spec.derivative
        for done in range(1, order):
            try:
                text = differentiate(text, "x")
            except FormulaError as error:
                raise ValueError(
                    f"{self.name} got order={order}: expected {done} or less, beyond which {error}"
                ) from None
        return text

    def _check(self, x: Any, dim: Any, parameters: Mapping[str, Any]) -> None:
        if parameters:
            check_parameters(self.spec, parameters, x)
        if self.spec.vector or dim != -1:
            check_dim(self.spec, x, dim)

    def _higher(self, x: Any, order: int, given: Mapping[str, Any]) -> Any:
        text = self.derivative_formula(order)
        if kind_of(x, self.name) != "tensor":
            return self._plain(text, x, -1, given)
        return self._on_tensors.slope(x, given, order)

    @property
    def formula(self) -> str:
        """The textbook formula."""
        return self.spec.formula

    @property
    def range(self) -> Interval:
        """The set of its values at the default parameters."""
        return self.spec.range

    @cached_property
    def traits(self) -> Traits:
        """What follows from the formula: tails, dead zones, Lipschitz constant, gains, ..."""
        from neurologist.theory.traits import traits

        return traits(self.spec)

    @property
    def gain(self) -> float:
        """The factor on weights of variance 1/fan_in that keeps the signal's size from layer to layer."""
        return self.traits.gain

    @cached_property
    def latex(self) -> str:
        """The formula in LaTeX."""
        from neurologist.functional.latex import latex

        return latex(self.formula, self.spec)

    def reference(self, x: Any, *, derivative: bool = False, **parameters: float) -> Any:
        """The value at 50 digits, from the textbook formula: an mpmath number, or a list of them for a vector."""
        from neurologist.catalogue.oracle import exact

        formula = self.spec.formula_derivative if derivative else self.formula
        return exact(formula, {**self.spec.with_defaults(parameters), "x": x})

    def module(self, **parameters: Any) -> nn.Module:
        """The function as an `nn.Module`; each learnable parameter becomes an `nn.Parameter`."""
        from neurologist.functional.module import ActivationModule

        return ActivationModule(self, parameters)

    def plot(self, lo: float = -5.0, hi: float = 5.0, ax: Any = None) -> Any:
        """Draw value and slope with matplotlib and return the axes; `.figure.savefig(path)` makes a file of them."""
        from neurologist.functional.plot import plot

        return plot(self, lo, hi, ax)

    def cost(self, entries: int = 1 << 20, seconds: float = 0.3) -> Cost:
        """Measure forward and backward relative to ReLU, in turn with it; `str` of the result says what was measured.

        Args:
            entries: size of the float32 tensor.
            seconds: how long to measure.
        """
        from neurologist.functional.cost import cost

        return cost(self, entries, seconds)

    def _slope_of_sum(self, x: Any, dim: int, given: Mapping[str, Any]) -> Any:
        y = self(x, dim=dim, **given)
        if kind_of(x, self.name) == "tensor":
            return self._on_tensors.vector.pullback(x.to(y.dtype), y.new_ones(()).expand_as(y), dim, given)
        ones = compute_array("1", {}, like=y)
        return compute_array(str(self.spec.pullback), {**given, "x": x, "g": ones}, like=x, dim=dim)

    @property
    def _on_tensors(self) -> OnTensors:
        from neurologist.functional.function_tensor import on_tensors

        return on_tensors(self._key, self._fused)

    def _plain(self, formula: str, x: Any, dim: int, given: Mapping[str, Any], symbol: str = "x") -> Any:
        values = {**given, symbol: x}
        if kind_of(x, self.name) == "array":
            return compute_array(formula, values, like=x, dim=dim, wide=self.spec.wide)
        if self.spec.vector:
            raise TypeError(f"{self.name} got a float: expected a vector; pass an array or a tensor")
        return compute_float(formula, values)
