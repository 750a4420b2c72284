"""How often a loop of a source runs.

May import: libcst, `edits.syntax` and its neighbours.
"""

from __future__ import annotations

import libcst as cst

from neurologist.treat.edits.sources import Sources
from neurologist.treat.edits.syntax import Doubt, Source, called

RANGES = ("range", "trange")


def multiplied(sources: Sources, source: Source, loop: cst.For | cst.While, times: int) -> None:
    """The loop runs so many times as often.

    Raises:
        Doubt: how often it runs is not told by one number.
    """
    end, offset = _end(source, loop)
    if isinstance(end, cst.Integer):
        count = int(end.value.replace("_", ""), 0) - offset
        source.replace(end, str(times * count + offset))
    elif offset:
        raise Doubt(f"{source.path}:{source.line(loop)} counts from {offset}")
    elif not _defined(sources, source, end, times):
        loose = isinstance(end, cst.Name | cst.Attribute | cst.Call | cst.Subscript) or end.lpar
        source.wrap(end, f"{times} * " if loose else f"{times} * (", "" if loose else ")")


def _end(source: Source, loop: cst.For | cst.While) -> tuple[cst.BaseExpression, int]:
    """What the loop counts up to, and from which number."""
    doubt = Doubt(f"{source.path}:{source.line(loop)} does not count its rounds")
    if isinstance(loop, cst.While):
        test = loop.test
        if not isinstance(test, cst.Comparison) or len(test.comparisons) != 1 or not isinstance(test.left, cst.Name):
            raise doubt
        if not isinstance(test.comparisons[0].operator, cst.LessThan | cst.LessThanEqual):
            raise doubt
        return test.comparisons[0].comparator, 0
    counted = loop.iter
    if isinstance(counted, cst.Call) and called(counted) not in RANGES and counted.args:
        counted = counted.args[0].value if called(counted) != "zip" else counted
    if not isinstance(counted, cst.Call) or called(counted) not in RANGES:
        raise doubt
    numbers = [argument.value for argument in counted.args if argument.keyword is None]
    if len(numbers) == 1:
        return numbers[0], 0
    start = numbers[0] if len(numbers) == 2 else None
    if not isinstance(start, cst.Integer):
        raise doubt
    end, first = numbers[1], int(start.value)
    one_more = isinstance(end, cst.BinaryOperation) and isinstance(end.operator, cst.Add)
    if one_more and isinstance(end, cst.BinaryOperation) and source.code(end.right) == start.value:
        return end.left, 0
    return end, first


def _defined(sources: Sources, source: Source, end: cst.BaseExpression, times: int) -> bool:
    """Multiply the number where it is defined, once for the program: a constant, or the default of an argument."""
    if isinstance(end, cst.Attribute):
        return _argument(sources, end.attr.value, times)
    return isinstance(end, cst.Name) and _constant(source, end, times)


def _argument(sources: Sources, name: str, times: int) -> bool:
    flag = f"--{name.replace('_', '-')}"
    if any(given.partition("=")[0].replace("_", "-") == flag for given in sources.seen.arguments):
        return False
    found = []
    for source in sources.all:
        for node in source.calls("add_argument"):
            plain = [a.value for a in node.args if isinstance(a.value, cst.SimpleString) and a.keyword is None]
            texts = [value.evaluated_value for value in plain]
            defaults = [a.value for a in node.args if a.keyword is not None and a.keyword.value == "default"]
            if any(isinstance(text, str) and text.replace("_", "-") == flag for text in texts):
                found.append((source, defaults))
    if len(found) != 1 or len(found[0][1]) != 1:
        return False
    source, (value,) = found[0]
    return _multiply(source, value, times)


def _constant(source: Source, end: cst.Name, times: int) -> bool:
    """A name that the file binds once, outside every function."""
    function = next(source.around(end, cst.FunctionDef, cst.Lambda), None)
    if isinstance(function, cst.FunctionDef) and end.value in _bound(function):
        return False
    places = [n for n in source.nodes(cst.AssignTarget, cst.NameItem, cst.AugAssign) if _name(n) == end.value]
    if len(places) != 1 or not isinstance(places[0], cst.AssignTarget):
        return False
    assigned = source.parent(places[0])
    outside = next(source.around(assigned, cst.FunctionDef, cst.ClassDef, cst.For, cst.While), None) is None
    return outside and isinstance(assigned, cst.Assign) and _multiply(source, assigned.value, times)


def _bound(function: cst.FunctionDef) -> set[str]:
    parameters = function.params
    return {p.name.value for p in (*parameters.params, *parameters.kwonly_params, *parameters.posonly_params)}


def _name(node: cst.CSTNode) -> str:
    target = getattr(node, "target", None) or getattr(node, "name", None)
    return target.value if isinstance(target, cst.Name) else ""


def _multiply(source: Source, value: cst.BaseExpression, times: int) -> bool:
    if not isinstance(value, cst.Integer):
        return False
    source.replace(value, str(times * int(value.value.replace("_", ""), 0)))
    return True
