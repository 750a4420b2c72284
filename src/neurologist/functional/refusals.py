"""What a call refuses before anything is computed, and what it says then: parameters, dims, shapes, kinds.

Nothing here looks at the values of a tensor: that would wait for a device, or break a compiled graph.
May import: `catalogue`, `functional.shelf`; NumPy and torch only if they are loaded already.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from inspect import signature
from typing import Any

from neurologist.catalogue import Activation, Loss
from neurologist.functional.shelf import shelved


def check_parameters(spec: Activation, parameters: Mapping[str, Any], x: Any) -> None:
    """An activation's parameters must be ones that it has, lie where it has a value, and fit the input."""
    own = {name: value for name, value in parameters.items() if name != "training"} if spec.random else parameters
    spec.with_defaults(own)
    for name, value in own.items():
        if isinstance(value, (list, tuple)):
            raise TypeError(
                f"activation {spec.name!r} got {name}={value!r:.60}: expected a number, or a tensor of one for each "
                f"channel; use torch.tensor({name})"
            )
        if len(getattr(value, "shape", ())):
            _check_fits(spec, name, value, x)


def check_dim(spec: Activation, x: Any, dim: Any) -> None:
    """The dim must be one of the input's; a function of numbers takes none."""
    subject = f"activation {spec.name!r}"
    if not spec.vector:
        raise TypeError(f"{subject} got dim={dim!r}: expected none, because it works entry by entry; leave it out")
    if isinstance(dim, bool) or not hasattr(dim, "__index__"):
        raise TypeError(f"{subject} got dim={dim!r}: expected a whole number; use dim=-1 for the last one")
    sizes = tuple(getattr(x, "shape", ()))
    count = max(len(sizes), 1)
    if not -count <= dim < count:
        raise IndexError(
            f"{subject} got dim={dim} for an input of shape {sizes}: expected {-count} to {count - 1}; use dim=-1 for "
            "the last one"
        )
    length = sizes[dim] if sizes else 1
    if length == 0 and not hasattr(x, "requires_grad"):
        raise ValueError(f"{subject} got vectors of no entries along dim {dim}: expected one or more; check the shape")
    if spec.widens < 1 and length % 2:
        raise ValueError(
            f"{subject} got vectors of {length} entries: expected an even number along dim {dim}, to be split in "
            "halves; check dim, or the layer before it"
        )


def _check_fits(spec: Activation, name: str, value: Any, x: Any) -> None:
    """A tensor must broadcast with the input; one of one dim has an entry per channel, as in `nn.PReLU`."""
    sizes, whole = tuple(value.shape), tuple(getattr(x, "shape", ()))
    per_channel = len(sizes) == 1 and len(whole) > 2 and hasattr(x, "requires_grad")
    if not (sizes[0] in (1, whole[1]) if per_channel else broadcasts(sizes, whole)):
        channels = whole[1] if len(whole) > 1 else whole[0] if whole else 1
        raise ValueError(
            f"activation {spec.name!r} got {name} of shape {sizes} for an input of shape {whole}: expected one entry, "
            f"or one for each of {channels} channels; give {name} another shape"
        )


def broadcasts(sizes: Sequence[int], whole: Sequence[int]) -> bool:
    """Whether a tensor of one shape broadcasts to another, whole one; a vector of one entry does to a number."""
    if len(sizes) > max(len(whole), 1):
        return False
    return all(mine in (1, its) for mine, its in zip(reversed(sizes), reversed(whole), strict=False))


def check_order(subject: str, order: Any, most: int | None) -> None:
    """The order of a derivative."""
    if isinstance(order, bool) or not isinstance(order, int):
        raise TypeError(f"{subject} got order={order!r}: expected a whole number; use 2 for the second derivative")
    if order < 1 or (most is not None and order > most):
        raise ValueError(f"{subject} got order={order}: expected 1, or more for a function of numbers; use 1")


def check_kinds(spec: Loss, values: Mapping[str, Any], kind: str) -> None:
    """All operands must be of the first one's kind; numbers may stand for a whole "broadcast" operand."""
    torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
    for operand, value in values.items():
        if operand.endswith("_lengths"):
            continue
        number = isinstance(value, (int, float))
        if kind == "tensor":
            same = torch is not None and isinstance(value, torch.Tensor)
        elif kind == "array":
            same = number or (numpy is not None and isinstance(value, (numpy.ndarray, numpy.generic)))
        else:
            same = number
        if not same and not (number and spec.shapes.get(operand) == "broadcast"):
            first = next(iter(values))
            what = "targets" if operand == "t" else repr(operand)
            make = {"tensor": "torch.as_tensor", "array": "numpy.asarray", "float": "float"}[kind]
            raise TypeError(
                f"loss {spec.name!r} got {what} of type {type(value).__name__} for {first!r} as "
                f"{'an' if kind == 'array' else 'a'} {kind}: expected one kind for both; use {make}(target)"
            )
        _check_real(spec, operand, value)


def _check_real(spec: Loss, operand: str, value: Any) -> None:
    dtype: Any = getattr(value, "dtype", None)
    complex_ = getattr(dtype, "is_complex", None)
    wrong = bool(complex_) if complex_ is not None else getattr(dtype, "kind", "f") not in "fiub"
    if wrong:
        what = "targets" if operand == "t" else repr(operand)
        cure = "use their real part" if "complex" in str(dtype) else "make numbers of them"
        raise TypeError(f"loss {spec.name!r} got {what} of {dtype}: expected real numbers; {cure}")


def check_keywords(spec: Loss, parameters: Mapping[str, Any], prediction: Any) -> None:
    """Keywords must be the loss's own, or torch's where it has the loss; its own must lie in their domains."""
    if not parameters:
        return
    known = torchs(spec.torch_function) if spec.torch_function else frozenset()
    own = {name: value for name, value in parameters.items() if name in spec.parameters or name not in known}
    if own:
        spec.with_defaults(own)
    for name, value in parameters.items():
        if len(getattr(value, "shape", ())) and not broadcasts(value.shape, prediction.shape):
            raise ValueError(
                f"loss {spec.name!r} got {name} of shape {tuple(value.shape)} for predictions of shape "
                f"{tuple(prediction.shape)}: expected one that broadcasts with it; give {name} another shape"
            )
    function = parameters.get("distance_function")
    if function is not None and not callable(function):
        raise TypeError(
            f"loss {spec.name!r} got distance_function={function!r}: expected a function of two batches; write one"
        )


@shelved
def torchs(function: str) -> frozenset[str]:
    """The keywords of a function of `torch.nn.functional`."""
    import torch.nn.functional as F

    return frozenset(signature(getattr(F, function)).parameters)


def check_class_options(spec: Loss, options: Mapping[str, Any], values: Mapping[str, Any], kind: str) -> None:
    """Weights of classes, the share of smoothing, and the index that is left out."""
    subject = f"loss {spec.name!r}"
    smoothing, ignored, weight = (options.get(name) for name in ("label_smoothing", "ignore_index", "weight"))
    if smoothing is not None and not (isinstance(smoothing, (int, float)) and 0 <= smoothing <= 1):
        raise ValueError(f"{subject} got label_smoothing={smoothing!r}: expected a number in [0, 1]; 0 is none")
    if ignored is not None and (isinstance(ignored, bool) or not hasattr(ignored, "__index__")):
        raise TypeError(f"{subject} got ignore_index={ignored!r}: expected a whole number; -100 leaves out no class")
    if weight is None:
        return
    sizes = tuple(values[spec.symbol].shape)
    count = sizes[1 if len(sizes) > 1 else 0]
    if not hasattr(weight, "shape") or (kind == "tensor") != hasattr(weight, "requires_grad"):
        make = "torch.tensor" if kind == "tensor" else "numpy.asarray"
        raise TypeError(
            f"{subject} got weight={weight!r:.60}: expected {count} numbers, one per class; use {make}(weight)"
        )
    if tuple(weight.shape) != (count,):
        raise ValueError(
            f"{subject} got weight of shape {tuple(weight.shape)} for predictions of {count} classes: expected "
            f"({count},); give one weight per class"
        )
