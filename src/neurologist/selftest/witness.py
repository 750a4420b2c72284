"""The numbers of each step by another way than the tape: hooks of modules and tensors, and `.grad` at optimizer steps.

Nothing here is shared with what records: no graph is walked and no quantity is used. Whole tensors are looked at.
May import: torch, `tape.shard` (a part of a tensor is all that a process may look at).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.amp.grad_scaler import GradScaler
from torch.nn.modules import module as registry
from torch.optim import optimizer as optimizers
from torch.utils.weak import WeakIdKeyDictionary

from neurologist.tape.shard import is_term, local


class Seen(NamedTuple):
    """A number and how many entries it was computed from."""

    value: float
    entries: int


UNKNOWN = Seen(float("nan"), -1)  # of which each process holds one term: there is no right number


class Witness:
    """Takes numbers while it is entered.

    Args:
        clock: the number of the step that is under way.

    Attributes:
        outputs: (step, module) -> for each call with gradients, what was seen of its output: "gradient", "mean", "std".
        parameters: (step, parameter) -> "gradient", "received", "change".
        scales: step -> by how much a gradient scaler had scaled its loss.
    """

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self.outputs: dict[tuple[int, nn.Module], list[dict[str, Seen]]] = defaultdict(list)
        self.parameters: dict[tuple[int, int], dict[str, Seen]] = defaultdict(dict)
        self.known: dict[int, torch.Tensor] = {}
        self.scales: dict[int, float] = {}
        self._sums: dict[tuple[int, int], torch.Tensor] = {}
        self._before: dict[int, tuple[dict[str, Seen], torch.Tensor]] = {}
        self._hooked: Any = WeakIdKeyDictionary()
        self._handles: list[Any] = []

    def __enter__(self) -> Witness:
        self._scaled_step = GradScaler.step
        GradScaler.step = lambda scaler, *a, **k: self._scaler_steps(scaler, *a, **k)  # type: ignore[method-assign]
        self._handles = [
            registry.register_module_forward_hook(self._called),
            optimizers.register_optimizer_step_pre_hook(self._stepping),
            optimizers.register_optimizer_step_post_hook(self._stepped),
        ]
        return self

    def __exit__(self, *_: object) -> None:
        GradScaler.step = self._scaled_step  # type: ignore[method-assign]
        for handle in (*self._handles, *self._hooked.values()):
            handle.remove()

    def _scaler_steps(self, scaler: GradScaler, *arguments: Any, **options: Any) -> Any:
        self.scales[self._clock()] = scaler.get_scale()
        return self._scaled_step(scaler, *arguments, **options)

    def _called(self, module: nn.Module, inputs: Any, output: Any) -> None:
        for parameter in module._parameters.values():
            if parameter is not None and parameter.requires_grad and parameter.is_leaf:
                self._hook(parameter)
        if isinstance(output, torch.Tensor) and output.requires_grad and output.is_floating_point():
            seen = _distribution(output.detach())
            self.outputs[self._clock(), module].append(seen)
            output.register_hook(lambda gradient: seen.__setitem__("gradient", _rms(gradient)))

    def _hook(self, parameter: torch.Tensor) -> None:
        if parameter in self._hooked:
            return

        def arrived(gradient: torch.Tensor) -> None:
            key = self._clock(), id(parameter)
            if is_term(gradient):
                self.parameters[key]["gradient"] = UNKNOWN
                return
            kept = gradient.detach().clone()
            self._sums[key] = self._sums[key] + kept if key in self._sums else kept
            self.parameters[key]["gradient"] = _rms(self._sums[key])

        self.known[id(parameter)] = parameter
        self._hooked[parameter] = parameter.register_hook(arrived)

    def _stepping(self, optimizer: torch.optim.Optimizer, *_: object) -> None:
        for parameter in _parameters(optimizer):
            self.known[id(parameter)] = parameter
            numbers = self.parameters[self._clock(), id(parameter)]  # afterwards the clock may have gone on
            self._before[id(parameter)] = numbers, local(parameter.detach()).clone()
            if parameter.grad is not None:
                numbers["received"] = _rms(parameter.grad)

    def _stepped(self, optimizer: torch.optim.Optimizer, *_: object) -> None:
        for parameter in _parameters(optimizer):
            numbers, before = self._before.pop(id(parameter), (None, None))
            if numbers is not None and before is not None:
                wide = torch.complex128 if before.is_complex() else torch.float64
                change = local(parameter.detach()).to(wide) - before.to(wide)
                numbers["change"] = _rms(change)


def _parameters(optimizer: torch.optim.Optimizer) -> list[torch.Tensor]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def _distribution(output: torch.Tensor) -> dict[str, Seen]:
    if output.is_nested:  # few functions take one: sequence by sequence
        count, parts = output.numel(), [part.double() for part in output.unbind()]
        mean = sum(part.sum().item() for part in parts) / count
        spread = sum((part - mean).square().sum().item() for part in parts) / count
        return {"mean": Seen(mean, count), "std": Seen(spread**0.5, count)}
    if is_term(output):
        return {"mean": UNKNOWN, "std": UNKNOWN}
    wide = local(output).double()
    return {"mean": _seen(wide.mean(), output), "std": _seen(wide.std(correction=0), output)}


def _rms(tensor: torch.Tensor) -> Seen:
    if tensor.is_nested:
        squares = sum(part.double().square().sum().item() for part in tensor.detach().unbind())
        return Seen((squares / tensor.numel()) ** 0.5, tensor.numel())
    if is_term(tensor):
        return UNKNOWN
    whole = local(tensor.detach())
    whole = whole.coalesce().values() if whole.is_sparse else whole
    size = torch.linalg.vector_norm(whole.abs().double()) / max(1, whole.numel()) ** 0.5
    return _seen(size, whole)


def _seen(value: torch.Tensor, of: torch.Tensor) -> Seen:
    return Seen(value.item(), local(of.detach()).numel())
