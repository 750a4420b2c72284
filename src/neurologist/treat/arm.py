"""One run of a program, with or without treatments: what is installed in PyTorch, and what is measured.

Everything that an arm installs is taken out when it ends, except a treated model's own hooks: they are its edit.
May import: torch, the lower files of this room.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any, NamedTuple, Protocol

import torch
from torch import nn
from torch.nn.modules import module as modules
from torch.optim import optimizer as optimizers
from torch.utils._pytree import tree_leaves

from neurologist.treat.call import Call, tensors
from neurologist.treat.carry import Carry
from neurologist.treat.forward import PLACE, Calls, Forward, treated_call
from neurologist.treat.objective import Compared, LossCall, Objective, is_loss
from neurologist.treat.task import Task
from neurologist.treat.treatment import Treatment

KEPT = 40  # latest batches kept to measure on, and
HELD = 20_000_000  # entries of their tensors, at most
ACCUMULATED = 64  # backward passes before the first step of an optimizer, at most


class Enough(BaseException):  # no error, and no `except Exception` of the program may catch it
    """Raised inside a program that has taken the steps it was asked for."""


class Batch(NamedTuple):
    """What one step compared, and the model's inputs behind it where its output is the prediction itself."""

    prediction: torch.Tensor
    target: torch.Tensor
    model: nn.Module | None
    args: tuple[Any, ...]
    named: dict[str, Any]


def _entries(batch: Batch) -> int:
    return sum(t.numel() for t in (batch.prediction, batch.target, *tensors(batch.args)))


class Observer(Protocol):
    """Who is told what happens; see `tracing.Tracer`."""

    def call(self, call: Call, result: Any) -> None:
        """A torch call was made while gradients are on."""

    def step(self, compared: Compared, loss: torch.Tensor, batch: Batch) -> None:
        """A backward pass begins."""


class Arm:
    """Everything inside the block runs under these treatments.

    Args:
        plan: the treatments, applied in this order.
        steps: stop the program after so many optimizer steps; None never.
        carry: weights of an earlier run to go on from.
        observer: told of each call and each backward pass.
        task: how to score predictions.
        seconds: stop the program at its first step after so long; None never.

    Attributes:
        taken: optimizer steps so far.
        batches: the latest.
        losses: of every backward pass, as differentiated.
        scores: of every backward pass, where the task is known.
    """

    def __init__(
        self,
        plan: Sequence[Treatment] = (),
        steps: int | None = None,
        carry: Carry | None = None,
        observer: Observer | None = None,
        task: Task | None = None,
        seconds: float | None = None,
    ) -> None:
        self.end = None if seconds is None else time.monotonic() + seconds
        self.plan, self.limit, self.carry, self.observer = list(plan), steps, carry or Carry(), observer
        self.task = task
        self.scores: list[float] = []
        self.taken = 0
        self.models: list[nn.Module] = []
        self.optimizers: list[torch.optim.Optimizer] = []
        self.batches: deque[Batch] = deque(maxlen=KEPT)
        self.losses: list[float] = []
        self._forwards: list[Forward] = []
        self._busy = False
        self._output: torch.Tensor | None = None
        self._given: tuple[nn.Module | None, tuple[Any, ...], dict[str, Any]] = (None, (), {})
        self._compared: Compared | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Arm:
        hooks = (
            modules.register_module_forward_pre_hook(self._before_module),
            optimizers.register_optimizer_step_pre_hook(lambda o, a, k: self._before_step(o)),
            optimizers.register_optimizer_step_post_hook(lambda o, a, k: self._after_step(o)),
        )
        for hook in hooks:
            self._stack.callback(hook.remove)
        PLACE.__init__()  # type: ignore[misc]  # an arm that was stopped inside a forward pass leaves its place behind
        self._stack.enter_context(Calls(self._call))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        for forward in self._forwards:
            forward.release()

    # -- the model --------------------------------------------------------------------------------------------

    def _before_module(self, module: nn.Module, args: Any) -> Any:
        known = any(module is model for model in self.models)
        if PLACE.stack or self._busy or known or next(module.parameters(), None) is None:
            return None
        forward = Forward(module, len(self.models), self.plan, self._finished)
        self._busy = True
        try:
            with torch.random.fork_rng():
                for treatment in self.plan:
                    treatment.begin(module, args)
            self.carry.load(module, len(self.models))
        finally:
            self._busy = False
        self.models.append(module)
        self._forwards.append(forward)
        changed = forward.enter("", module, args, {})  # its own hook comes too late for this call
        return changed[0] if changed else None

    def _finished(self, model: nn.Module, args: tuple[Any, ...], named: dict[str, Any], result: Any) -> None:
        if self._busy or not torch.is_grad_enabled():
            return
        found = [leaf for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor) and leaf.requires_grad]
        if found:
            self._output, self._given = found[0], (model, args, named)

    # -- calls ------------------------------------------------------------------------------------------------

    def _call(self, function: Any, args: Any, named: Any) -> Any:
        if self._busy:
            return treated_call(self.plan, None, function, args, named)
        if function is torch.Tensor.backward:
            return function(self._differentiated(args[0]), *args[1:], **named)  # type: ignore[no-untyped-call]
        if is_loss(function) and (objective := LossCall(function, args, named).objective) is not None:
            return self._loss(objective, function, args, named)
        return treated_call(self.plan, self._saw, function, args, named)

    def _loss(self, objective: Objective, function: Any, args: Any, named: Any) -> Any:
        """A call of a loss function, as the treatments change it."""
        before = objective.prediction, objective.target
        for treatment in self.plan:
            treatment.objective(objective)
        if objective.touched:
            PLACE.site(function.__name__)  # counts as the call that it stands for
            result = objective.value
        else:
            result = treated_call(self.plan, self._saw, function, args, named)
        if isinstance(result, torch.Tensor) and result.requires_grad:
            self._compared = Compared(*before, objective, result)
        return result

    def _saw(self, call: Call, result: Any) -> None:
        if not torch.is_grad_enabled():
            return
        if self.observer is not None:
            self.observer.call(call, result)
        if not PLACE.stack and self._compared is None and self._output is not None:
            self._meet(tensors(call.args))

    def _meet(self, operands: list[torch.Tensor]) -> None:
        """A loss of the user's own: where the output, or what was made of it, meets data of as many rows."""
        output = self._output
        data = [t for t in operands if not t.requires_grad and t.dim() and output is not None and output.dim()]
        if output is None or not data or not any(t.requires_grad for t in operands):
            return
        if len(data[0]) == len(output):
            self._compared = Compared(output, data[0], Objective(output, data[0]))

    # -- the backward pass and the step -----------------------------------------------------------------------

    def _differentiated(self, loss: torch.Tensor) -> torch.Tensor:
        """What to call backward on where the program does on `loss`."""
        if self.limit is not None and not self.optimizers and len(self.losses) >= max(self.limit, ACCUMULATED):
            raise Enough  # it updates its weights by hand: each backward pass is a step
        compared, (model, args, named) = self._compared, self._given
        if compared is not None:
            own = compared.prediction is self._output
            given = (model, args, named) if own else (None, (), {})
            batch = Batch(compared.prediction.detach(), compared.target.detach(), *given)
            if self.observer is not None:
                self.observer.step(compared, loss, batch)
            if compared.data is None:
                for treatment in self.plan:
                    treatment.objective(compared.objective)
            loss = compared.differentiated(loss)
            self._keep(batch)
            if self.task is not None:
                self.scores.append(self.task.score(batch.prediction, batch.target))
        self.losses.append(float(loss.detach()) if loss.numel() == 1 else float("nan"))
        self._compared = None
        PLACE.afresh(-1)
        return loss

    def _keep(self, batch: Batch) -> None:
        self.batches.append(batch)
        while len(self.batches) > 1 and sum(map(_entries, self.batches)) > HELD:
            self.batches.popleft()

    def _before_step(self, optimizer: torch.optim.Optimizer) -> None:
        if not any(optimizer is known for known in self.optimizers):
            self.carry.load_optimizer(optimizer, len(self.optimizers))
            self.optimizers.append(optimizer)
        for treatment in self.plan:
            treatment.stepping(optimizer)

    def _after_step(self, optimizer: torch.optim.Optimizer) -> None:
        for treatment in reversed(self.plan):
            treatment.stepped(optimizer)
        if optimizer is self.optimizers[0]:
            self.taken += 1
        if self.limit is not None and self.taken >= self.limit:
            raise Enough
        if self.end is not None and time.monotonic() > self.end:
            raise Enough
