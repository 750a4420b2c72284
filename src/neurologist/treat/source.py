"""A plan as an edit of the user's source: the files changed, as unified diffs, and what is left to do by hand.

The source is changed in its concrete syntax, so that comments and layout stay. A change is made only where the source
leaves no doubt which call is meant. May import: libcst, the lower files of this room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from neurologist.treat.edit import Edit, Option, Swap

if TYPE_CHECKING:
    from neurologist.treat.plan import Plan
    from neurologist.treat.seen import Seen


@dataclass(frozen=True)
class Change:
    """One file before and after."""

    path: str
    before: str
    after: str

    @property
    def diff(self) -> str:
        """The change as a unified diff."""
        lines = (self.before.splitlines(keepends=True), self.after.splitlines(keepends=True))
        return "".join(unified_diff(*lines, fromfile=self.path, tofile=self.path))

    def write(self) -> None:
        """Put it into the file."""
        with Path(self.path).open("w", encoding="utf-8", newline="") as file:
            file.write(self.after)


@dataclass(frozen=True)
class Edited:
    """What can be edited, and what is to be done by hand."""

    changes: list[Change] = field(default_factory=list)
    by_hand: list[str] = field(default_factory=list)


def edited(plan: Plan, seen: Seen) -> Edited:
    """A plan as an edit of the files that the control ran through."""
    sources: dict[str, str] = {}
    for path in sorted(seen.files):
        try:
            with Path(path).open(encoding="utf-8", newline="") as file:
                sources[path] = file.read()
        except (OSError, UnicodeDecodeError):
            continue
    now, by_hand = dict(sources), []
    for treatment in plan.treatments:
        parts = list(treatment.edits(seen))
        tried = _all(parts, now, seen)
        if tried is None:
            by_hand.append(f"{treatment.label}{_where(parts)}")
        else:
            now = tried
    return Edited([Change(p, sources[p], now[p]) for p in sources if now[p] != sources[p]], by_hand)


def _where(parts: Sequence[Edit]) -> str:
    places = [f"{part.step.file}:{part.step.line}" for part in parts if isinstance(part, Swap) and part.step.line]
    texts = [part for part in parts if isinstance(part, str)]
    return "".join(f"\n  {text}" for text in texts) + (f" (at {', '.join(dict.fromkeys(places))})" if places else "")


def _all(parts: Sequence[Edit], sources: dict[str, str], seen: Seen) -> dict[str, str] | None:
    """The sources with every part done; None where one cannot be."""
    if not parts or any(isinstance(part, str) for part in parts):
        return None
    swaps = [part for part in parts if isinstance(part, Swap)]
    chosen = {part.step.site for part in swaps}
    kinds = {part.step.layer for part in swaps} - {None}
    if any(step.layer in kinds and step.site not in chosen for step in seen.calls):
        return None  # layers of the same class stay: which constructor is which, the source does not say
    done: set[int] = set()
    after = {}
    for path, text in sources.items():
        editor = _Editor(path, parts)
        try:
            after[path] = MetadataWrapper(cst.parse_module(text)).visit(editor).code
        except cst.ParserSyntaxError:
            return None
        done |= editor.done
    return after if done == set(range(len(parts))) else None


class _Editor(cst.CSTTransformer):
    """Makes the changes of `parts` in one file."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, path: str, parts: Sequence[Edit]) -> None:
        super().__init__()
        self._path, self._parts = path, parts
        self._outer: list[str] = []
        self._drop: set[cst.CSTNode] = set()
        self.done: set[int] = set()

    def visit_Call(self, node: cst.Call) -> None:
        """Remember what a call stands in."""
        self._outer.append(_name(node))

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        """Change a call that is meant."""
        self._outer.pop()
        line = self.get_metadata(PositionProvider, original_node)
        for index, part in enumerate(self._parts):
            if isinstance(part, Option) and _name(original_node) == part.callee:
                self.done.add(index)
                return _optioned(updated_node, part)
            if isinstance(part, Swap) and self._meant(part, original_node, line.start.line, line.end.line):
                self.done.add(index)
                return self._swapped(part, original_node, updated_node)
        if len(updated_node.args) < len(original_node.args) and updated_node.args:
            last = updated_node.args[-1].with_changes(comma=original_node.args[-1].comma)
            return updated_node.with_changes(args=(*updated_node.args[:-1], last))
        return updated_node

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg | cst.RemovalSentinel:
        """Take a layer out of the row that it stands in."""
        return cst.RemoveFromParent() if original_node.value in self._drop else updated_node

    def _meant(self, part: Swap, node: cst.Call, first: int, last: int) -> bool:
        if part.step.layer is not None:
            return _name(node) == part.step.layer
        here = part.step.file == self._path and part.step.line is not None and first <= part.step.line <= last
        return here and _name(node) == part.step.site.name

    def _swapped(self, part: Swap, original: cst.Call, node: cst.Call) -> cst.BaseExpression:
        if part.step.layer is not None:
            if part.layer is None and self._outer and self._outer[-1] == "Sequential":
                self._drop.add(original)
                return node
            return _layer(node, part.layer or "Identity", part.options)
        return _renamed(node, part.function) if part.keep and part.function else _function(node, part.function)


def _name(node: cst.Call) -> str:
    target = node.func
    return target.attr.value if isinstance(target, cst.Attribute) else getattr(target, "value", "")


def _layer(node: cst.Call, name: str, options: str) -> cst.BaseExpression:
    base = f"{cst.Module([]).code_for_node(node.func.value)}." if isinstance(node.func, cst.Attribute) else "torch.nn."
    return cst.parse_expression(f"{base}{name}({options})")


def _function(node: cst.Call, name: str | None) -> cst.BaseExpression:
    """`F.softmax(x, 1)` or `x.softmax(1)` with another function, or `x` alone."""
    func = node.func
    base = cst.Module([]).code_for_node(func.value) if isinstance(func, cst.Attribute) else ""
    module = base in ("torch", "F", "functional", "nn.functional", "torch.nn.functional", "")
    inner = node.args[0].value if module else func.value if isinstance(func, cst.Attribute) else node
    if name is None:
        return inner.with_changes(lpar=inner.lpar, rpar=inner.rpar)
    code = cst.Module([]).code_for_node(inner)
    return cst.parse_expression(f"torch.nn.functional.{name}({code})")


def _renamed(node: cst.Call, name: str) -> cst.Call:
    func = node.func
    return node.with_changes(func=func.with_changes(attr=cst.Name(name)) if isinstance(func, cst.Attribute) else func)


def _valued(code: str, old: str) -> str:
    """Code with the old value in its place; a product of two numbers is one."""
    start, _, factor = code.partition(" * ")
    try:
        return f"{float(old) * float(factor):g}" if start == "{}" else code.format(old)
    except ValueError:
        return code.format(old)


def _optioned(node: cst.Call, part: Option) -> cst.Call:
    args = list(node.args)
    if part.rename is not None:
        func = node.func
        name = cst.Name(part.rename)
        func = func.with_changes(attr=name) if isinstance(func, cst.Attribute) else name
        args = args[:1] if part.values else args
        node = node.with_changes(func=func)
    for keyword, code in part.values.items():
        at = next((i for i, arg in enumerate(args) if arg.keyword is not None and arg.keyword.value == keyword), None)
        if at is None and part.position.get(keyword, len(args)) < len(args):
            at = part.position[keyword] if args[part.position[keyword]].keyword is None else None
        if code is None:
            args = [arg for i, arg in enumerate(args) if i != at]
        elif at is not None:
            old = cst.Module([]).code_for_node(args[at].value)
            args[at] = args[at].with_changes(value=cst.parse_expression(_valued(code, old)))
        elif "{}" not in code:
            args.append(cst.Arg(cst.parse_expression(code), cst.Name(keyword), equal=_TIGHT))
    spaced = [arg.with_changes(comma=_COMMA) for arg in args[:-1]]
    spaced += [args[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)] if args else []
    return node.with_changes(args=spaced)


_TIGHT = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
_COMMA = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
