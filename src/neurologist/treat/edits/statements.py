"""Statements of a source: one more, or one less.

May import: libcst, `edits.syntax`.
"""

from __future__ import annotations

import libcst as cst

from neurologist.treat.edits.syntax import Doubt, Source

Line = cst.SimpleStatementLine | cst.SimpleStatementSuite


def before(source: Source, node: cst.CSTNode, lines: str) -> None:
    """Statements before a statement."""
    if _shares(source, node, lines):
        source.insert(source.span(node)[0], f"{lines}; ", behind=False)
    else:
        first = min([node, *getattr(node, "decorators", ())], key=source.line)
        source.insert(source.line_start(first), _text(source, node, lines), behind=False)


def behind(source: Source, node: cst.CSTNode, lines: str) -> None:
    """Statements behind a statement."""
    if _shares(source, node, lines):
        source.insert(source.span(node)[1], f"; {lines}", behind=True)
        return
    text, at = _text(source, node, lines), source.line_end(_last(source, node))
    if at == len(source.text) and not source.text.endswith(("\n", "\r")):
        text = source.module.default_newline + text
    source.insert(at, text, behind=True)


def drop(source: Source, node: cst.CSTNode) -> None:
    """Take a statement out.

    Raises:
        Doubt: it is all that its block holds, or shares its line.
    """
    line = node if isinstance(node, cst.BaseCompoundStatement) else source.parent(node)
    block = source.parent(line)
    around = next(source.around(line, cst.If, cst.BaseCompoundStatement), None)
    if isinstance(around, cst.If) and around.body is block and len(around.body.body) == 1 and around.orelse is None:
        is_else = isinstance(source.parent(around), cst.If)
        if not is_else and not isinstance(line, cst.SimpleStatementSuite) and _alone(line):
            drop(source, around)
            return
    if not _alone(line) or not isinstance(block, cst.IndentedBlock | cst.Module) or len(block.body) < 2:
        raise Doubt(f"{source.path}:{source.line(node)} cannot be taken out")
    source.cut(source.line_start(node), source.line_end(_last(source, node)))


def _alone(line: cst.CSTNode) -> bool:
    """A line holds one statement."""
    return not isinstance(line, Line) or len(line.body) == 1


def whole(source: Source, node: cst.CSTNode) -> cst.CSTNode:
    """The small statement, or the compound one, that a node is a part of."""
    kinds = (cst.BaseSmallStatement, cst.BaseCompoundStatement)
    return node if isinstance(node, kinds) else next(source.around(node, *kinds))


def path(source: Source, node: cst.CSTNode) -> list[tuple[cst.CSTNode, cst.CSTNode]]:
    """The blocks that a node is in, and what of each it is in, from the outside in."""
    found: list[tuple[cst.CSTNode, cst.CSTNode]] = []
    inner = node
    for outer in source.around(node, cst.CSTNode):
        if isinstance(outer, cst.Module | cst.IndentedBlock | cst.SimpleStatementSuite):
            found.append((outer, inner))
        inner = outer
    return found[::-1]


def _shares(source: Source, node: cst.CSTNode, lines: str) -> bool:
    """The statement shares its line with others."""
    parent = source.parent(node)
    shares = isinstance(parent, cst.SimpleStatementSuite) or (isinstance(parent, Line) and len(parent.body) > 1)
    if shares and "\n" in lines:
        raise Doubt(f"{source.path}:{source.line(node)} shares its line with other statements")
    return shares


def _text(source: Source, node: cst.CSTNode, lines: str) -> str:
    newline, indent = source.module.default_newline, source.indent(node)
    return "".join(f"{indent}{line}{newline}" if line else newline for line in lines.split("\n"))


def _last(source: Source, node: cst.CSTNode) -> int:
    """Where the last thing in a statement ends."""
    small = [n for n in source.nodes(cst.BaseSmallStatement) if n is node or node in source.around(n, cst.CSTNode)]
    return max((source.span(n)[1] for n in small), default=source.span(node)[1])
