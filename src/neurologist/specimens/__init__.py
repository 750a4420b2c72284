"""One sick program and its healthy twin for every rule: test, demonstration, and figure at once.

A specimen is a module with the rule's slug as its name (dashes as underscores) and two functions without arguments,
`sick()` and `healthy()`, which differ in the fault alone. Each makes its own data, trains for a few seconds at most
and returns nothing. Found by discovery.

The line to edit carries the comment `# <- fault` where the fault is one op of the network or the loss, for then the
examination can and must name it. Data, initial weights and a learning rate are made before the first op: programs
with such a fault carry no mark.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

MARK = "# <- fault"


@dataclass(frozen=True)
class Specimen:
    """A sick program and its healthy twin.

    Attributes:
        slug: the rule it belongs to.
        sick, healthy: programs to run inside `watch`.
        file: their source file.
        line: the line to edit in `sick`, from 1; None when no single line is at fault.
    """

    slug: str
    sick: Callable[[], None]
    healthy: Callable[[], None]
    file: str
    line: int | None


@cache
def specimens() -> dict[str, Specimen]:
    """Every specimen by its rule's slug."""
    found = {}
    for info in pkgutil.iter_modules(__path__):
        if info.name.startswith("_"):
            continue
        module = importlib.import_module(f"{__name__}.{info.name}")
        slug, source = info.name.replace("_", "-"), inspect.getsource(module).splitlines()
        line = next((n for n, text in enumerate(source, 1) if MARK in text), None)
        found[slug] = Specimen(slug, module.sick, module.healthy, str(module.__file__), line)
    return found
