"""Places in a training program: where its model is ready, where its optimizer is made and steps, which loop trains.

May import: libcst, `edits.syntax` and its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import libcst as cst

from neurologist.treat.edits import statements
from neurologist.treat.edits.sources import Found, Sources
from neurologist.treat.edits.syntax import Doubt, Function, Source, called
from neurologist.treat.places import Where


class Anchor(NamedTuple):
    """A statement, and what things are called around it; what is put there comes before it, or behind it."""

    source: Source
    statement: cst.CSTNode
    names: dict[str, str]
    before: bool = False

    def put(self, code: str) -> None:
        """Statements there."""
        (statements.before if self.before else statements.behind)(self.source, self.statement, code)


def inside(source: Source, function: Function, node: cst.CSTNode) -> bool:
    """A node is the function's own, not one's of a function in it."""
    return next(source.around(node, cst.FunctionDef, cst.Lambda, cst.Module), None) is function


def optimizer(sources: Sources, kind: str) -> Found:
    """The call that makes the optimizer of a class.

    Raises:
        Doubt: there is none, or there are several.
    """
    found = [(source, node) for source in sources.all for node in source.calls(kind)]
    if len(found) != 1:
        lines = ", ".join(f"{source.path}:{source.line(node)}" for source, node in found)
        raise Doubt(f"{kind} is made {f'at several lines ({lines})' if found else 'at no line that was found'}")
    return found[0]


def stepping(sources: Sources) -> Anchor:
    """The statement that lets the optimizer step.

    Raises:
        Doubt: there is none, or there are several.
    """
    for at in (place for place in sources.seen.backward if place.named):
        source = sources.file(at.file)
        function = source.function(at)
        steps = [n for n in source.calls("step") if inside(source, function, n)]
        line = f"{at.names.get('optimizer')}.step()"
        mine = [n for n in steps if isinstance(source.parent(n), cst.Expr) and source.code(n) == line]
        if len(mine) == 1:
            return Anchor(source, source.parent(mine[0]), dict(at.names))
    raise Doubt("which line lets the optimizer step, the source does not say")


def ready(sources: Sources) -> Anchor:
    """The last statement that makes the model what training starts from: behind it the model is ready.

    Raises:
        Doubt: the making and the use of the model do not meet in one function.
    """
    made, used = sources.seen.modules.get((0, "")), sources.seen.forwards.get(0, ())
    for birth, use in zip(reversed(made.stack if made is not None else ()), reversed(used), strict=False):
        if (birth.file, birth.first, birth.function) != (use.file, use.first, use.function):
            break
        if birth == use:
            continue
        source, name = sources.file(birth.file), use.names.get("model")
        between = _between(source, source.innermost(birth), source.innermost(use))
        if name is None or not between:
            break
        touching = [node for node in between[1:] if _touches(source, node, name)]
        last = (touching or between[:1])[-1]
        return Anchor(source, last, dict(use.names))
    births = made.stack if made is not None else ()
    found = _assigned(sources, births) or _given(sources, used)
    if found is None:
        raise Doubt("where the model is made, the source does not say")
    return found


def begun(sources: Sources) -> Where:
    """The call, in the function that makes the model, that first uses it.

    Raises:
        Doubt: the making and the use of the model do not meet in one function.
    """
    made, used = sources.seen.modules.get((0, "")), sources.seen.forwards.get(0, ())
    for birth, use in zip(reversed(made.stack if made is not None else ()), reversed(used), strict=False):
        if (birth.file, birth.first, birth.function) == (use.file, use.first, use.function) and birth != use:
            return use
    raise Doubt("where the model is made and where it is used, the source does not say")


def begins(sources: Sources) -> Anchor:
    """The statement that first uses the model, in the function that makes it.

    Raises:
        Doubt: the making and the use of the model do not meet in one function.
    """
    use, made = begun(sources), sources.seen.modules[0, ""]
    source = sources.file(use.file)
    for birth in made.stack:
        if (birth.file, birth.first, birth.function) == (use.file, use.first, use.function):
            first, last = source.innermost(birth), source.innermost(use)
            pairs = zip(statements.path(source, first), statements.path(source, last), strict=False)
            for (block, one), (other, two) in pairs:
                if block is other and one is not two and "model" in use.names:
                    return Anchor(source, _small(two), dict(use.names))
    raise Doubt(f"{use.file}:{use.line} does not come after the model is made")


def _assigned(sources: Sources, stack: tuple[Where, ...]) -> Anchor | None:
    """Behind what names the model, and what then changes it, in the function that makes it."""
    for at in stack:
        source = sources.file(at.file)
        statement = source.innermost(at)
        if isinstance(statement, cst.Assign) and len(statement.targets) == 1:
            name = source.code(statement.targets[0].target)
            block, line = statements.path(source, statement)[-2]
            body: list[cst.CSTNode] = list(getattr(block, "body", ()))
            rest = [_small(node) for node in body[body.index(line) :]] if line in body else [statement]
            ends = [node for node in rest if _touches(source, node, name) and not isinstance(node, cst.Return)]
            return Anchor(source, (ends or [statement])[-1], {"model": name})
    return None


def _given(sources: Sources, used: tuple[Where, ...]) -> Anchor | None:
    """Before the first use of a model that a function gets, when that runs once."""
    for at in (place for place in reversed(used) if place.named):
        source, name = sources.file(at.file), at.names.get("model")
        function, statement = source.function(at), source.innermost(at)
        if name is not None and isinstance(function, cst.FunctionDef):
            parts = [(block, part) for block, part in statements.path(source, statement) if block is function.body]
            body = [_small(node) for node in function.body.body]
            uses = [node for node in body if _names(source, node, name)]
            return Anchor(source, uses[0], {"model": name}, before=True) if parts and uses else None
        if any(inside(source, function, loop) for loop in source.around(statement, cst.For, cst.While)):
            return None
    return None


def _between(source: Source, first: cst.CSTNode, last: cst.CSTNode) -> list[cst.CSTNode]:
    """The statements from the one that holds `first` up to the one that holds `last`, in the block of both."""
    found: list[cst.CSTNode] = []
    for (block, one), (other, two) in zip(statements.path(source, first), statements.path(source, last), strict=False):
        if block is not other:
            break
        if one is not two and isinstance(block, cst.Module | cst.IndentedBlock):
            body: list[cst.CSTNode] = list(block.body)
            return [_small(node) for node in body[body.index(one) : body.index(two)]]
    return found


def _small(node: cst.CSTNode) -> cst.CSTNode:
    return node.body[-1] if isinstance(node, cst.SimpleStatementLine) else node


def _touches(source: Source, node: cst.CSTNode, name: str) -> bool:
    """A statement may change the model: it names it, and is no assignment to something else, and prints nothing."""
    if isinstance(node, cst.FunctionDef | cst.ClassDef | cst.Import | cst.ImportFrom):
        return False
    if isinstance(node, cst.Assign):
        return source.code(node.targets[0].target) == name
    if isinstance(node, cst.Expr) and isinstance(node.value, cst.Call) and called(node.value) == "print":
        return False
    return _names(source, node, name)


def _names(source: Source, node: cst.CSTNode, name: str) -> bool:
    """A statement names something."""
    named = (n for n in source.nodes(cst.Name, cst.Attribute) if source.code(n) == name)
    return any(node in source.around(n, cst.CSTNode) for n in named)


def loops(sources: Sources) -> Iterator[tuple[Source, cst.For | cst.While]]:
    """The loops around the first backward pass that make no new model, from the outside in."""
    made = sources.seen.modules.get((0, ""))
    births = made.stack if made is not None else ()
    for at in (place for place in reversed(sources.seen.backward) if place.named):
        source = sources.file(at.file)
        function = source.function(at)
        around = list(source.around(source.innermost(at), cst.For, cst.While))
        for loop in reversed([loop for loop in around if inside(source, function, loop)]):
            assert isinstance(loop, cst.For | cst.While)
            if not any(birth.file == at.file and source.holds(loop, birth) for birth in births):
                yield source, loop
