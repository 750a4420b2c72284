"""The stack that anomaly mode keeps of each operation, without the text of its lines: only their places are read.

May import: torch.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import CodeType, FrameType

from torch.fx import traceback as stacks


class Stack:
    """Stands in for the function that anomaly mode calls at each operation, and gives the stack without source text.

    The original looks at every file of the stack again each time, which takes longer than many an operation.
    """

    def __init__(self) -> None:
        self.original: Callable[[], list[str]] = stacks.format_stack
        self._texts: dict[tuple[int, int], tuple[str, CodeType]] = {}  # by the code's id, which it keeps alive

    def __call__(self) -> list[str]:
        """Outermost frame first, that of the caller last."""
        if stacks.has_preserved_node_meta():  # somebody traces and puts stacks of their own there
            return self.original()
        frame: FrameType | None = sys._getframe(1)
        found = []
        while frame is not None:
            code = frame.f_code
            known = self._texts.get((id(code), frame.f_lasti))
            if known is None:
                known = f'  File "{code.co_filename}", line {frame.f_lineno}, in {code.co_name}\n', code
                self._texts[id(code), frame.f_lasti] = known
            found.append(known[0])
            frame = frame.f_back
        return found[::-1]
