"""A neurologist for neural networks: a catalogue of activations and losses, and an examination of training runs.

Everything public is here. Names are imported when first used, so that reading a record needs no torch.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from neurologist._version import __version__

if TYPE_CHECKING:
    from neurologist.catalogue import Interval
    from neurologist.diagnose import Diagnosis, Evidence, Finding, Origin
    from neurologist.functional import activation, losses
    from neurologist.functional import functions as activations
    from neurologist.functional.compiled import compiled
    from neurologist.integrations import sink
    from neurologist.read import diagnose
    from neurologist.record import RecordError
    from neurologist.theory.choose import choose
    from neurologist.theory.gain import gain
    from neurologist.theory.propagation import propagation
    from neurologist.treat.check import check
    from neurologist.treat.fix import fix
    from neurologist.treat.plan import treat
    from neurologist.treat.race import race
    from neurologist.watch.initialise import init_
    from neurologist.watch.session import Session, watch

_HOME = {
    "Diagnosis": "neurologist.diagnose",
    "Evidence": "neurologist.diagnose",
    "Finding": "neurologist.diagnose",
    "Interval": "neurologist.catalogue",
    "Origin": "neurologist.diagnose",
    "RecordError": "neurologist.record",
    "Session": "neurologist.watch.session",
    "activation": "neurologist.functional",
    "activations": "neurologist.functional:functions",
    "check": "neurologist.treat.check",
    "choose": "neurologist.theory.choose",
    "compiled": "neurologist.functional.compiled",
    "diagnose": "neurologist.read",
    "fix": "neurologist.treat.fix",
    "gain": "neurologist.theory.gain",
    "init_": "neurologist.watch.initialise",
    "losses": "neurologist.functional",
    "propagation": "neurologist.theory.propagation",
    "race": "neurologist.treat.race",
    "sink": "neurologist.integrations",
    "treat": "neurologist.treat.plan",
    "watch": "neurologist.watch.session",
}

_UNSHOWN = tuple(f"neurologist.{room}" for room in ("catalogue", "functional", "theory"))  # rooms below diagnose

__all__ = [
    "Diagnosis",
    "Evidence",
    "Finding",
    "Interval",
    "Origin",
    "RecordError",
    "Session",
    "__version__",
    "activation",
    "activations",
    "check",
    "choose",
    "compiled",
    "diagnose",
    "fix",
    "gain",
    "init_",
    "losses",
    "propagation",
    "race",
    "sink",
    "treat",
    "watch",
]


class _Package(ModuleType):
    """Importing the room `neurologist.watch` must not hide the function `watch`."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name in _HOME:
        module, _, attribute = _HOME[name].partition(":")
        if not module.startswith(_UNSHOWN):
            import_module("neurologist.report")  # registers the formats of Diagnosis.save and print
        value = getattr(import_module(module), attribute or name)
        globals()[name] = value
        return value
    functions = import_module("neurologist.functional").functions
    if name in functions:
        return functions[name]
    near = [] if name.startswith("_") else import_module("difflib").get_close_matches(name, __dir__(), n=3)
    cure = f"nearest are {', '.join(near)}" if near else "dir(neurologist) has all"
    raise AttributeError(f"module 'neurologist' has no attribute {name!r}: {cure}")


def __dir__() -> list[str]:
    return sorted({*__all__, *import_module("neurologist.functional").functions})
