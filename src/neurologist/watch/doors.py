"""The places where training passes by: backward, the optimizer's step, anomaly metadata, eager execution.

Everything that is installed in PyTorch stands in this file and is taken out again by the function that put it in.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.optim import optimizer as optimizers

Backward = Callable[..., None]


class Doors:
    """Observes `Tensor.backward`, `autograd.backward` and every optimizer's step, between `open` and `close`.

    Args:
        backward: called instead of a backward pass with (roots, run), where `run()` does the real one.
        stepping: called before any optimizer's step; stepped: after it.
    """

    def __init__(
        self,
        backward: Callable[[Sequence[torch.Tensor], Callable[[], None]], None],
        stepping: Callable[[torch.optim.Optimizer], None],
        stepped: Callable[[torch.optim.Optimizer], None],
    ) -> None:
        self._backward, self._stepping, self._stepped = backward, stepping, stepped
        self._original: Backward | None = None
        self._handles: list[Any] = []

    def open(self) -> None:
        """Install the observers."""
        original = self._original = torch.autograd.backward  # Tensor.backward goes through it too

        def backward(tensors: Any, *arguments: Any, **options: Any) -> None:
            roots = [tensors] if isinstance(tensors, torch.Tensor) else list(tensors)
            self._backward(roots, lambda: original(tensors, *arguments, **options))

        self._installed = backward
        torch.autograd.backward = backward
        self._handles = [
            optimizers.register_optimizer_step_pre_hook(lambda o, a, k: self._stepping(o)),
            optimizers.register_optimizer_step_post_hook(lambda o, a, k: self._stepped(o)),
        ]

    def close(self) -> None:
        """Take them out; if someone else replaced backward since, theirs stays and ours passes everything through."""
        if self._original is not None and torch.autograd.backward is self._installed:
            torch.autograd.backward = self._original
        for handle in self._handles:
            handle.remove()
        self._original, self._handles = None, []


class Forward:
    """What a sampled forward needs: source lines on autograd's nodes, and compiled code run eagerly."""

    def __init__(self) -> None:
        self._ours = False
        self._stance: Any = None

    def prepare(self) -> None:
        """Switch anomaly metadata on, unless the user has it on already."""
        if not torch.is_anomaly_enabled() and not self._ours:
            torch.set_anomaly_enabled(True, False)  # unlike torch.autograd.detect_anomaly this does not warn
            self._ours = True
        if self._stance is None and "torch._dynamo" in sys.modules:
            self._stance = torch.compiler.set_stance("force_eager")
            self._stance.__enter__()

    def restore(self) -> None:
        """Switch off what `prepare` switched on."""
        if self._ours and torch.is_anomaly_enabled() and not torch.is_anomaly_check_nan_enabled():
            torch.set_anomaly_enabled(False, True)
        self._ours = False
        if self._stance is not None:
            self._stance.__exit__(None, None, None)
            self._stance = None
