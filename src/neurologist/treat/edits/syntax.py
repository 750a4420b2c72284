"""One source file in its concrete syntax: finding what is meant in it, and noting changes that leave all else as it is.

Changes are noted against the file as it was read and put in together, so that places told by a run of the program stay
right. May import: libcst, `treat.places`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import libcst as cst
from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider

from neurologist.treat.places import Where

ENDS = re.compile(r"\r\n?|\n")
Function = cst.FunctionDef | cst.Module


class Doubt(Exception):
    """The source does not say which place is meant; the message says why."""


# What stands at one place, in this order; what is close stays next to the node, whatever else is put around it.
CLOSE_BEHIND, BEHIND, BEFORE, CLOSE_BEFORE, INSTEAD = range(5)


@dataclass(frozen=True)
class Splice:
    """Text in place of a part of the file, or put in at a place."""

    start: int
    end: int
    text: str
    kind: int


class Source:
    """A file, and the changes noted for it.

    Raises:
        Doubt: it is not Python.
    """

    def __init__(self, path: str, text: str) -> None:
        self.path, self.text = path, text
        try:
            wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
        except cst.ParserSyntaxError:
            raise Doubt(f"{path} cannot be read as Python") from None
        self.module = wrapper.module
        self._positions = wrapper.resolve(PositionProvider)
        self._parents = wrapper.resolve(ParentNodeProvider)
        self._lines = [0, *(match.end() for match in ENDS.finditer(text))]
        self.splices: list[Splice] = []

    @property
    def after(self) -> str:
        """The file with the changes."""
        done, at = [], 0
        rank = {splice: order for order, splice in enumerate(self.splices)}

        def key(splice: Splice) -> tuple[int, int, int]:
            return splice.start, splice.kind, -rank[splice] if splice.kind == BEFORE else rank[splice]

        for splice in sorted(rank, key=key):
            done += [self.text[at : splice.start], splice.text]
            at = max(at, splice.end)
        return "".join(done) + self.text[at:]

    # -- finding ----------------------------------------------------------------------------------------------

    def span(self, node: cst.CSTNode) -> tuple[int, int]:
        """Where a node begins and ends."""
        place = self._positions[node]
        return (
            self._lines[place.start.line - 1] + place.start.column,
            self._lines[place.end.line - 1] + place.end.column,
        )

    def whole(self, node: cst.CSTNode) -> tuple[int, int]:
        """Likewise, with the brackets around it."""
        start, end = self.span(node)
        for _ in getattr(node, "lpar", ()):
            start, end = self.text.rindex("(", 0, start), self.text.index(")", end) + 1
        return start, end

    def line(self, node: cst.CSTNode) -> int:
        """Its first line."""
        return int(self._positions[node].start.line)

    def code(self, node: cst.CSTNode) -> str:
        """Its text."""
        start, end = self.span(node)
        return self.text[start:end]

    def nodes(self, *kinds: Any) -> Iterator[cst.CSTNode]:
        """All nodes of these kinds."""
        return (node for node in self._positions if isinstance(node, kinds))

    def calls(self, name: str) -> list[cst.Call]:
        """All calls of something that ends in this name."""
        return [node for node in self.nodes(cst.Call) if isinstance(node, cst.Call) and called(node) == name]

    def call(self, at: Where, *names: str) -> cst.Call:
        """The call that a run of the program was in; of something with one of these names.

        Raises:
            Doubt: there is none, or it cannot be told which.
        """
        found = [node for node in self._at(at, cst.Call) if isinstance(node, cst.Call)]
        found = [node for node in found if not names or called(node) in names]
        if len(found) != 1:
            raise Doubt(f"{at.file}:{at.line} is not one call of {' or '.join(names) or 'anything'}")
        return found[0]

    def _at(self, at: Where, kind: type[cst.CSTNode]) -> list[cst.CSTNode]:
        if at.end is None:
            return [n for n in self.nodes(kind) if self.line(n) <= at.line <= self._positions[n].end.line]
        end = self._offset(at.end_line, at.end)
        return [node for node in self.nodes(kind) if self.span(node)[1] == end]

    def operation(self, at: Where) -> cst.BinaryOperation:
        """The operation on two numbers that a run of the program was in.

        Raises:
            Doubt: there is none.
        """
        if at.start is not None:
            start = self._offset(at.line, at.start)
            for node in self._at(at, cst.BinaryOperation):
                if isinstance(node, cst.BinaryOperation) and self.whole(node.left)[0] == start:
                    return node
        raise Doubt(f"{at.file}:{at.line} is not one operation")

    def _offset(self, line: int, column: int) -> int:
        """Where a column in bytes is."""
        start = self._lines[line - 1]
        end = self._lines[line] if line < len(self._lines) else len(self.text)
        return start + len(self.text[start:end].encode()[:column].decode(errors="ignore"))

    def parent(self, node: cst.CSTNode) -> cst.CSTNode:
        """What it stands in."""
        return self._parents[node]

    def around(self, node: cst.CSTNode, *kinds: Any) -> Iterator[cst.CSTNode]:
        """What it stands in, of these kinds, from the inside out."""
        while node in self._parents:
            node = self._parents[node]
            if isinstance(node, kinds):
                yield node

    def statement(self, node: cst.CSTNode) -> cst.CSTNode:
        """The statement that it is a part of."""
        while not isinstance(self.parent(node), cst.IndentedBlock | cst.Module | cst.SimpleStatementSuite):
            node = self.parent(node)
        return node

    def function(self, at: Where) -> Function:
        """The function that a run of the program was in.

        Raises:
            Doubt: there is none of that name there.
        """
        if at.function == "<module>":
            return self.module
        for node in self.nodes(cst.FunctionDef):
            assert isinstance(node, cst.FunctionDef)
            first = min([self.line(node), *(self.line(decorator) for decorator in node.decorators)])
            if node.name.value == at.function and at.first in (first, self.line(node)):
                return node
        raise Doubt(f"{at.file}:{at.first} is not one function {at.function}")

    def innermost(self, at: Where) -> cst.CSTNode:
        """The smallest statement at a line that a run of the program was in.

        Raises:
            Doubt: there is none.
        """
        found = [n for n in self.nodes(cst.BaseSmallStatement, cst.BaseCompoundStatement) if self.holds(n, at)]
        if not found:
            raise Doubt(f"{at.file}:{at.line} is no statement")
        return min(found, key=lambda node: self.span(node)[1] - self.span(node)[0])

    def holds(self, node: cst.CSTNode, at: Where) -> bool:
        """A run of the program was in it."""
        place = self._positions[node]
        if not place.start.line <= at.line <= at.end_line <= place.end.line:
            return False
        if at.end is None or at.start is None:
            return True
        start, end = self.span(node)
        return start <= self._offset(at.line, at.start) and self._offset(at.end_line, at.end) <= end

    # -- changing ---------------------------------------------------------------------------------------------

    def _note(self, start: int, end: int, text: str, kind: int) -> None:
        new = Splice(start, end, text, kind)
        for old in self.splices:
            inside = max(start, old.start) < min(end, old.end)
            cut = (start == end and old.start < start < old.end) or (old.start == old.end and start < old.start < end)
            if new != old and (inside or cut):
                raise Doubt(f"{self.path}:{self.text.count(chr(10), 0, start) + 1} is changed twice")
        if new not in self.splices:
            self.splices.append(new)

    def replace(self, node: cst.CSTNode, text: str) -> None:
        """Other text in place of a node."""
        self._note(*self.span(node), text, INSTEAD)

    def cut(self, start: int, end: int, text: str = "") -> None:
        """Other text in place of a part."""
        self._note(start, end, text, INSTEAD)

    def insert(self, at: int, text: str, behind: bool) -> None:
        """Text at a place."""
        self._note(at, at, text, BEHIND if behind else BEFORE)

    def before(self, node: cst.CSTNode, text: str) -> None:
        """Text right before a node and its brackets."""
        start, _ = self.whole(node)
        self._note(start, start, text, BEFORE)

    def behind(self, node: cst.CSTNode, text: str) -> None:
        """Text right behind a node and its brackets."""
        _, end = self.whole(node)
        self._note(end, end, text, BEHIND)

    def wrap(self, node: cst.CSTNode, start: str, end: str) -> None:
        """Text on both sides of a node."""
        self.before(node, start)
        self.behind(node, end)

    def close(self, node: cst.CSTNode, start: str, end: str) -> None:
        """Text on both sides of a node, that stays next to it: `y` becomes `y.float()` inside of all else."""
        first, last = self.whole(node)
        if start:
            self._note(first, first, start, CLOSE_BEFORE)
        self._note(last, last, end, CLOSE_BEHIND)

    def unwrap(self, outer: cst.CSTNode, inner: cst.CSTNode) -> None:
        """A part of a node in place of the whole."""
        (start, end), (first, last) = self.whole(outer), self.span(inner)
        self._note(start, first, "", INSTEAD)
        self._note(last, end, "", INSTEAD)

    def indent(self, node: cst.CSTNode) -> str:
        """The white space that its line begins with."""
        found = re.match(r"[ \t]*", self.text[self.line_start(node) :])
        assert found is not None
        return found[0]

    def line_start(self, node: cst.CSTNode) -> int:
        """Where its first line begins."""
        return self._lines[self.line(node) - 1]

    def line_end(self, at: int) -> int:
        """Where the line after a place begins."""
        return next((start for start in self._lines if start > 0 and start >= at), len(self.text))

    def starts_line(self, node: cst.CSTNode) -> bool:
        """Nothing stands before it on its line."""
        return not self.text[self.line_start(node) : self.whole(node)[0]].strip()


def called(node: cst.Call) -> str:
    """The last name of what is called."""
    return last_name(node.func)


def last_name(node: cst.CSTNode) -> str:
    """The last name of a dotted one; nothing for what is no name."""
    found = node.attr if isinstance(node, cst.Attribute) else node
    return found.value if isinstance(found, cst.Name) else ""
