"""Members of the catalogue, and functions of a user's own, by a short text that stands for them.

torch.compile takes a text for a constant, and a spec not.
May import: `catalogue`.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakValueDictionary

from neurologist.catalogue import Activation, Loss

_MEMBERS: WeakValueDictionary[str, Any] = WeakValueDictionary()


def key_of(spec: Activation | Loss) -> str:
    """The text under which `member` finds this spec again, as long as somebody holds it."""
    key = f"{type(spec).__name__} {spec.name} {id(spec)}"
    _MEMBERS[key] = spec
    return key


def member(key: str) -> Any:
    """The spec that `key_of` was called with."""
    return _MEMBERS[key]


def activations_named(name: str) -> list[Activation]:
    """The activations in use under this name; of equal ones, one."""
    found = [spec for spec in list(_MEMBERS.values()) if isinstance(spec, Activation) and spec.name == name]
    return list({(spec.formula, tuple(spec.parameters.items())): spec for spec in found}.values())
