"""The named numbers of a rule, which a user's settings may override.

A number that a rule decides by is an attribute of its class: `many = 0.6  # share of a layer's units`. That is all it
takes to be set from outside, so nothing here names a rule; the comment behind it is its explanation.
May import: the standard library.
"""

from __future__ import annotations

import inspect
import io
import math
import tokenize
from collections.abc import Mapping
from functools import cache

Number = int | float | tuple[float, ...]


def thresholds(rule: type) -> dict[str, Number]:
    """Name -> value of every number that a rule decides by, in the order of its source."""
    return {name: value for name, value in vars(rule).items() if not name.startswith("_") and _is_number(value)}


def _is_number(value: object) -> bool:
    if isinstance(value, tuple):
        return bool(value) and all(map(_is_number, value))
    return type(value) in (int, float)  # no truth value, and no member of an enumeration


def unfit(value: object, default: Number) -> str:
    """What is expected in the place of `default`, where `value` does not fit there; "" where it does.

    A number keeps the sign of the default, for a threshold of decades lost is below 0; where the default is a whole
    number it counts something, and stays one of 1 or more.
    """
    if isinstance(default, tuple):
        fits = isinstance(value, list | tuple) and len(value) == len(default)
        wrong = not fits or any(unfit(one, float(other)) for one, other in zip(value, default, strict=True))  # type: ignore[call-overload]
        return f"a list of {len(default)} numbers like {list(default)}" if wrong else ""
    if isinstance(default, int):
        whole = isinstance(value, int) and not isinstance(value, bool) and value >= 1
        return "" if whole else f"a whole number of 1 or more like {default}"
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return f"a number like {default:g}"
    if value * default < 0:
        return f"a number {'above' if default > 0 else 'below'} 0 like {default:g}"
    return ""


def fitted(value: object, default: Number) -> Number:
    """A value that fits, as the rule keeps it."""
    return tuple(value) if isinstance(value, list) else value  # type: ignore[return-value]


def overridden(rule: object, values: Mapping[str, Number]) -> None:
    """Let one instance of a rule decide by other numbers."""
    for name, value in values.items():
        setattr(rule, name, value)


@cache
def meanings(rule: type) -> dict[str, str]:
    """Name -> the comment behind each number in the rule's source; "" where there is none or no source."""
    found = dict.fromkeys(thresholds(rule), "")
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(inspect.getsource(rule)).readline))
    except (OSError, TypeError, SyntaxError, tokenize.TokenError):
        return found
    comments = {token.start[0]: token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT}
    for before, name, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if name.string in found and (after.string, name.start[1]) == ("=", 4) and before.type != tokenize.OP:
            found[name.string] = comments.get(name.start[0], "")
    for line, comment in comments.items():  # `low, high = 1, 2  # of both`
        named = [token.string for token in tokens if token.start[0] == line and token.string in found]
        found.update({name: comment for name in named if not found[name]})
    return found
