"""What is measured at a sample; every module here holds one quantity, found by discovery."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from neurologist.tape.quantity import Quantity


@cache
def quantities() -> tuple[Quantity, ...]:
    """One instance of every quantity, by name."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return tuple(sorted((cls() for cls in Quantity.__subclasses__()), key=lambda q: q.name))
