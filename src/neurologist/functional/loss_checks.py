"""What a loss refuses, and what it says then: shapes, kinds of numbers, and values outside its domain.

Values are looked at where that costs one pass and no wait: floats, arrays, and tensors on the CPU outside torch.compile
and vmap. An accelerator is not made to wait for it; `check=True` asks for it there too.
May import: `catalogue`; torch and NumPy inside functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neurologist.catalogue import Loss
from neurologist.functional.refusals import check_class_options, check_keywords, check_kinds
from neurologist.functional.sequences import check_sequences

__all__ = [
    "can_look",
    "check_class_options",
    "check_keywords",
    "check_kinds",
    "check_numbers",
    "check_sequences",
    "check_shapes",
    "check_values",
]
OTHERS = "name the index that is none with ignore_index="
SLACK = 1e-3  # by which a value may miss its domain: rounding, in half precision
NEXT = {  # what to do about targets outside their domain
    "real": "check the targets",
    "class_index": "check the labels",
    "probability": "use (target + 1) / 2 if they are -1 and 1, or a loss for real numbers",
    "distribution": "divide each row by its sum",
    "sign": "use 2 * target - 1 if they are 0 and 1",
    "count": "check the targets, or use a loss for real numbers",
}


def check_numbers(spec: Loss, values: Mapping[str, Any]) -> None:
    """Predictions must be floating point, class indices integers."""
    import torch

    target = values.get("t")
    if spec.along == "classes" and isinstance(target, torch.Tensor) and not target.is_floating_point():
        wide = (torch.int64,) if spec.torch_function and spec.exact_in_torch else (torch.int64, torch.int32)
        if target.dtype not in wide:
            raise TypeError(
                f"loss {spec.name!r} got class indices of {target.dtype}: expected torch.int64; use target.long()"
            )
    for operand, value in values.items():
        if operand != "t" and isinstance(value, torch.Tensor) and not value.is_floating_point():
            raise TypeError(
                f"loss {spec.name!r} got predictions of {value.dtype}: expected floating point; use prediction.float()"
            )


def check_shapes(spec: Loss, values: Mapping[str, Any]) -> None:
    """All operands must have one shape, but for class indices and what the spec says otherwise."""
    first = next(iter(values))
    expected = _shape(values[first])
    for operand, value in list(values.items())[1:]:
        got = _shape(value)
        if operand == "t" and spec.along == "classes":
            _check_classes(spec, value, got, expected)
        elif not _agrees(spec.shapes.get(operand), got, expected):
            what = "targets" if operand == "t" else f"{operand!r}"
            wanted = f"{expected[:-1]}, one per row" if spec.shapes.get(operand) == "row" else "the same shape"
            cure = f"use target.reshape({'len(prediction)' if spec.shapes.get(operand) else 'prediction.shape'})"
            raise ValueError(
                f"loss {spec.name!r} got {what} of shape {got} for predictions of shape {expected}: expected {wanted}; "
                f"{cure} if they hold the same entries"
            )


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(getattr(value, "shape", ()))


def _agrees(rule: str | None, got: tuple[int, ...], expected: tuple[int, ...]) -> bool:
    if rule == "row":
        return got == expected[:-1]
    if rule == "length":
        return got[:-1] == expected[:-1] and len(got) == len(expected)
    if rule == "broadcast":
        pairs = zip(reversed(got), reversed(expected), strict=False)
        return len(got) <= len(expected) and all(g in (1, e) for g, e in pairs)
    return got == expected


def _check_classes(spec: Loss, target: Any, got: tuple[int, ...], expected: tuple[int, ...]) -> None:
    if not expected:
        raise ValueError(
            f"loss {spec.name!r} got predictions of shape (): expected a score per class, in dim 1, or dim 0 of one "
            "sample; use a loss for single numbers, or give the network more outputs"
        )
    one_each = expected[:1] + expected[2:] if len(expected) > 1 else ()
    indices = not _is_floating(target)
    if indices and got == one_each:
        return
    if not indices and got == expected and spec.prepare is not None:
        return
    if not indices and got == one_each:
        raise TypeError(f"loss {spec.name!r} got class indices of {target.dtype}: expected integers; use target.long()")
    soft = f", or probabilities of shape {expected}" if spec.prepare is not None else ""
    last = len(expected) > 2 and got == expected[:-1]
    cure = (
        "use prediction.movedim(-1, 1): classes stand in dim 1"
        if last
        else "use target.float() for one-hot rows"
        if got == expected and soft
        else "use target.squeeze(1), or target.argmax(1) for one-hot rows"
    )
    raise ValueError(
        f"loss {spec.name!r} got targets of shape {got} for predictions of shape {expected}: expected class indices of "
        f"shape {one_each}{soft}; {cure}"
    )


def _is_floating(value: Any) -> bool:
    dtype: Any = getattr(value, "dtype", None)
    floating = getattr(dtype, "is_floating_point", None)  # torch says; NumPy has a letter
    return bool(floating) if floating is not None else getattr(dtype, "kind", "i") == "f"


def check_values(spec: Loss, values: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    """Every operand must lie in its domain."""
    for operand, value in values.items():
        if operand == "t" and spec.prepare == "listed":
            _check_listed(spec, value, values)
        elif operand == "t" and spec.along == "classes" and not _is_floating(value):
            _check_indices(spec, value, values, options.get("ignore_index", -100))
        elif operand == "t" and spec.target_kind == "sign":
            _check_signs(spec, value)
        else:
            _check_domain(spec, operand, value)


def _check_domain(spec: Loss, operand: str, value: Any) -> None:
    domain = spec.domain(operand)
    if operand == "t" and spec.along == "classes":  # soft targets
        from neurologist.catalogue.interval import UNIT

        domain = UNIT
    if domain.lo == -domain.hi == float("-inf") or (ends := _ends(value)) is None:
        return
    low, high = ends
    if low != low and (operand == "t" or domain.bounded):
        what = "targets" if operand == "t" else "predictions" if operand == spec.symbol else f"{operand!r}"
        raise ValueError(
            f"loss {spec.name!r} got {what} that are not a number (NaN): expected {domain}; look where they come from"
        )
    if low < domain.lo - SLACK or high > domain.hi + SLACK:
        what = "targets" if operand == "t" else "predictions" if operand == spec.symbol else f"{operand!r}"
        cure = NEXT.get(spec.target_kind, "") if operand == "t" else f"apply {spec.link!r} to them, or check them"
        raise ValueError(f"loss {spec.name!r} got {what} from {low:.6g} to {high:.6g}: expected {domain}; {cure}")


def _check_signs(spec: Loss, value: Any) -> None:
    ends = _ends(abs(value))
    if ends is not None and ends != (1.0, 1.0) and ends == ends:
        low, high = _ends(value) or ends
        raise ValueError(
            f"loss {spec.name!r} got targets from {low:.6g} to {high:.6g}: expected -1 or 1; {NEXT['sign']}"
        )


def _check_indices(spec: Loss, target: Any, values: Mapping[str, Any], ignored: int) -> None:
    scores = values[spec.symbol]
    count = scores.shape[1 if len(scores.shape) > 1 else 0]
    if count == 0:
        raise ValueError(
            f"loss {spec.name!r} got predictions of shape {_shape(scores)}: expected one class or more in dim 1; check "
            "the last layer"
        )
    low, high = _ends(target) or (0, 0)
    if (low < 0 or high >= count) and ignored in (low, high):
        low, high = _ends(target[target != ignored]) or (0, 0)
    if low < 0 or high >= count:
        wrong = int(high if high >= count else low)
        raise IndexError(
            f"loss {spec.name!r} got class index {wrong}: expected 0 to {count - 1} for predictions of {count} "
            f"classes; check the labels, or {f'give the network {wrong + 1} outputs' if wrong > 0 else OTHERS}"
        )


def _check_listed(spec: Loss, target: Any, values: Mapping[str, Any]) -> None:
    low, high = _ends(target) or (0, 0)
    count = values[spec.symbol].shape[-1]
    if low < -1 or high >= count:
        wrong = int(high if high >= count else low)
        raise IndexError(
            f"loss {spec.name!r} got class index {wrong}: expected 0 to {count - 1}, then -1 to the end of the row; "
            "check the labels"
        )


def _ends(value: Any) -> tuple[float, float] | None:
    """Smallest and largest entry; None where there is none or it cannot be told now."""
    if isinstance(value, (int, float)):
        return float(value), float(value)
    if not hasattr(value, "aminmax"):
        return (float(value.min()), float(value.max())) if value.size else None
    if not value.numel():
        return None
    try:
        low, high = value.detach().aminmax()
        return float(low), float(high)
    except RuntimeError:  # inside vmap no value can be read
        return None


def can_look(values: Mapping[str, Any]) -> bool:
    """Whether the operands can be looked at without waiting for a device or breaking a compiled graph."""
    import torch

    tensors = [value for value in values.values() if isinstance(value, torch.Tensor)]
    return not torch.compiler.is_compiling() and all(value.device.type == "cpu" for value in tensors)
