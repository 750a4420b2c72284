"""Changes of the call that makes an optimizer.

May import: libcst, `edits.syntax` and its neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping

import libcst as cst

from neurologist.treat.edits import anchors, replacing
from neurologist.treat.edits.imported import named
from neurologist.treat.edits.loop import default
from neurologist.treat.edits.sources import Sources
from neurologist.treat.edits.syntax import Doubt, Source, called

PEAKS = ("OneCycleLR", "CyclicLR")  # schedules that set rates of their own


def another(source: Source, node: cst.Call, name: str, values: Mapping[str, str | None]) -> None:
    """An optimizer of another class, on the same parameters."""
    if not node.args or node.args[0].star:
        raise Doubt(f"{source.path}:{source.line(node)} gives its parameters in no plain way")
    if isinstance(node.func, cst.Attribute):
        source.replace(node.func.attr, name)
    else:
        source.replace(node.func, named(source, f"torch.optim.{name}"))
    rest = "".join(f", {keyword}={code}" for keyword, code in values.items())
    source.cut(source.whole(node.args[0].value)[1], source.span(node)[1] - 1, rest)


def options(
    sources: Sources,
    source: Source,
    node: cst.Call,
    values: Mapping[str, str | None],
    position: Mapping[str, int],
) -> None:
    """Other values of keywords; those that are not given have the class's own."""
    done: dict[str, str | None] = {}
    for keyword, code in values.items():
        if keyword == "lr":
            _rates_are_its_own(sources)
        given = replacing.argument(node, keyword, position.get(keyword)) is not None
        own = default(called(node), keyword)
        if given:
            done[keyword] = code if code is not None or not own else "0"
        elif code is None:
            done |= {keyword: "0"} if own else {}
        elif own is None:
            raise Doubt(f"{source.path}:{source.line(node)} does not give {keyword}")
        else:
            done[keyword] = replacing.valued(code, f"{own:g}")
    groups = node.args[0].value if node.args else None
    inner = [n for n in source.nodes(cst.Dict) if groups in source.around(n, cst.CSTNode)] if groups else []
    if inner or sources.seen.groups > 1:
        raise Doubt(f"{source.path}:{source.line(node)} gives groups of parameters, with options of their own")
    replacing.arguments(source, node, done, position)


def _rates_are_its_own(sources: Sources) -> None:
    """No schedule sets rates whatever the optimizer was given."""
    for source in sources.all:
        for name in PEAKS:
            for node in source.calls(name):
                raise Doubt(f"{source.path}:{source.line(node)} ({name}) sets rates of its own")
        for target in source.nodes(cst.AssignTarget):
            code = source.code(target)
            if code.endswith(('["lr"]', "['lr']")):
                raise Doubt(f"{source.path}:{source.line(target)} sets rates of its own")


def all_parameters(sources: Sources, callee: str) -> None:
    """The optimizer gets all parameters of the model."""
    source, node = anchors.optimizer(sources, callee)
    at = replacing.argument(node, "params", 0)
    if at is None:
        raise Doubt(f"{source.path}:{source.line(node)} gives its parameters in no plain way")
    given, name = node.args[at].value, _model(sources, source, node)
    if f"{name}.parameters()" not in source.code(given):
        source.replace(given, f"{name}.parameters()")


def _model(sources: Sources, source: Source, node: cst.Call) -> str:
    """What the model is called where the optimizer is made."""
    for at in (*sources.seen.backward, *sources.seen.forwards.get(0, ())):
        if (
            at.named
            and at.file == source.path
            and "model" in at.names
            and anchors.inside(source, source.function(at), node)
        ):
            return at.names["model"]
    raise Doubt(f"{source.path}:{source.line(node)} has no name for the model")
