"""torch.compile for many small functions side by side.

May import: torch.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

import torch

CONTRACTION = "enable_floating_point_contract_flag"


def compiled(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The function, compiled whole when it is first called; `name` is how torch's logs call it.

    It gets a code object of its own: torch counts recompilations, at most 8, by code object.
    """

    def run(*args: Any, **options: Any) -> Any:
        return function(*args, **options)

    code = run.__code__.replace(co_name=f"compiled_{name}")
    made: Callable[..., Any] = torch.compile(
        FunctionType(code, globals(), None, None, run.__closure__), fullgraph=True, options=_options()
    )
    return made


def _options() -> dict[str, Any]:
    """One instruction, and one rounding, for a product and a sum, which polynomials are made of."""
    from torch._inductor import config

    names_it = isinstance(getattr(config.cpp, CONTRACTION, None), str)  # a yes or no in older versions
    return {f"cpp.{CONTRACTION}": "fast"} if names_it else {}
