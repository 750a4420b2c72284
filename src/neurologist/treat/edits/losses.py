"""What a source minimises, changed: the call of the loss, what is made of it, and the backward pass.

May import: libcst, `edits.syntax` and its neighbours.
"""

from __future__ import annotations

from typing import NamedTuple

import libcst as cst

from neurologist.treat.edits import anchors, replacing, statements
from neurologist.treat.edits.imported import named
from neurologist.treat.edits.sources import Sources
from neurologist.treat.edits.syntax import Doubt, Source, called
from neurologist.treat.seen import Step

SIMPLE = cst.Name | cst.Attribute | cst.Call | cst.Subscript


def another(sources: Sources, step: Step, function: str, layer: str) -> None:
    """Another loss function in its place, with its own options."""
    if step.layer is not None:
        for source, node in sources.constructors(step.site, step.layer):
            source.replace(node, f"{replacing.alike(source, node, layer)}()")
        return
    source, node = sources.call(step)
    source.replace(node.func, named(source, f"torch.nn.functional.{function}"))
    for at, item in enumerate(node.args):
        compared = at < 2 if item.keyword is None else item.keyword.value in ("input", "target")
        if not compared:
            start = source.whole(node.args[at - 1].value)[1] if at else source.whole(item.value)[0]
            source.cut(start, source.whole(item.value)[1])


def targets(sources: Sources, step: Step, code: str) -> None:
    """Code behind the target that a loss is given."""
    if not code:
        return
    source, node = sources.call(step)
    at = replacing.argument(node, "target", 1)
    if at is None:
        raise Doubt(f"{source.path}:{source.line(node)} gives its target in no plain way")
    _behind(source, node.args[at].value, code)


def _behind(source: Source, node: cst.BaseExpression, code: str) -> None:
    simple = isinstance(node, SIMPLE) or node.lpar
    source.close(node, "" if simple else "(", code if simple else f"){code}")


class Minimised(NamedTuple):
    """The backward pass.

    Attributes:
        function: around it. call: `loss.backward()`. loss: what it is called on.
        value: of the one statement in the function that gives `loss`, or `loss` itself where it is no name.
        statement: that one, or None.
        more: statements that change `loss` later.
    """

    source: Source
    function: cst.FunctionDef | cst.Module
    call: cst.Call
    loss: cst.BaseExpression
    value: cst.BaseExpression | None
    statement: cst.Assign | None
    more: list[cst.CSTNode]


def minimised(sources: Sources) -> Minimised:
    """The backward pass of the program.

    Raises:
        Doubt: it is called in no plain way.
    """
    at = next(iter(sources.seen.backward), None)
    if at is None:
        raise Doubt("no line of the program calls .backward()")
    source = sources.file(at.file)
    call, function = source.call(at, "backward"), source.function(at)
    loss = call.func.value if isinstance(call.func, cst.Attribute) else None
    if loss is None:
        raise Doubt(f"{at.file}:{at.line} calls .backward() in no plain way")
    if not isinstance(loss, cst.Name):
        return Minimised(source, function, call, loss, loss, None, [])
    mine = [n for n in source.nodes(cst.Assign, cst.AugAssign) if anchors.inside(source, function, n)]
    given = [n for n in mine if _target(n) == loss.value]
    ran = [n for n in given if any(s.at and s.at.file == at.file and source.holds(n, s.at) for s in sources.seen.calls)]
    given = ran or given
    first = given[0] if given and isinstance(given[0], cst.Assign) else None
    return Minimised(source, function, call, loss, first.value if first is not None else None, first, given[1:])


def _target(node: cst.CSTNode) -> str:
    target = node.targets[0].target if isinstance(node, cst.Assign) and len(node.targets) == 1 else None
    target = node.target if isinstance(node, cst.AugAssign) else target
    return target.value if isinstance(target, cst.Name) else ""


def own(sources: Sources, function: str, target: str) -> None:
    """A loss function of torch in place of a formula of the program's own."""
    found = minimised(sources)
    names = sources.seen.backward[0].names
    if found.value is None or found.more or not {"prediction", "target"} <= names.keys():
        raise Doubt(f"{found.source.path}:{found.source.line(found.call)} does not say what the loss is made of")
    compared = f"{names['prediction']}, {names['target']}{target}"
    found.source.replace(found.value, f"{named(found.source, function)}({compared})")


def met(sources: Sources, code: str) -> None:
    """Code behind the target where a formula of the program's own compares it with a prediction."""
    for step in sources.seen.calls:
        if step.site.model >= 0 or step.at is None or step.site.name not in ("sub", "rsub", "__sub__", "__rsub__"):
            continue
        source = sources.file(step.at.file)
        operation = source.operation(step.at)
        if step.data is not None:
            _behind(source, (operation.left, operation.right)[step.data], code)
            return
    raise Doubt("where the target meets the prediction, the source does not say")


def turned(sources: Sources) -> None:
    """The loss with the other sign: without its minus where it has one."""
    found = minimised(sources)
    source = found.source
    ascents = [(s, n) for s in sources.all for n in s.nodes(cst.Arg) if s.code(n).replace(" ", "") == "maximize=True"]
    for home, node in ascents:
        maker = home.parent(node)
        assert isinstance(maker, cst.Call)
        replacing.arguments(home, maker, {"maximize": None}, {})
        return
    value = found.value
    if isinstance(value, cst.UnaryOperation) and isinstance(value.operator, cst.Minus) and not found.more:
        _without_minus(source, value)
    else:
        source.wrap(found.loss, "(-", ")")


def _without_minus(source: Source, value: cst.UnaryOperation) -> None:
    inner = value.expression
    (start, end), keeps = source.whole(value), isinstance(inner, SIMPLE)
    first, last = source.span(inner) if keeps else source.whole(inner)
    source.cut(start, first)
    if end > last:
        source.cut(last, end)


def averaged(sources: Sources, step: Step | None) -> None:
    """The loss as a mean: as its reduction, by the method that sums it, or divided by the number of targets."""
    if step is not None and sources.seen.summed:
        found = sources.constructors(step.site, step.layer) if step.layer is not None else [sources.call(step)]
        for source, node in found:
            if replacing.argument(node, "reduction", None) is None:
                raise Doubt(f"{source.path}:{source.line(node)} gives no reduction by name")
            replacing.arguments(source, node, {"reduction": None}, {})
        return
    here = minimised(sources)
    source, value = here.source, here.value
    names = sources.seen.backward[0].names
    summed = value.func if isinstance(value, cst.Call) and called(value) == "sum" and not value.args else None
    if isinstance(summed, cst.Attribute) and not here.more:
        source.replace(summed.attr, "mean")
    elif name := names.get("target") or _target_of(sources, step, source):
        source.wrap(here.loss, "(", f" / {name}.numel())")
    else:
        raise Doubt(f"{source.path}:{source.line(here.call)} has no name for the targets")


def _target_of(sources: Sources, step: Step | None, source: Source) -> str | None:
    """What the call of the loss gives as its target, where that is said in few words."""
    if step is None:
        return None
    home, call = sources.call(step)
    at = replacing.argument(call, "target", 1)
    value = call.args[at].value if at is not None else None
    plain = home is source and isinstance(value, cst.Name | cst.Attribute | cst.Subscript)
    return source.code(value) if plain and value is not None else None


def bared(sources: Sources, step: Step) -> None:
    """Take out of the loss all but the call that compares."""
    found = minimised(sources)
    source, call = sources.call(step)
    if found.value is None or source is not found.source:
        raise Doubt("the loss is made in another place than it is differentiated")
    sums = [n for n in source.around(call, cst.BinaryOperation) if statements.whole(source, n) is found.statement]
    inner: cst.BaseExpression = call
    for outer in sums:
        if not isinstance(outer, cst.BinaryOperation) or not isinstance(outer.operator, cst.Add | cst.Subtract):
            break
        inner = outer
    if inner is not found.value and source.code(inner) not in source.code(found.value):
        raise Doubt(f"{source.path}:{source.line(call)} is not a sum of the loss and a penalty")
    if inner is call and not found.more:
        raise Doubt(f"{source.path}:{source.line(call)} adds no penalty that was found")
    if inner is not call:
        source.unwrap(inner, call)
    for node in found.more:
        _drop_penalty(source, node, found.loss)


def _drop_penalty(source: Source, node: cst.CSTNode, loss: cst.BaseExpression) -> None:
    """`loss = loss + penalty`, or `loss += penalty`; with the loop around it, when it is all that is in it."""
    name = source.code(loss)
    adds = isinstance(node, cst.AugAssign) and isinstance(node.operator, cst.AddAssign)
    if isinstance(node, cst.Assign) and isinstance(node.value, cst.BinaryOperation):
        sides = (source.code(node.value.left), source.code(node.value.right))
        adds = isinstance(node.value.operator, cst.Add) and name in sides
    if not adds:
        raise Doubt(f"{source.path}:{source.line(node)} changes the loss in no plain way")
    inner = node
    for outer in source.around(node, cst.For):
        if not isinstance(outer, cst.For) or len(outer.body.body) != 1 or outer.orelse is not None:
            break
        inner = outer
    statements.drop(source, inner)
