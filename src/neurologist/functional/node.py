"""A node of autograd's graph under a name of its own.

May import: torch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


def node(label: str, forward: Callable[..., Any], keep: Callable[..., None], backward: Callable[..., Any]) -> Any:
    """A subclass of `torch.autograd.Function`, which the graph shows as `<label>Backward`.

    The functions may hold texts and numbers in their closures, and no objects: torch.compile could not read them.
    The rule for vmap is torch's own.

    Args:
        label: the node's name.
        forward: from the inputs to the output.
        keep: `setup_context`.
        backward: from ctx and the output's gradient to one gradient per input.
    """
    methods = {"forward": forward, "setup_context": keep, "backward": backward}
    body = {name: staticmethod(method) for name, method in methods.items()}
    return type(label, (torch.autograd.Function,), {**body, "generate_vmap_rule": True})
