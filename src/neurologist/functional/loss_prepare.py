"""What a loss needs made from its operands before its formula can read them: classes as rows, pairs, similarities.

Each step stands here twice, for tensors and for arrays; arrays may hold mpmath numbers, for the oracle.
May import: `catalogue`; NumPy and torch inside functions. To add a step: a function for each kind, named in `STEPS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from neurologist.catalogue import Loss

Values = dict[str, Any]
_CLASS_OPTIONS = {"weight": None, "ignore_index": -100, "label_smoothing": 0.0}  # meaning and defaults are torch's
OPTIONS: Mapping[str, Mapping[str, Any]] = {  # keywords that a step takes beyond the loss's parameters
    "classes": _CLASS_OPTIONS,
    "labelled": _CLASS_OPTIONS,
    "threshold": _CLASS_OPTIONS,
}


def prepare(step: str, kind: str, values: Values, dim: int, options: Mapping[str, Any]) -> Values:
    """The names that a step makes from operands; `divisor`, if among them, is what "mean" divides by."""
    return STEPS[step][kind == "tensor"](values, dim, **options)


def vector_dim(spec: Loss, prediction: Any) -> int:
    """The dim along which a loss's vectors run."""
    return 1 if spec.along == "classes" and prediction.ndim > 1 else -1


def laid_out(spec: Loss, values: Values) -> Values:
    """Operands with their vectors along one dim: samples flattened, one entry per vector made a vector of one."""
    if spec.along == "sample":
        return {name: value.reshape(len(value), -1) if value.ndim > 1 else value for name, value in values.items()}
    return {name: value[..., None] if spec.shapes.get(name) == "row" else value for name, value in values.items()}


def reduced(loss: Any, reduction: str, divisor: Any = None) -> Any:
    """The losses of entries or vectors as one; "mean" divides by `divisor` where there is one."""
    if reduction == "none":
        return loss
    if reduction == "batchmean":
        return loss.sum() / (len(loss) if loss.ndim else 1)
    if reduction == "sum":
        return loss.sum()
    return loss.mean() if divisor is None else loss.sum() / divisor


def _classes_of_arrays(values: Values, dim: int, weight: Any, ignore_index: int, label_smoothing: float) -> Values:
    import numpy as np

    scores, target = next(iter(values.values())), values["t"]
    count = scores.shape[dim]
    wide = np.float32 if scores.dtype == np.float16 else scores.dtype if scores.dtype.kind in "fO" else float
    column = [1] * scores.ndim
    column[dim] = count
    weights = np.ones(column, wide) if weight is None else np.asarray(weight, wide).reshape(column)
    if target.dtype.kind in "iu":
        spread = np.expand_dims(target, dim)
        y = (np.arange(count).reshape(column) == spread).astype(wide)
        counted = (spread != ignore_index).astype(wide)
        divisor = (y * weights * counted).sum()
    else:
        y, counted, divisor = target.astype(wide), 1, max(target.size // count, 1)
    smooth = (1 - label_smoothing) * y + label_smoothing / count if label_smoothing else y
    return {"y": smooth * weights * counted, "k": float(count), "divisor": divisor}


def _classes_of_tensors(values: Values, dim: int, weight: Any, ignore_index: int, label_smoothing: float) -> Values:
    import torch

    scores, target = next(iter(values.values())), values["t"]
    count = scores.shape[dim]
    wide = torch.float32 if scores.dtype in (torch.float16, torch.bfloat16) else scores.dtype
    column = [1] * scores.dim()
    column[dim] = count
    weights = None if weight is None else weight.to(wide).reshape(column)
    if target.is_floating_point():
        y, divisor = target.to(wide), max(target.numel() // count, 1)
        y = (1 - label_smoothing) * y + label_smoothing / count if label_smoothing else y
        return {"y": y if weights is None else y * weights, "k": float(count), "divisor": divisor}
    spread = target.unsqueeze(dim)
    counted = (spread != ignore_index).to(wide)
    y = (torch.arange(count, device=target.device).reshape(column) == spread).to(wide) * counted
    hit = y if weights is None else y * weights
    if label_smoothing:
        y = ((1 - label_smoothing) * y + label_smoothing / count) * counted
    divisor = counted.sum() if weights is None else hit.sum()
    return {"y": y if weights is None else y * weights, "k": float(count), "divisor": divisor}


def _labelled(classes: Callable[..., Values]) -> Callable[..., Values]:
    """As "classes", with weights and ignored targets kept apart in `scale`: for losses not linear in `y`."""

    def step(values: Values, dim: int, weight: Any, ignore_index: int, label_smoothing: float) -> Values:
        plain = {"weight": None, "ignore_index": ignore_index}
        found = classes(values, dim, **plain, label_smoothing=label_smoothing)
        hard = classes(values, dim, weight=weight, ignore_index=ignore_index, label_smoothing=0.0)
        return {**found, "scale": hard["y"].sum(dim), "divisor": hard["divisor"]}

    return step


def _count(values: Values, dim: int) -> Values:
    """The vector's length."""
    return {"k": float(next(iter(values.values())).shape[dim])}


def _pairs(values: Values, dim: int) -> Values:
    """Every score minus every other; `w` is 1 where the first has the larger target, else 0."""
    z, t = values["z"], values["t"]
    shape = (*z.shape[:-1], z.shape[-1] ** 2)
    d = (z[..., :, None] - z[..., None, :]).reshape(shape)
    w = t[..., :, None] > t[..., None, :]
    return {"d": d, "w": (w * 1.0 if hasattr(w, "astype") else w.to(z.dtype)).reshape(shape), "k": float(z.shape[-1])}


def _listed_in_arrays(values: Values, dim: int) -> Values:
    """Pairs of a right and a wrong class, where right classes are listed by index up to the first -1."""
    import numpy as np

    z, t = values["z"], values["t"]
    listed = np.cumprod(t >= 0, axis=-1).astype(bool)
    right = ((t[..., None] == np.arange(z.shape[-1])) & listed[..., None]).any(-2)
    return _pairs({"z": z, "t": right * 1}, dim)


def _listed_in_tensors(values: Values, dim: int) -> Values:
    import torch

    z, t = values["z"], values["t"]
    listed = (t >= 0).cumprod(-1).bool()
    right = ((t[..., None] == torch.arange(z.shape[-1], device=z.device)) & listed[..., None]).any(-2)
    return _pairs({"z": z, "t": right.to(z.dtype)}, dim)


def _unit(x: Any) -> Any:
    return x / ((x * x).sum(-1)[..., None]) ** 0.5


def _views_of_arrays(values: Values, dim: int) -> Values:
    """Cosines of each item of both views with all others; `y` is 1 at the item's other view."""
    import numpy as np

    both = np.concatenate([_unit(values["a"]), _unit(values["b"])])
    size = len(both)
    s = np.matmul(both, both.T)[~np.eye(size, dtype=bool)].reshape(size, size - 1)
    y = np.roll(np.eye(size), size // 2, axis=1)[~np.eye(size, dtype=bool)].reshape(size, size - 1)
    return {"s": s, "y": y.astype(s.dtype)}


def _views_of_tensors(values: Values, dim: int) -> Values:
    import torch

    both = torch.cat([_unit(values["a"]), _unit(values["b"])])
    size = len(both)
    others = ~torch.eye(size, dtype=torch.bool, device=both.device)
    y = torch.eye(size, dtype=both.dtype, device=both.device).roll(size // 2, 1)
    return {"s": (both @ both.T)[others].reshape(size, -1), "y": y[others].reshape(size, -1)}


def _matches(similarity: Callable[[Any, Any], Any], both: bool = False) -> tuple[Callable[..., Values], ...]:
    """Similarities of each query with every key; `y` is 1 at the key of the same row. With `both`, of keys too."""

    def of_arrays(values: Values, dim: int) -> Values:
        import numpy as np

        s = similarity(values["a"], values["b"])
        y = np.eye(len(s)).astype(s.dtype)
        return {"s": np.concatenate([s, s.T]), "y": np.concatenate([y, y])} if both else {"s": s, "y": y}

    def of_tensors(values: Values, dim: int) -> Values:
        import torch

        s = similarity(values["a"], values["b"])
        y = torch.eye(len(s), dtype=s.dtype, device=s.device)
        return {"s": torch.cat([s, s.T]), "y": torch.cat([y, y])} if both else {"s": s, "y": y}

    return of_arrays, of_tensors


def _cosines(a: Any, b: Any) -> Any:
    return _unit(a) @ _unit(b).T


def _products(a: Any, b: Any) -> Any:
    return a @ b.T


def _threshold_of_arrays(values: Values, dim: int, **options: Any) -> Values:
    """What sparsemax subtracts from the scores before it cuts them at 0, with the classes as rows."""
    import numpy as np

    found = _labelled(_classes_of_arrays)(values, dim, **options)
    z = np.moveaxis(values["z"], dim, -1)
    top = np.max(z, axis=-1, keepdims=True)
    ordered = np.flip(np.sort(z - top, axis=-1), -1)
    ranks = np.arange(1, z.shape[-1] + 1)
    over = (np.cumsum(ordered, -1) - 1) / ranks
    kept = (ordered > over).sum(-1, keepdims=True)
    return {**found, "tau": np.moveaxis(np.take_along_axis(over, kept - 1, -1) + top, -1, dim)}


def _threshold_of_tensors(values: Values, dim: int, **options: Any) -> Values:
    import torch

    found = _labelled(_classes_of_tensors)(values, dim, **options)
    z = values["z"].float() if values["z"].dtype in (torch.float16, torch.bfloat16) else values["z"]
    top = z.movedim(dim, -1).amax(-1, keepdim=True)
    ordered = (z.movedim(dim, -1) - top).sort(-1, descending=True).values
    over = (ordered.cumsum(-1) - 1) / torch.arange(1, z.shape[dim] + 1, device=z.device)
    kept = (ordered > over).sum(-1, keepdim=True)
    return {**found, "tau": (over.gather(-1, kept - 1) + top).movedim(-1, dim)}


STEPS: Mapping[str, tuple[Callable[..., Values], ...]] = {  # for arrays, for tensors
    "classes": (_classes_of_arrays, _classes_of_tensors),
    "labelled": (_labelled(_classes_of_arrays), _labelled(_classes_of_tensors)),
    "threshold": (_threshold_of_arrays, _threshold_of_tensors),
    "count": (_count, _count),
    "pairs": (_pairs, _pairs),
    "listed": (_listed_in_arrays, _listed_in_tensors),
    "views": (_views_of_arrays, _views_of_tensors),
    "matches": _matches(_cosines),
    "both": _matches(_cosines, both=True),
    "products": _matches(_products),
}
