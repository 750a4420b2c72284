"""Dashboards, files and loggers that get a run's numbers. One file each, found by discovery.

A member has `TARGET`, what its argument is for `--help`; `PACKAGE`, what must be installed for it, or None; and
`make(target)`, which gives a `neurologist.watch.sinks.Sink`. It imports its package inside `make` only.
May import: the standard library, `diagnose.finding`.
"""

from __future__ import annotations

import pkgutil
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurologist.diagnose.finding import Finding
    from neurologist.watch.sinks import Sink


class SinkError(ValueError):
    """A sink that cannot be had, with one line that says why and what to do."""


@cache
def members() -> dict[str, ModuleType]:
    """Name -> module of every sink."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__))
    return {name: import_module(f"{__name__}.{name}") for name in names}


def usage() -> str:
    """All sinks in one line: "jsonl=FILE, logging[=LOGGER], ..."."""
    return ", ".join(name + module.TARGET for name, module in members().items())


def sink(name: str) -> Sink:
    """A place that a watched run's numbers go to, by its name.

    Args:
        name: "jsonl=FILE", "logging[=LOGGER]", "mlflow[=URI]", "tensorboard=FOLDER", "trackio[=PROJECT]",
            "wandb[=PROJECT]".

    Returns:
        What `watch(sinks=[...])` takes.

    Raises:
        SinkError: there is no such sink, its package is not installed, or it needs an argument that is not given.
    """
    kind, _, target = name.partition("=")
    module = members().get(kind)
    if module is None:
        raise SinkError(f"sink {name!r}: got {kind!r}, expected one of {usage()}")
    if not target and not module.TARGET.startswith("["):
        raise SinkError(f"sink {name!r} needs an argument: {kind}{module.TARGET}")
    try:
        made: Sink = module.make(target)
    except ImportError as error:
        cure = f"try `pip install {module.PACKAGE}`"
        raise SinkError(f"sink {name!r} needs {module.PACKAGE}, which cannot be imported: {error}; {cure}") from error
    return made


def sentence(finding: Finding) -> str:
    """A finding in one line: "error double-softmax at train.py:23 (model.fc3): ..."."""
    origin = replace(finding.origin, file=_from_here(finding.origin.file))
    at = f" at {origin}" if origin.file or origin.module else ""
    return f"{finding.severity} {finding.rule}{at}: {finding.message}"


def _from_here(file: str | None) -> str | None:
    here = Path.cwd()
    return str(Path(file).relative_to(here)) if file and Path(file).is_relative_to(here) else file


def plain(finding: Finding) -> dict[str, Any]:
    """What a finding says, in JSON's types."""
    origin = finding.origin
    place = {"file": origin.file, "line": origin.line, "module": origin.module}
    words = {"rule": finding.rule, "code": finding.code, "severity": finding.severity, "message": finding.message}
    return {**words, "origin": place}
