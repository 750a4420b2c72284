"""The program's own initial weights taken out of its source, so that torch's stand.

May import: libcst, `edits.syntax` and its neighbours.
"""

from __future__ import annotations

import re

import libcst as cst

from neurologist.treat.edits import anchors, statements
from neurologist.treat.edits.initial import AGAIN
from neurologist.treat.edits.sources import Sources
from neurologist.treat.edits.syntax import Doubt, Source, last_name

SETS = re.compile(r"\binit\.\w+_\(|\.(fill|zero|normal|uniform)_\(|\.data\b")


def anew(sources: Sources) -> None:
    """Take out the one `model.apply(f)` that sets weights; else draw them anew once the model is ready."""
    found = [pair for source in sources.all for pair in _applied(source)]
    all_lines = sum(len(SETS.findall(source.text)) for source in sources.all)
    if len(found) == 1:
        source, statement, function = found[0]
        if all_lines == len(SETS.findall(source.code(function))):
            statements.drop(source, statement)
            uses = [n for n in source.nodes(cst.Name) if isinstance(n, cst.Name) and n.value == function.name.value]
            if len(uses) == 2:  # where it is defined, and where it was applied
                _drop_function(source, function)
            return
    place = anchors.ready(sources)
    place.put(AGAIN.replace("{model}", place.names["model"]))


def _applied(source: Source) -> list[tuple[Source, cst.CSTNode, cst.FunctionDef]]:
    functions = {n.name.value: n for n in source.nodes(cst.FunctionDef) if isinstance(n, cst.FunctionDef)}
    found: list[tuple[Source, cst.CSTNode, cst.FunctionDef]] = []
    for call in source.calls("apply"):
        function = functions.get(last_name(call.args[0].value)) if len(call.args) == 1 else None
        sets = function is not None and SETS.search(source.code(function)) is not None
        statement = source.parent(call)
        if function is not None and sets and isinstance(statement, cst.Expr):
            found.append((source, statement, function))
    return found


def _drop_function(source: Source, function: cst.FunctionDef) -> None:
    """With the empty lines before it."""
    try:
        statements.drop(source, function)
    except Doubt:
        return
    start = source.line_start(function)
    empty = source.text[:start]
    source.cut(len(empty.rstrip(" \t\r\n")) + 1, start)
