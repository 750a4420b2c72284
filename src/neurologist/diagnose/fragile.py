"""Expressions that are right on paper and not in floating point: where they stand, and how near they came to breaking.

An op is at its edge when an argument reached the point where its value or slope is not finite. A `Form` is an
expression written by hand for which a stable function exists. Shared facts only; no rule's verdict is made here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from neurologist.diagnose.reading import data_inputs, known, range_of, sources
from neurologist.record import Op, Run

Row = dict[str, Any]
Limit = Literal["zero", "one", "exp"]


class Numbers(NamedTuple):
    """Ends of a floating-point format (IEEE 754): smallest normal number, spacing at 1, log of the largest number."""

    tiny: float
    spacing: float
    overflow: float


NUMBERS = {
    "float64": Numbers(2.2e-308, 2.2e-16, 709.7),
    "float32": Numbers(1.2e-38, 1.2e-7, 88.7),
    "bfloat16": Numbers(1.2e-38, 7.8e-3, 88.7),
    "float16": Numbers(6.1e-5, 9.8e-4, 11.1),
}
EXPONENTIALS = frozenset({"Exp", "Exp2", "Expm1"})
LOGARITHMS = frozenset({"Log", "Log2", "Log10"})
STEEP = frozenset({"Sqrt", "Pow", "Acos", "Asin"})  # finite at their edge, with an infinite slope
HELD = frozenset({"Clamp", "ClampMin", "Maximum", "Where", "MaskedFill"})  # these keep an argument off the edge
LINKS = ("shape", "dropout")

CURES = {
    "Sqrt": "add a small number inside the root: sqrt(x + 1e-12)",
    "Pow": "add a small number to its argument, for example 1e-12",
    "Acos": "clamp its argument to 1e-6 inside of -1 and 1",
    "Asin": "clamp its argument to 1e-6 inside of -1 and 1",
    "Div": "keep the denominator away from 0: add a small number, clamp_min(1e-12), or use F.normalize for directions",
}
CURE = "keep its argument away from that point: clamp it, or add a small number"


class Form(NamedTuple):
    """An expression by hand.

    Attributes:
        op: the op to name, whose argument tells how near the expression is to breaking.
        name: what it is, in words; better: what to write instead.
        limit: "zero": the argument underflows to 0; "one": 1 - p cancels to 0; "exp": the exponential overflows.
    """

    op: Op
    name: str
    better: str
    limit: Limit


def at_edge(op: Op, row: Row) -> bool:
    """True when an argument lay where the op's value or slope is not finite."""
    low, high, least = row.get("low"), row.get("high"), row.get("least")
    if low is None or high is None or least is None:  # NaN came in from elsewhere
        return False
    if op.name in EXPONENTIALS:
        return bool(high >= numbers(op).overflow)
    if op.name in ("Acos", "Asin"):
        return bool(low <= -1 or high >= 1)
    if op.name == "Pow":
        exponent = op.options.get("exponent", 2)
        return bool(isinstance(exponent, int | float) and exponent < 1 and exponent and least == 0)
    if op.name == "Div":
        return bool(least == 0)
    return bool(low <= (-1 if op.name == "Log1P" else 0))


def numbers(op: Op) -> Numbers:
    """The ends of the format that an op computes in."""
    return NUMBERS.get(op.dtype, NUMBERS["float32"])


def infinitely_steep(op: Op) -> bool:
    """True for a root or an inverse cosine whose argument nothing keeps off the edge."""
    fractional = op.name != "Pow" or 0 < float(op.options.get("exponent", 2)) < 1
    below = next(iter(sources(op)), None)
    held = below is None or below.name in HELD or (below.name == "Add" and len(data_inputs(below)) == 1)
    return op.name in STEEP and fractional and not held


def forms(run: Run) -> Iterator[Form]:
    """Every expression by hand in the record, in forward order."""
    for op in run.ops:
        form = _logarithm(op) if op.name in LOGARITHMS or op.name == "Log1P" else _quotient(op)
        if form is not None:
            yield form


def reach(run: Run, form: Form) -> float | None:
    """How near a form came to breaking: its argument's worst value, None when it was not measured or never positive."""
    rows = run.rows("argument", form.op)
    if form.limit == "exp":
        high = max(known(rows, "high"), default=0.0)
        return high if high > numbers(form.op).spacing else None  # a shifted exponential's argument is at most 0
    return min(known(rows, "low"), default=None)


def _logarithm(op: Op) -> Form | None:
    below = next(iter(sources(op)), None)
    if below is None:
        return None
    if op.name == "Log1P":
        return _log1p(op, below)
    if _share(below) and below.kind == "softmax":
        return Form(op, "the logarithm of a softmax", "log_softmax on the raw scores", "zero")
    if _share(below) and below.kind == "activation":
        better = "F.logsigmoid, or binary_cross_entropy_with_logits on the raw scores"
        return Form(op, f"the logarithm of a {below.member}", better, "zero")
    from_constant = below.name == "Rsub" or (below.name == "Sub" and list(below.inputs) == [1])
    if from_constant and (complement := _complement(op, below)) is not None:
        return complement
    exponential, summed = _exponential(below)
    if exponential is None:
        return None
    if summed:
        return Form(exponential, "a log-sum-exp by hand, without the shift", "torch.logsumexp", "exp")
    return Form(exponential, "a softplus by hand, log(1 + exp(x))", "F.softplus", "exp")


def _log1p(op: Op, below: Op) -> Form | None:
    if below.name in EXPONENTIALS:
        return Form(below, "a softplus by hand, log(1 + exp(x))", "F.softplus", "exp")
    return _complement(op, below) if below.name == "Neg" else None


def _complement(op: Op, minus: Op) -> Form | None:
    """The logarithm of 1 minus something that may round to 1."""
    inner = next(iter(sources(minus)), None)
    if inner is None or len(data_inputs(minus)) != 1:
        return None
    if inner.name in EXPONENTIALS:
        better = "log(-expm1(x)) near 0 and log1p(-exp(x)) elsewhere"
        return Form(op, "the logarithm of 1 minus an exponential", better, "one")
    if not _share(inner):
        return None
    better = "log1p(-p)" if inner.kind == "arithmetic" else "F.logsigmoid(-x), or a loss that takes the raw scores"
    return Form(op, f"the logarithm of 1 minus a {inner.label}", better, "one")


def _share(op: Op) -> bool:
    """True for what lies between 0 and 1 and may round to either: a sigmoid, a softmax, a bounded slope squared."""
    bounds = range_of(op)
    if op.name in ("Pow", "Square", "Mul") and (below := next(iter(sources(op)), None)) is not None:
        return range_of(below) in ((-1.0, 1.0), (0.0, 1.0))
    return bounds == (0.0, 1.0)


def _quotient(op: Op) -> Form | None:
    """A softmax, sigmoid or tanh made from exponentials."""
    if op.name == "Reciprocal":
        below = next(iter(sources(op)), None)
    elif op.name == "Div":
        below = next((found for found in sources(op)[1:]), None)
    else:
        return None
    if below is None or below.kind not in ("arithmetic", "reduction"):
        return None
    exponential, summed = _exponential(below)
    if exponential is None:
        return None
    name, better = ("softmax", "torch.softmax") if summed else ("sigmoid or tanh", "torch.sigmoid or torch.tanh")
    return Form(exponential, f"a {name} by hand, without the shift", better, "exp")


def _exponential(op: Op) -> tuple[Op | None, bool]:
    """The exponential below sums and masks, and whether a sum over a dimension stands between."""
    summed, queue, seen = False, [(op, False)], {op.id}
    for step, inside in queue:
        if step.name in EXPONENTIALS and step is not op:
            return step, inside
        summed = inside or step.name == "Sum"
        if step is not op and step.name not in ("Sum", "Add", "Sub", "Mul") and step.kind not in LINKS:
            continue
        for below in data_inputs(step):
            if below.id not in seen and not step.parameters:
                seen.add(below.id)
                queue.append((below, summed))
    return None, False
