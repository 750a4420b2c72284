"""Layers and activations put into a source where none stood.

May import: libcst, `edits.syntax` and its neighbours.
"""

from __future__ import annotations

import libcst as cst

from neurologist.treat.edits import rows, statements
from neurologist.treat.edits.imported import named, top_block
from neurologist.treat.edits.replacing import alike, argument
from neurologist.treat.edits.sources import Sources
from neurologist.treat.edits.syntax import Source, called
from neurologist.treat.seen import Step

RESIDUAL = '''class Residual({base}):
    """Adds its input to what its layers give."""

    def forward(self, x):
        return x + super().forward(x)'''


def behind(sources: Sources, step: Step, layer: str, suffix: str) -> None:
    """One more layer behind a layer, as wide as that."""
    assert step.layer is not None
    for source, node in sources.constructors(step.site, step.layer):
        name = "out_features" if step.layer == "Linear" else "out_channels"
        at = argument(node, name, 1)
        if at is None:
            sources.doubt(f"{source.path}:{source.line(node)} does not say how many units it has")
        text = f"{alike(source, node, layer)}({source.code(node.args[at].value)})"
        if _attribute(sources, step, source, node, text, suffix):
            continue
        if sources.first((source.path, source.span(node))):
            _beside(sources, step, source, node, text, after=True)


def before(sources: Sources, step: Step, dotted: str, layer: str) -> None:
    """An activation before a layer."""
    if step.layer is None or sources.inside(step.site) != "Sequential":
        source, node = sources.call(step)
        if not node.args or node.args[0].keyword is not None:
            sources.doubt(f"{source.path}:{source.line(node)} gives its input in no plain way")
        if sources.first((source.path, source.span(node))):
            source.wrap(node.args[0].value, f"{named(source, dotted)}(", ")")
        return
    for source, node in sources.constructors(step.site, step.layer):
        if sources.first((source.path, source.span(node))):
            _beside(sources, step, source, node, f"{alike(source, node, layer)}()", after=False)


def _beside(sources: Sources, step: Step, source: Source, node: cst.Call, text: str, after: bool) -> None:
    """One more layer beside a layer that a Sequential holds, or else both in a Sequential."""
    row = sources.inside(step.site) == "Sequential"
    item = source.parent(node)
    outer = source.parent(item) if isinstance(item, cst.Arg) else None
    if row:
        sources.rows("shifted")
    if row and rows.elements(source, node) is not None:
        (rows.behind if after else rows.before)(source, node, text)
    elif row and isinstance(outer, cst.Call) and called(outer) == "append" and len(outer.args) == 1:
        line = f"{source.code(outer.func)}({text})"
        (statements.behind if after else statements.before)(source, statements.whole(source, outer), line)
    else:
        both = (alike(source, node, "Sequential") + "(", f", {text})")
        source.wrap(node, *(both if after else (f"{both[0]}{text}, ", ")")))


def _attribute(sources: Sources, step: Step, source: Source, node: cst.Call, text: str, suffix: str) -> bool:
    """A layer of a module of the program's own gets one of its own behind it: `self.fc1_norm(self.fc1(x))`."""
    path, _, name = step.site.module.rpartition(".")
    holder = sources.seen.modules.get((step.site.model, path))
    if holder is None or not holder.own or not name or step.at is None:
        return False
    statement = statements.whole(source, node)
    targets = statement.targets if isinstance(statement, cst.Assign) else ()
    plain = [c for target in targets for c in source.code(target.target).replace("(", "").replace(")", "").split(",")]
    home, call = sources.call(step)
    new = f"self.{name}{suffix}"
    if f"self.{name}" not in [code.strip() for code in plain] or called(call) != name or new in source.text:
        return False
    if sources.first((source.path, new)):
        statements.behind(source, statement, f"{new} = {text}")
    if sources.first((home.path, home.span(call))):
        home.wrap(call, f"{new}(", ")")
    return True


def around(sources: Sources, start: Step, end: Step) -> None:
    """A residual connection around a layer and its activation."""
    if start.layer is not None and end.layer is not None and sources.inside(start.site) == "Sequential":
        _in_row(sources, start, end)
        return
    source, act = sources.call(end)
    home, layer = sources.call(start)
    inner = act.args[0].value if act.args and act.args[0].keyword is None else None
    given = layer.args[0].value if layer.args else None
    if home is not source or inner is not layer or not isinstance(given, cst.Name):
        sources.doubt(f"{source.path}:{source.line(act)} is no activation of a layer of a variable")
    if sources.first((source.path, source.span(act))):
        parent = source.parent(act)
        loose = isinstance(parent, cst.Arg | cst.Assign | cst.Return | cst.Element | cst.IfExp)
        source.wrap(act, f"{given.value} + " if loose else f"({given.value} + ", "" if loose else ")")


def _in_row(sources: Sources, start: Step, end: Step) -> None:
    assert start.layer is not None
    assert end.layer is not None
    pairs = zip(sources.constructors(start.site, start.layer), sources.constructors(end.site, end.layer), strict=True)
    for (source, layer), (home, act) in pairs:
        row = rows.elements(source, layer)
        if home is not source or row is None or act not in row or row.index(act) < row.index(layer):
            sources.doubt(f"{source.path}:{source.line(layer)} and its activation stand in no row")
        if sources.first((source.path, source.span(layer))):
            sources.rows("shifted")
            base = named(source, "torch.nn.Sequential")
            top_block(source, RESIDUAL.format(base=base))
            rows.wrap(source, row[row.index(layer) : row.index(act) + 1], "Residual")
