"""Things made once, outside of torch.compile's trace, and found again by what they were made of.

torch.compile reads the Python that runs, and cannot read how a formula is parsed or differentiated. What is shelved is
made while it looks away; it then reads the finished thing as any object's attribute.
May import: the standard library.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from itertools import count
from typing import Any, TypeVar

Made = TypeVar("Made")


class _Shelf:
    """Holds its things as attributes: a dict's later entries would not be seen within one trace."""


SHELF = _Shelf()
_PLACES: dict[tuple[Callable[..., Any], tuple[Hashable, ...]], str] = {}
_NUMBERS = count()


def _constant(function: Callable[..., Made]) -> Callable[..., Made]:
    """As `torch.compiler.assume_constant_result`, which imports the compiler: a second, used or not."""
    function._dynamo_marked_constant = True  # type: ignore[attr-defined]
    return function


def shelved(make: Callable[..., Made]) -> Callable[..., Made]:
    """A function of strings, numbers and tuples of them, whose result is made once; its arguments are constants.

    >>> @shelved
    ... def twice(text):
    ...     return [text, text]
    >>> twice("a") is twice("a")
    True
    """

    @_constant
    def place(*key: Hashable) -> str:
        found = _PLACES.get((make, key))
        if found is None:
            found = f"{make.__name__}_{next(_NUMBERS)}"
            setattr(SHELF, found, make(*key))
            _PLACES[make, key] = found
        return found

    def found(*key: Hashable) -> Any:
        return getattr(SHELF, place(*key))

    found.__doc__ = make.__doc__
    return found


def forget(key: str) -> None:
    """Drop everything that was made of this text, among others; who still asks for it gets it made anew."""
    for place in [place for place in list(_PLACES) if key in place[1]]:
        name = _PLACES.pop(place, None)
        if name is not None:
            delattr(SHELF, name)
