"""What a member of the catalogue says about itself: the two records that every other room reads.

Only what cannot be derived is declared here; slopes, tails, gains and the like follow from the formula (`theory`).
May import: `catalogue` only; SymPy never at import. To add a member see `catalogue/activations/__init__.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

from neurologist.catalogue.differentiate import differentiate
from neurologist.catalogue.errors import DeclarationError, FormulaError
from neurologist.catalogue.expression import evaluate, free_names
from neurologist.catalogue.interval import NON_NEGATIVE, OPEN_UNIT, POSITIVE, REAL, UNIT, Interval
from neurologist.catalogue.parameters import completed

__all__ = ["NON_NEGATIVE", "OPEN_UNIT", "POSITIVE", "REAL", "UNIT", "Activation", "Interval", "Loss", "Source"]

TargetKind = Literal["real", "class_index", "probability", "distribution", "sign", "count", "none"]
Expects = Literal["real", "logits", "probabilities", "log_probabilities"]
Along = Literal["entry", "classes", "last", "sample"]
Shape = Literal["row", "length", "broadcast"]


@dataclass(frozen=True)
class Source:
    """Where a function comes from, so that a reader can check it."""

    author: str
    year: int
    title: str

    def __str__(self) -> str:
        return f"{self.author} ({self.year}). {self.title}{'' if self.title.endswith('?') else '.'}"


@dataclass(frozen=True, eq=False)
class Activation:
    """One activation function, by its formula.

    Attributes:
        name: name in the catalogue, the same as its file's.
        formula: textbook formula in `x` and the parameters; evaluated at 50 digits it is the oracle.
        range: set of values over all finite inputs, at the default parameters; `traits` checks it.
        source: where it was published.
        stable: the same function written so that it neither overflows nor cancels; None where `formula` is fine.
        stable_derivative: its derivative likewise; None where differentiating the formula is fine.
        derivative_from_output: derivative in terms of the output `y`; None where `y` does not determine it.
        parameters: parameter names with their defaults.
        domains: parameter -> where it must lie for the formula to be the function that its source means.
        ordered: parameters of which none may be larger than the next.
        range_of: the two ends of `range` as formulas in the parameters, where they depend on them.
        vector: whether it maps vectors along a `dim`; `derivative*` is then the diagonal of the Jacobian.
        pullback: for vectors, the gradient by `x` as a formula in `x` and the gradient `g` by the output.
        widens: entries out per entry in: 0.5 for gated units, whose input is two vectors joined.
        beside: for vectors, where the other entries stand when traits of one entry are read.
        noise: what training adds to the input, as a formula in a `u` drawn evenly from (0, 1).
        learnable: parameters that the source learns by gradient.
        random: whether training draws its slope at random.
        wide: whether float32 and half precision are computed in float64, because float32 loses digits that no
            rewriting brings back, mostly around a root of the value or the slope, or overflows on the way.
        autograd: class names of the autograd nodes that torch's own version leaves on the tape.
        autograd_parameters: parameter name -> attribute of that node which holds it.
        autograd_when: attribute -> value of that node that tell this member from others with the same node.
        torch_function: name in `torch.nn.functional`.
        exact_in_torch: whether torch's version and its gradient are exact to rounding, so that it may be used.
        torch_arguments: fixed arguments for `torch_function`.
        aliases: other names in use.
    """

    name: str
    formula: str
    range: Interval
    source: Source
    stable: str | None = None
    stable_derivative: str | None = None
    derivative_from_output: str | None = None
    parameters: Mapping[str, float] = field(default_factory=dict)
    domains: Mapping[str, Interval] = field(default_factory=dict)
    ordered: tuple[str, ...] = ()
    range_of: tuple[str, str] | None = None
    vector: bool = False
    pullback: str | None = None
    widens: float = 1.0
    beside: float = 0.0
    noise: str | None = None
    learnable: tuple[str, ...] = ()
    random: bool = False
    wide: bool = False
    autograd: tuple[str, ...] = ()
    autograd_parameters: Mapping[str, str] = field(default_factory=dict)
    autograd_when: Mapping[str, object] = field(default_factory=dict)
    torch_function: str | None = None
    exact_in_torch: bool = False
    torch_arguments: Mapping[str, Any] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("parameters", "domains", "autograd_parameters", "autograd_when", "torch_arguments"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        _check_names(self.name, (self.formula, self.stable, self.stable_derivative), {"x", *self.parameters})
        _check_names(self.name, (self.derivative_from_output,), {"y", *self.parameters})
        _check_names(self.name, (self.pullback,), {"x", "g", *self.parameters})
        _check_names(self.name, (self.noise,), {"u", *self.parameters})
        if self.vector and self.pullback is None:
            raise DeclarationError(
                f"{self.name!r} maps vectors: expected a `pullback`, the gradient in terms of x and g"
            )

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles as its fields: read-only mappings cannot be pickled."""
        return _rebuild, (type(self), _plain_fields(self))

    @property
    def value(self) -> str:
        """The formula to compute with: the stable one where there is one."""
        return self.stable or self.formula

    @cached_property
    def derivative(self) -> str:
        """The derivative to compute with, in `x`; raises `FormulaError` where only the output form exists."""
        if self.stable_derivative is not None:
            return self.stable_derivative
        if self.vector:
            raise FormulaError(f"activation {self.name!r} mixes the entries of a vector: its slope needs the output y")
        return differentiate(self.value, "x")

    @cached_property
    def formula_derivative(self) -> str:
        """The derivative of the textbook formula, whatever its rounding: the oracle for `derivative`."""
        return differentiate(self.formula, "x")

    def with_defaults(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters with `given` ones replaced; one that it has not, or outside its domain, is an error."""
        return completed(f"activation {self.name!r}", self.parameters, self.domains, given, self.ordered)

    def range_for(self, **parameters: float) -> Interval:
        """The range at other parameters than the defaults."""
        given = self.with_defaults(parameters)
        if self.range_of is None:
            return self.range
        low, high = (float(evaluate(end, given)) for end in self.range_of)
        return Interval(low, high, self.range.lo_closed, self.range.hi_closed)


@dataclass(frozen=True, eq=False)
class Loss:
    """One loss, by the formula of one prediction and one target, or of one vector of each.

    Attributes:
        name: name in the catalogue, the same as its file's.
        formula: one entry's or vector's loss, in its operands and parameters.
        predictions: where predictions must lie for the loss to be finite.
        targets: where targets must lie.
        target_kind: what a target is; "none" where the loss compares predictions with each other.
        expects: what predictions must already be.
        source: where it was published.
        stable: the same loss written so that it neither overflows nor cancels.
        stable_derivative: its derivative by the first operand likewise; for vectors it may use `y`.
        applies: the activation that the loss applies itself; None where it takes predictions as they are.
        link: the activation that belongs between the last linear map and this loss.
        vector: whether the formula reads a whole vector.
        along: which vector: "classes" is dim 1 as in torch, "last" the last dim, "sample" all but the first, flattened.
        operands: letters in the order in which a call takes them; the target is `t`, all others are predictions.
        domains: operand -> where it must lie, where that differs from `predictions`; parameter -> where it must lie.
        shapes: operand -> "row" (one entry per vector), "length" (vectors of another length) or "broadcast"; all
            others have one shape.
        prepare: a step of `functional.loss_prepare` that makes further names from the operands for the formula.
        prepared: the names that it makes.
        held: name -> formula of a weight that the source holds constant while differentiating.
        fused: whether `functional.loss_fused` computes it for class indices in fewer passes.
        steps: (of what, formula, why) triples from the formula to its slope; "loss" or "slope" is of what.
        parameters: parameter names with their defaults.
        autograd: class names of the autograd nodes that torch's own version ends in.
        autograd_parameters: parameter name -> attribute of that node which holds it.
        torch_function: name in `torch.nn.functional`.
        torch_arguments: fixed arguments for `torch_function`.
        torch_parameters: parameter name -> torch's name for it, where they differ.
        exact_in_torch: whether torch's version and its gradient are exact to rounding, so that it may be used.
        delegated: whether only torch computes it; the formula then says what for one term.
        aliases: other names in use.
    """

    name: str
    formula: str
    predictions: Interval
    targets: Interval
    target_kind: TargetKind
    expects: Expects
    source: Source
    stable: str | None = None
    stable_derivative: str | None = None
    applies: str | None = None
    link: str = "identity"
    vector: bool = False
    along: Along = "entry"
    operands: tuple[str, ...] = ()
    domains: Mapping[str, Interval] = field(default_factory=dict)
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    prepare: str | None = None
    prepared: tuple[str, ...] = ()
    held: Mapping[str, str] = field(default_factory=dict)
    fused: bool = False
    steps: tuple[tuple[str, str, str], ...] = ()
    parameters: Mapping[str, float] = field(default_factory=dict)
    autograd: tuple[str, ...] = ()
    autograd_parameters: Mapping[str, str] = field(default_factory=dict)
    torch_function: str | None = None
    torch_arguments: Mapping[str, Any] = field(default_factory=dict)
    torch_parameters: Mapping[str, str] = field(default_factory=dict)
    exact_in_torch: bool = True
    delegated: bool = False
    aliases: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        named = (
            "parameters",
            "autograd_parameters",
            "torch_arguments",
            "torch_parameters",
            "domains",
            "shapes",
            "held",
        )
        for name in named:
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        if not self.operands:
            object.__setattr__(self, "operands", (self.symbol, "t"))
        if self.vector and self.along == "entry":
            object.__setattr__(self, "along", "classes" if self.target_kind == "class_index" else "last")
        known = {*self.operands, *self.prepared, *self.parameters}
        _check_names(self.name, tuple(self.held.values()), known)
        formulas = (self.formula, self.stable, self.stable_derivative, *(formula for _, formula, _ in self.steps))
        _check_names(self.name, formulas, known | set(self.held))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles as its fields: read-only mappings cannot be pickled."""
        return _rebuild, (type(self), _plain_fields(self))

    @property
    def symbol(self) -> str:
        """The letter that stands for the (first) prediction in the formula: by default `z` for logits, else `p`."""
        if self.operands:
            return self.operands[0]
        return "z" if self.expects == "logits" else "p"

    def domain(self, operand: str) -> Interval:
        """Where an operand must lie."""
        return self.domains.get(operand, self.targets if operand == "t" else self.predictions)

    @property
    def value(self) -> str:
        """The formula to compute with: the stable one where there is one."""
        return self.stable or self.formula

    @property
    def wants_logits(self) -> bool:
        """Whether the loss applies an activation itself, so that none may stand before it."""
        return self.applies is not None

    def with_defaults(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters with `given` ones replaced; one that it has not, or outside its domain, is an error."""
        return completed(f"loss {self.name!r}", self.parameters, self.domains, given)


def _plain_fields(spec: Activation | Loss) -> dict[str, Any]:
    found = {entry.name: getattr(spec, entry.name) for entry in fields(spec)}
    return {name: dict(value) if isinstance(value, Mapping) else value for name, value in found.items()}


def _rebuild(kind: type[Any], found: dict[str, Any]) -> Any:
    return kind(**found)


def _check_names(member: str, formulas: tuple[str | None, ...], known: set[str]) -> None:
    for formula in formulas:
        strange = free_names(formula) - known if formula is not None else frozenset()
        if strange:
            raise DeclarationError(
                f"{member!r}: formula {formula!r} uses {', '.join(sorted(strange))}: "
                f"expected only {', '.join(sorted(known))}; declare it in `parameters`"
            )
