"""Statements that put a model into training mode, and let its parameters have gradients.

May import: libcst, `edits.syntax` and its neighbours.
"""

from __future__ import annotations

import libcst as cst

from neurologist.treat.edits import anchors, statements
from neurologist.treat.edits.sources import Sources
from neurologist.treat.edits.syntax import Doubt, Source


def training(sources: Sources) -> None:
    """`model.train()` before the innermost loop that trains, or in it where that switches it off."""
    for at in sources.seen.forwards.get(0, ()):
        name = at.names.get("model")
        if name is None or name == "self" or not at.named:
            continue
        source = sources.file(at.file)
        function, statement = source.function(at), source.innermost(at)
        around = [n for n in source.around(statement, cst.For, cst.While) if anchors.inside(source, function, n)]
        if around and not _evaluates(sources, source, around[0]):
            statement = around[0]
        _put(source, statement, name)
        return
    raise Doubt("the model has no name where it is trained")


def _evaluates(sources: Sources, source: Source, loop: cst.CSTNode) -> bool:
    """Something in a loop may put the model into evaluation mode."""
    guilty = {
        node.name.value
        for file in sources.all
        for node in file.nodes(cst.FunctionDef)
        if isinstance(node, cst.FunctionDef) and ".eval()" in file.code(node)
    }
    code = source.code(loop)
    return ".eval()" in code or any(f"{name}(" in code for name in guilty)


def _put(source: Source, statement: cst.CSTNode, name: str) -> None:
    """Before a statement; in place of `model.eval()` where that stands right before it."""
    line = statement if isinstance(statement, cst.BaseCompoundStatement) else source.parent(statement)
    block = source.parent(line)
    body: list[cst.CSTNode] = list(block.body) if isinstance(block, cst.IndentedBlock | cst.Module) else []
    previous = body[body.index(line) - 1] if line in body and body.index(line) else None
    if isinstance(previous, cst.SimpleStatementLine) and source.code(previous).strip() == f"{name}.eval()":
        source.replace(previous.body[0], f"{name}.train()")
    else:
        statements.before(source, statement, f"{name}.train()")


def unfrozen(sources: Sources) -> None:
    """Take out the one statement that freezes parameters, or else thaw the model once it is ready."""
    found = [pair for source in sources.all for pair in _freezing(source)]
    if len(found) == 1:
        source, node = found[0]
        inner = node
        for outer in source.around(node, cst.For, cst.If):
            if not isinstance(outer, cst.For | cst.If) or len(outer.body.body) != 1 or outer.orelse is not None:
                break
            inner = outer
        try:
            statements.drop(source, inner)
        except Doubt:
            pass
        else:
            return
    place = anchors.ready(sources)
    place.put(f"{place.names['model']}.requires_grad_(True)")


def _freezing(source: Source) -> list[tuple[Source, cst.CSTNode]]:
    found: list[tuple[Source, cst.CSTNode]] = []
    for node in source.nodes(cst.Assign, cst.Expr):
        code = source.code(node).replace(" ", "")
        off = code.endswith((".requires_grad=False", ".requires_grad_(False)"))
        found += [(source, node)] if off and "\n" not in code else []
    return found
