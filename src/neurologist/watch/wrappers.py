"""The functions that `torch.compile` gives back, and standing in for what they call.

They are closures of one code object in torch; a cell of each holds what it compiles. May import: torch.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from types import CellType, CodeType, FunctionType
from typing import Any

import torch

FREE = frozenset({"fn", "callback"})  # variables of torch's function around compiled code

Call = Callable[[Callable[..., Any], Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]


class Wrappers:
    """All that compiled code is called through, in this process; to find what was compiled before takes a moment.

    Args:
        call: stands for a call: `call(compiled, function, arguments, options)`, where `compiled` does the real one
            and `function` is what was compiled.
    """

    def __init__(self, call: Call) -> None:
        self._call = call
        self._known: weakref.WeakSet[FunctionType] = weakref.WeakSet()
        self._code: CodeType | None = None
        self._made: Callable[..., Any] | None = None
        self._cells: list[tuple[CellType, Any]] = []
        self._standing = False

    def stand_in(self) -> None:
        """Stand for every call; also while it already stands.

        Raises:
            RuntimeError: this version of torch has no such function.
        """
        if self._standing:
            return
        self._look()
        self._standing = True
        for wrapper in list(self._known):
            self._stand_in(wrapper)

    def _stand_in(self, wrapper: FunctionType) -> None:
        cell = _cell(wrapper)
        self._cells.append((cell, cell.cell_contents))
        cell.cell_contents = self._stand_in_for(_twin(wrapper), cell.cell_contents)

    def stand_aside(self) -> None:
        """Let every call go its way."""
        self._standing = False
        while self._cells:
            cell, function = self._cells.pop()
            cell.cell_contents = function

    def close(self) -> None:
        """Take out what notes new ones."""
        self.stand_aside()
        if self._made is not None and _context().__dict__["__call__"] is self._noting:
            _context().__call__ = self._made
        self._made = None

    def _look(self) -> None:
        if self._made is not None:
            return
        context = _context()
        made: Callable[..., Any] = context.__call__
        codes = [c for c in made.__code__.co_consts if isinstance(c, CodeType) and set(c.co_freevars) >= FREE]
        if len(codes) != 1:
            raise RuntimeError("how this version of torch calls compiled code is not known")
        self._code = codes[0]
        self._known.update(self._of(gc.get_referrers(self._code)))

        def noting(context: Any, function: Any) -> Any:
            wrapper = made(context, function)
            for fresh in self._of([wrapper]):
                self._known.add(fresh)
                if self._standing:
                    self._stand_in(fresh)
            return wrapper

        self._made, self._noting, context.__call__ = made, noting, noting

    def _of(self, found: list[Any]) -> Iterator[FunctionType]:
        return (f for f in found if isinstance(f, FunctionType) and f.__code__ is self._code)

    def _stand_in_for(self, compiled: FunctionType, function: Callable[..., Any]) -> Callable[..., Any]:
        def stand_in(*arguments: Any, **options: Any) -> Any:
            return self._call(compiled, function, arguments, options)

        stand_in_for: Callable[..., Any] = torch.compiler.disable(stand_in)
        return stand_in_for


def _context() -> Any:
    from torch._dynamo import eval_frame  # takes seconds where nothing was compiled yet

    return eval_frame._TorchDynamoContext


def _cell(wrapper: FunctionType) -> CellType:
    return (wrapper.__closure__ or ())[wrapper.__code__.co_freevars.index("fn")]


def _twin(wrapper: FunctionType) -> FunctionType:
    """The same function with a cell of its own for what it compiles."""
    cells = [CellType(cell.cell_contents) if cell is _cell(wrapper) else cell for cell in wrapper.__closure__ or ()]
    twin = FunctionType(wrapper.__code__, wrapper.__globals__, wrapper.__name__, wrapper.__defaults__, tuple(cells))
    twin.__kwdefaults__ = wrapper.__kwdefaults__
    return twin
