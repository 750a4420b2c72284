"""Calls in a source replaced by others: functions, layers and their arguments.

May import: libcst, `edits.syntax` and its neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping

import libcst as cst
import torch

from neurologist.treat.call import Site
from neurologist.treat.edits import rows, statements
from neurologist.treat.edits.imported import imports, named
from neurologist.treat.edits.sources import Sources
from neurologist.treat.edits.syntax import Doubt, Source, called, last_name
from neurologist.treat.seen import Step


def operand(source: Source, node: cst.Call, step: Step) -> cst.BaseExpression | None:
    """What a method of a tensor is called on; None for a function, by whatever name it is called."""
    if not isinstance(node.func, cst.Attribute) or not step.method or called(node) != step.site.name:
        return None
    owner = root = node.func.value
    while isinstance(root, cst.Attribute):
        root = root.value
    name = root.value if isinstance(root, cst.Name) else None
    held = name == "self" and owner is root  # `self.relu(x)`: a function that a module keeps
    return None if held or name in imports(source) else owner


def function(source: Source, node: cst.Call, dotted: str | None, step: Step) -> None:
    """`F.softmax(x, 1)` or `x.softmax(1)` with another function, or `x` alone."""
    owner = operand(source, node, step)
    inner = owner if owner is not None else _first(source, node)
    if dotted is None:
        statement = statements.whole(source, node)
        given = statement.targets if isinstance(statement, cst.Assign) and statement.value is node else ()
        if len(given) == 1 and source.code(given[0].target) == source.code(inner):
            statements.drop(source, statement)
        else:
            source.unwrap(node, inner)
        return
    name = dotted.rpartition(".")[2]
    if owner is not None and hasattr(torch.Tensor, name):
        source.cut(source.whole(owner)[1], source.span(node)[1], f".{name}()")
        return
    start, end = source.span(node)
    source.cut(start, source.whole(inner)[0], f"{named(source, dotted)}(")
    source.cut(source.whole(inner)[1], end, ")")


def _first(source: Source, node: cst.Call) -> cst.BaseExpression:
    first = node.args[0] if node.args else None
    if first is None or first.keyword is not None or first.star:
        raise Doubt(f"{source.path}:{source.line(node)} gives its input in no plain way")
    return first.value


def layer(source: Source, node: cst.Call, name: str, options: str) -> None:
    """A layer's constructor becomes another's."""
    codes = [source.code(argument.value) for argument in node.args if argument.keyword is None or not options]
    if "{0}" in options and not codes:
        raise Doubt(f"{source.path}:{source.line(node)} does not give its size first")
    source.replace(node, f"{alike(source, node, name)}({options.format(*codes)})")


def alike(source: Source, node: cst.Call, name: str) -> str:
    """A class of torch.nn, called as its neighbour is: `nn.ReLU` beside `nn.Linear`."""
    if isinstance(node.func, cst.Attribute):
        return f"{source.code(node.func.value)}.{name}"
    return named(source, f"torch.nn.{name}")


def taken(sources: Sources, source: Source, node: cst.Call, site: Site) -> None:
    """Take a layer out of where it is made."""
    item = source.parent(node)
    outer = source.parent(item) if isinstance(item, cst.Arg) else None
    sequential = sources.inside(site) == "Sequential"
    if sequential:
        sources.rows("shifted")
    if sequential and rows.elements(source, node) is not None:
        rows.drop(source, node)
    elif sequential and isinstance(outer, cst.Call) and called(outer) == "append" and _expression(source, outer):
        statements.drop(source, statements.whole(source, outer))
    else:
        layer(source, node, "Identity", "")


def _expression(source: Source, node: cst.CSTNode) -> bool:
    return isinstance(source.parent(node), cst.Expr)


def taken_from_forward(sources: Sources, step: Step) -> bool:
    """Take a layer out of the program's own forward pass, and out of the module when nothing else uses it."""
    name = step.site.module.rpartition(".")[2]
    made = sources.seen.made(step.site)
    holder = sources.seen.modules.get((step.site.model, step.site.module.rpartition(".")[0]))
    if holder is None or not holder.own or made is None or made.at is None or step.at is None:
        return False
    source, node = sources.call(step)
    if called(node) != name:
        return False
    function_call = _first(source, node)
    statement = statements.whole(source, node)
    if isinstance(statement, cst.Assign) and source.code(statement.targets[0].target) == source.code(function_call):
        statements.drop(source, statement)
    else:
        source.unwrap(node, function_call)
    uses = [n for s in sources.all for n in s.nodes(cst.Attribute) if last_name(n) == name]
    home = sources.file(made.at.file)
    where = statements.whole(home, home.call(made.at))
    if len(uses) == 2 and isinstance(where, cst.Assign) and isinstance(where.value, cst.Call):
        statements.drop(home, where)
    return True


def arguments(source: Source, node: cst.Call, values: Mapping[str, str | None], position: Mapping[str, int]) -> None:
    """Arguments of a call get other values; "{}" stands for the code that is there."""
    added: list[str] = []
    for keyword, code in values.items():
        at = argument(node, keyword, position.get(keyword))
        if at is None:
            added += [f"{keyword}={code}"] if code is not None else []
        elif code is None:
            _without(source, node, at)
        else:
            old = node.args[at].value
            source.replace(old, valued(code, source.code(old)))
    if added and node.args:
        source.behind(node.args[-1].value, "".join(f", {code}" for code in added))
    elif added:
        source.insert(source.span(node)[1] - 1, ", ".join(added), behind=False)


def argument(node: cst.Call, keyword: str, position: int | None) -> int | None:
    """Which argument of a call it is; None where it is not given."""
    for index, item in enumerate(node.args):
        if item.keyword is not None and item.keyword.value == keyword:
            return index
    if any(item.star for item in node.args):
        raise Doubt(f"{keyword} may be among the arguments given with a star")
    if position is not None and position < len(node.args) and node.args[position].keyword is None:
        return position
    return None


def _without(source: Source, node: cst.Call, at: int) -> None:
    """Take an argument out, with the comma before or behind it."""
    start, end = source.span(node.args[at])
    if at:
        source.cut(source.whole(node.args[at - 1].value)[1], source.whole(node.args[at].value)[1])
    elif len(node.args) > 1:
        source.cut(start, source.span(node.args[1])[0])
    else:
        source.cut(start, end)


def valued(code: str, old: str) -> str:
    """Code with the old value in its place; a product of two numbers is one."""
    start, _, factor = code.partition(" * ")
    try:
        return f"{float(old) * float(factor):g}" if start == "{}" else code.format(old)
    except ValueError:
        simple = old.replace(".", "").replace("_", "").isalnum() or old.endswith(")")
        return code.format(old if simple else f"({old})")
