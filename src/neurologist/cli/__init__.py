"""The command line: one file per verb.

A verb is a module here without a leading underscore that has `ORDER` (its place in the help) and `command` (a typer
function whose docstring is its help); it is found by discovery. Modules with an underscore are what verbs share.
May import: every room, but lazily: `neurologist explain` must not wait for torch.
"""

from __future__ import annotations

from neurologist.cli._app import main

__all__ = ["main"]
