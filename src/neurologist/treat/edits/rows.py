"""Elements of lists and of calls in a source: one more, or one less, in the layout that is there.

May import: libcst, `edits.syntax`.
"""

from __future__ import annotations

import re
from dataclasses import replace

import libcst as cst

from neurologist.treat.edits.syntax import BEFORE, BEHIND, Source, called

TAIL = re.compile(r",?[ \t]*(#[^\r\n]*)?(\r\n?|\n|$)")


def elements(source: Source, node: cst.CSTNode) -> list[cst.CSTNode] | None:
    """The row of layers that a node stands in: of a list, or of a call of Sequential; None where it is in none."""
    item = source.parent(node)
    outer = source.parent(item) if isinstance(item, cst.Element | cst.Arg) else None
    if isinstance(outer, cst.List):
        return [element.value for element in outer.elements]
    if isinstance(outer, cst.Tuple) and not isinstance(source.parent(outer), cst.Element | cst.AssignTarget):
        return [element.value for element in outer.elements] if len(outer.elements) > 1 else None
    if isinstance(outer, cst.Call) and called(outer) == "Sequential":
        return [argument.value for argument in outer.args]
    return None


def behind(source: Source, node: cst.CSTNode, text: str) -> None:
    """One more element behind a node."""
    _, end = source.whole(node)
    tail = TAIL.match(source.text, end)
    newline = source.module.default_newline
    if not source.starts_line(node):
        source.insert(end, f", {text}", behind=True)
    elif tail is not None and tail[0].startswith(","):
        source.insert(tail.end(), f"{_indent(source, node)}{text},{newline}", behind=True)
    else:
        source.insert(end, f",{newline}{_indent(source, node)}{text}", behind=True)


def _indent(source: Source, node: cst.CSTNode) -> str:
    """Of the line that a node begins, with what was put before it."""
    indent = source.indent(node)
    for splice in source.splices:
        if splice.kind == BEFORE and splice.start == source.whole(node)[0]:
            _, newline, last = splice.text.rpartition("\n")
            indent = last if newline else indent + (last if not last.strip() else "")
    return indent


def before(source: Source, node: cst.CSTNode, text: str) -> None:
    """One more element before a node."""
    gap = f"{source.module.default_newline}{_indent(source, node)}" if source.starts_line(node) else " "
    source.before(node, f"{text},{gap}")


def drop(source: Source, node: cst.CSTNode) -> None:
    """Take an element out of its row."""
    row = elements(source, node) or []
    (start, end), tail = source.whole(node), TAIL.match(source.text, source.whole(node)[1])
    at = row.index(node)
    if source.starts_line(node) and tail is not None:
        source.cut(source.text.rfind("\n", 0, start) + 1, tail.end())
    elif at:
        source.cut(source.whole(row[at - 1])[1], end)
    else:
        source.cut(start, source.whole(row[1])[0] if len(row) > 1 else end)


def wrap(source: Source, part: list[cst.CSTNode], name: str) -> None:
    """A part of a row as the arguments of a call."""
    if not all(source.starts_line(node) for node in part):
        source.before(part[0], f"{name}(")
        source.behind(part[-1], ")")
        return
    newline, indent = source.module.default_newline, source.indent(part[0])
    step = source.module.default_indent
    start, end = source.whole(part[0])[0], source.whole(part[-1])[1]
    for index, splice in enumerate(source.splices):
        if start < splice.start < end and splice.kind == BEHIND and splice.text.startswith(indent):
            source.splices[index] = replace(splice, text=step + splice.text)
    source.before(part[0], f"{name}({newline}{indent}{step}")
    for node in part[1:]:
        source.before(node, step)
    source.behind(part[-1], f",{newline}{indent})")
