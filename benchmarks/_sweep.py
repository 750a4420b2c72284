"""One member's errors in one dtype; for `accuracy.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, isfinite, isinf
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from _points import DTYPES, ROWS, kinks, points, vectors
from _reasons import reason
from _truth import limit, of_numbers, of_vector
from _ulp import Errors, Truth, errors, spacing

import neurologist as nl
from neurologist.catalogue import Activation, activations
from neurologist.catalogue.differentiate import differentiate

Array = np.ndarray[Any, np.dtype[np.float64]]
Way = Callable[[torch.Tensor], torch.Tensor]
KINDS = ("value", "slope")
SCORE = 10.0
LARGE = 300_000  # entries from which on a tensor is computed in blocks, by other code
LIMITS = {"float32": 4.0, "bfloat16": 1.0, "float16": 1.0, "float64": 4.0}  # ULP; of float64 nothing is promised


@dataclass(frozen=True)
class Curve:
    """A function of one number, and how to compute it.

    Attributes:
        name: how the page calls it.
        formula: in `x`.
        ours: this package's way.
        torch: torch's own, if it has one.
        spec: its entry in the catalogue, for activations.
        parameters: what the formula's other names stand for.
    """

    name: str
    formula: str
    ours: Way
    torch: Way | None
    spec: Activation | None = None
    parameters: Mapping[str, float] = field(default_factory=dict)

    @property
    def formulas(self) -> dict[str, str]:
        """Of value and slope."""
        return {"value": self.formula, "slope": differentiate(self.formula, "x")}

    @property
    def ways(self) -> dict[str, Way]:
        """Ours, and torch's where there is one."""
        return {"ours": self.ours, **({"torch": self.torch} if self.torch else {})}


def curves() -> dict[str, Curve]:
    """Every activation of numbers, and what the losses that lose digits are of one score."""
    scalar = {name: spec for name, spec in activations.items() if not spec.vector}
    found = {name: _activation(spec) for name, spec in scalar.items()}
    for target in (0, 1):
        ours, theirs = (
            _binary(nl.losses["bce_with_logits"], target),
            _binary(F.binary_cross_entropy_with_logits, target),
        )
        name = f"bce_with_logits, target {target}"
        found[name] = Curve(name, "log(1 + exp(x))" if target == 0 else "log(1 + exp(-x))", ours, theirs)
    name = "cross_entropy of (x, 0), class 0"
    found[name] = Curve(name, "log(1 + exp(-x))", _classes(nl.losses["cross_entropy"]), _classes(F.cross_entropy))
    return found


def _activation(spec: Activation) -> Curve:
    return Curve(spec.name, spec.formula, nl.activations[spec.name], builtin(spec), spec, dict(spec.parameters))


def _binary(loss: Callable[..., torch.Tensor], target: int) -> Way:
    return lambda x: loss(x, torch.full_like(x, target), reduction="none")


def _classes(loss: Callable[..., torch.Tensor]) -> Way:
    def call(x: torch.Tensor) -> torch.Tensor:
        scores = torch.stack([x, torch.zeros_like(x)], 1)
        return loss(scores, torch.zeros(len(x), dtype=torch.int64), reduction="none")

    return call


def builtin(spec: Activation) -> Way | None:
    """Torch's own version of an activation."""
    if not spec.torch_function:
        return None
    function, extra = getattr(F, spec.torch_function), {"dim": -1} if spec.vector else {}

    def call(x: torch.Tensor) -> torch.Tensor:
        learnt = {name: torch.tensor([spec.parameters[name]], dtype=x.dtype) for name in spec.learnable}
        found: torch.Tensor = function(x, **spec.torch_arguments, **learnt, **extra)
        return found

    return call


def both(way: Way, x: torch.Tensor) -> dict[str, Array]:
    """Value and slope, as autograd gives it."""
    at = x.detach().requires_grad_()
    y = way(at)
    (slope,) = torch.autograd.grad(y, at, torch.ones_like(y))
    return {"value": y.detach().double().numpy(), "slope": slope.double().numpy()}


def computed(curve: Curve, way: str, x: torch.Tensor) -> list[dict[str, Array]]:
    """Value and slope: of ours both as a tensor of this size gives them and as one that is computed in blocks."""
    found = [both(curve.ways[way], x)]
    if way == "ours":
        large = x.repeat(LARGE // len(x) + 1)
        found.append({kind: values[: len(x)] for kind, values in both(curve.ours, large).items()})
    return found


def sweep(curve: Curve, label: str, x: torch.Tensor) -> dict[str, Any]:
    """The errors of a curve in a dtype at some inputs: way -> kind -> the worst and how many are broken."""
    torch.set_num_threads(1)
    dtype, at = DTYPES[label], x.double().numpy()
    found: dict[str, Any] = {way: {} for way in curve.ways}
    results = {way: computed(curve, way, x) for way in curve.ways}
    for kind, formula in curve.formulas.items():
        truth = of_numbers(formula, curve.parameters, at, kinks(curve.spec) if curve.spec and kind == "slope" else ())
        for way, runs in results.items():
            first, *more = (errors(run[kind], truth, dtype) for run in runs)
            for other in more:
                first = first.worse(other)
            found[way][kind] = first.summary(at)
            found[way][kind]["unjudged"] = int(np.isnan(truth.high).sum())
            if way == "ours" and curve.spec is not None and float(found[way][kind]["ulp"]) > LIMITS[label]:
                found[way][kind]["why"] = reason(curve, kind, truth, at, found[way][kind], dtype)
    return found


def ends(curve: Curve, label: str) -> dict[str, list[str]]:
    """Where a way does not give the limit at an infinity, as "value at -inf: nan, exact 0"."""
    x = torch.tensor([-inf, inf], dtype=DTYPES[label])
    limits = {kind: [limit(formula, curve.parameters, s) for s in (-1, 1)] for kind, formula in curve.formulas.items()}
    wrong: dict[str, list[str]] = {}
    for way, function in curve.ways.items():
        got = both(function, x)
        wrong[way] = [
            f"{kind} at {sign}inf is {value:g}, limit {want + 0.0:g}"
            for kind in KINDS
            for sign, value, want in zip("-+", got[kind].tolist(), limits[kind], strict=True)
            if want is not None and not _meets(value, want, DTYPES[label])
        ]
    return wrong


def _meets(value: float, want: float, dtype: torch.dtype) -> bool:
    if isinf(want) or not isfinite(value):
        return value == want
    return abs(value - want) <= 4 * float(spacing(np.array(want), dtype))


def curve_rows(curve: Curve, label: str, count: int) -> dict[str, Any]:
    """All about a curve in a dtype."""
    found = sweep(curve, label, points(curve.spec, DTYPES[label], count))
    wrong = ends(curve, label)
    rows: dict[str, Any] = {way: {**kinds, "ends": wrong[way]} for way, kinds in found.items()}
    return rows if curve.spec is not None else {**rows, "confident": confident(curve, label)}


def confident(curve: Curve, label: str) -> dict[str, list[float]]:
    """Loss and slope where the score is 10 in the right direction."""
    x = torch.tensor([-SCORE, SCORE], dtype=DTYPES[label])
    exact = {kind: of_numbers(text, curve.parameters, x.double().numpy()).high for kind, text in curve.formulas.items()}
    found = {"exact": exact, **{way: both(function, x) for way, function in curve.ways.items()}}
    right = int(np.argmin(exact["value"]))
    return {way: [float(f"{kinds[kind][right]:.6g}") for kind in KINDS] for way, kinds in found.items()}


def vector_rows(name: str, label: str, chosen: Sequence[int] = range(ROWS)) -> dict[str, Any]:
    """The errors of a function of vectors: of all outputs, and of all slopes of outputs by entries."""
    torch.set_num_threads(1)
    spec, dtype = activations[name], DTYPES[label]
    rows = vectors(dtype)[list(chosen)]
    truths = [of_vector(spec, row) for row in rows.double().tolist()]
    found: dict[str, Any] = {}
    ways = {"ours": nl.activations[name], "torch": builtin(spec)}
    for way, function in ways.items():
        if function is None:
            continue
        value = function(rows).double().numpy()
        slopes = np.stack([_jacobian(function, row) for row in rows])
        found[way] = {
            "value": _of_rows(value, np.stack([value for value, _ in truths]), rows, chosen, dtype),
            "slope": _of_rows(slopes, np.stack([slope for _, slope in truths]), rows, chosen, dtype),
        }
    return found


def _jacobian(function: Way, row: torch.Tensor) -> Array:
    at = row.detach().requires_grad_()
    y = function(at)
    each = [torch.autograd.grad(y, at, weights, retain_graph=True)[0] for weights in torch.eye(len(y), dtype=y.dtype)]
    return torch.stack(each).double().numpy()


def _of_rows(got: Array, exact: Array, rows: torch.Tensor, chosen: Sequence[int], dtype: torch.dtype) -> dict[str, Any]:
    flat = exact.reshape(-1)
    found: Errors = errors(got.reshape(-1), Truth(flat, np.zeros_like(flat), flat, flat), dtype)
    number = np.repeat(np.arange(len(rows)), len(flat) // len(rows)).astype(float)
    summary = found.summary(number)
    place = int(summary.pop("at"))
    return {
        **summary,
        "number": chosen[place],
        "row": [float(f"{entry:.6g}") for entry in rows[place].double().tolist()],
    }
