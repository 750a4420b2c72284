"""What to use where: an activation for hidden layers, outputs, gates and states, with numbers for reasons.

Nothing here knows a function by name; all of the catalogue is judged by what follows from its formulas.
May import: `catalogue`, `theory`. To add a place: a line in `TAKES`, and its branch in `choose`.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from math import isfinite
from typing import Any, get_args

from neurologist.catalogue import Interval
from neurologist.theory.choose_hidden import hidden
from neurologist.theory.choose_made import Choice
from neurologist.theory.choose_numbers import RESOLUTION
from neurologist.theory.choose_output import KINDS, output
from neurologist.theory.choose_recurrent import gate, state
from neurologist.theory.choose_stack import Place
from neurologist.theory.choose_targets import Targets, filled, kind_of, misfit, read
from neurologist.theory.stack import Norm

DEPTH, WIDTH, STEPS = 3, 256, 100  # a small network and a sentence, where nobody says
MOST = 10_000  # layers and steps; each is followed
TAKES: Mapping[str, tuple[str, ...]] = {
    "hidden": ("depth", "width", "norm", "residual"),
    "output": ("targets", "classes", "low", "high"),
    **dict.fromkeys(KINDS, ("targets",)),
    "multi-class": ("targets", "classes"),
    "bounded": ("targets", "low", "high"),
    "gate": ("steps",),
    "state": ("steps",),
}
PLACES: Mapping[str, Mapping[str, Any]] = {  # with an example of what a place must know
    name: {"low": 0.0, "high": 1.0} if name == "bounded" else {} for name in TAKES if name != "output"
}


def choose(
    place: str,
    targets: Any = None,
    *,
    depth: int | None = None,
    width: int | None = None,
    norm: Norm | None = None,
    residual: bool = False,
    steps: int | None = None,
    classes: int | None = None,
    low: float | None = None,
    high: float | None = None,
    dtype: Any = "float32",
) -> Choice:
    """What to use in one place of a network: a recommendation, its reasons as numbers, and what to avoid.

    Args:
        place: "hidden"; "output", where the targets tell the kind, or the kind itself: "binary", "multi-class",
            "multi-label", "counts", "non-negative", "bounded", "unbounded"; of recurrent networks "gate" or "state".
        targets: example targets of an output: a tensor, an array or a list; integers or truth values where they are
            classes, one row per example where each has several.
        depth: number of hidden layers; 3 if not given.
        width: units in each; 256 if not given.
        norm: "layer" or "batch", where one stands before each activation.
        residual: whether skip connections lead around each hidden layer.
        steps: time steps that a gate or state must last; 100 if not given.
        classes: number of classes of a multi-class output, where no targets tell.
        low: lower end of a bounded output.
        high: upper end of a bounded output.
        dtype: what the network computes in: "float32", "bfloat16", "float16" or "float64", or torch's or NumPy's own.

    >>> choice = choose("hidden", depth=30, width=512)
    >>> choice.use, round(choice.reasons[0].value, 1)
    ('elu', 1.7)
    >>> {one.name: f"{one.problem} {one.value:.1e}" for one in choice.avoid}["sigmoid"]
    'vanishes 5.8e-13'
    >>> choose("output", [0.0, 1.0, 1.0, 0.0]).recommendation
    'raw scores with the loss bce_with_logits, which applies sigmoid itself'
    """
    name, computes = _place(place), _dtype(dtype)
    given = {"targets": targets, "depth": depth, "width": width, "norm": norm, "residual": residual or None}
    _only(name, {**given, "steps": steps, "classes": classes, "low": low, "high": high})
    if name == "hidden":
        layers = Place(_count("depth", depth, DEPTH), _count("width", width, WIDTH, None), _norm(norm), bool(residual))
        return hidden(layers, computes)
    if name in ("gate", "state"):
        return (gate if name == "gate" else state)(_count("steps", steps, STEPS), computes)
    return _output(name, targets, classes, (low, high), computes)


def _place(place: str) -> str:
    plain = {"".join(filter(str.isalpha, name)): name for name in TAKES}
    wanted = "".join(filter(str.isalpha, str(place).lower()))
    if wanted in plain:
        return plain[wanted]
    near = [plain[name] for name in get_close_matches(wanted, plain, 3, 0.5)]
    hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"known are {', '.join(TAKES)}"
    raise ValueError(f"choose got the place {place!r}: expected a place in a network; {hint}")


def _only(place: str, given: Mapping[str, Any]) -> None:
    """Nothing that the place has no use for: it would be ignored in silence."""
    stray = [name for name, value in given.items() if value is not None and name not in TAKES[place]]
    if stray:
        takes = ", ".join((*TAKES[place], "dtype"))
        raise TypeError(f"choose({place!r}) got {', '.join(stray)}: expected {takes}; leave the rest out")


def _dtype(dtype: Any) -> str:
    name = str(getattr(dtype, "name", None) or getattr(dtype, "__name__", None) or dtype).removeprefix("torch.")
    if name not in RESOLUTION:
        raise ValueError(f"choose got dtype {name!r}: expected one of {', '.join(sorted(RESOLUTION))}")
    return name


def _norm(norm: str | None) -> Norm | None:
    for known in get_args(Norm):
        if norm == known:
            return known  # type: ignore[no-any-return]
    if norm is not None:
        raise ValueError(f"choose got norm={norm!r}: expected None, {' or '.join(map(repr, get_args(Norm)))}")
    return None


def _count(name: str, value: int | None, default: int, most: int | None = MOST) -> int:
    value = default if value is None else value
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or value < 1 or (most is not None and value > most):
        upto = f" to {most}" if most is not None else " or more"
        raise ValueError(f"choose got {name}={value!r}: expected a whole number, 1{upto}")
    return value


def _output(name: str, given: Any, classes: int | None, ends: tuple[float | None, float | None], dtype: str) -> Choice:
    targets = None if given is None else read(given)
    asked, inferred = name, ""
    if name == "output":
        if targets is None:
            raise ValueError(f"choose('output') got no targets: expected some examples, or a kind: {', '.join(KINDS)}")
        name, inferred = ("bounded", "you gave its ends") if _has(ends) else kind_of(targets)
    if classes is not None and name != "multi-class":
        raise ValueError(f"choose({asked!r}) got classes={classes}, but its targets are {name}: leave classes out")
    if targets is not None and KINDS[name].targets == "probability":
        targets = targets.as_probabilities()
    interval = KINDS[name].interval or _bounds(ends, targets)
    if targets is not None and (wrong := misfit(targets, name, interval)):
        raise ValueError(f"choose({asked!r}) got targets {wrong}")
    count = _classes(name, classes, targets)
    return output(name, interval, targets, count, dtype, inferred)


def _has(ends: tuple[float | None, float | None]) -> bool:
    return any(end is not None for end in ends)


def _bounds(ends: tuple[float | None, float | None], targets: Targets | None) -> Interval:
    """The ends as given, or as the targets show them."""
    low, high = ends
    if targets is not None and not _has(ends):
        return filled(targets) or targets.interval
    if low is None or high is None or not (isfinite(low) and isfinite(high) and low < high):
        raise ValueError(
            f"choose('bounded') got low={low}, high={high}: expected two ends, low < high; give both, or targets"
        )
    return Interval(float(low), float(high), True, True)


def _classes(name: str, classes: int | None, targets: Targets | None) -> int | None:
    if name != "multi-class":
        return None
    if targets is None:
        if classes == 1:
            raise ValueError("choose('multi-class') got classes=1: expected 2 or more; yes or no is 'binary'")
        return None if classes is None else _count("classes", classes, 2, None)
    seen = targets.values.shape[1] if targets.hot else int(targets.interval.hi) + 1
    if classes is not None and (classes < seen or (targets.hot and classes != seen)):
        raise ValueError(
            f"choose('multi-class') got classes={classes}: expected {seen} or more; your targets show them"
        )
    return max(seen, classes or 0)
