"""Examine one batch before training: one step of it, or as many as it takes to learn it by heart.

Everything is put back as it was. May import: torch, `diagnose`, `watch`, the lower files of this room.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from neurologist.diagnose import Diagnosis, Settings
from neurologist.diagnose.by_heart import KEY
from neurologist.treat.comparing import Comparing
from neurologist.treat.judge import Judge, without_dropout
from neurologist.treat.pair import Pair, rows_of
from neurologist.watch.remember import remember
from neurologist.watch.sampler import DEFAULT
from neurologist.watch.session import Session, watch

RATE = 1e-3  # of Adam, where no optimizer is given: its default, and small enough for most networks

LossFunction = Callable[[Any, Any], torch.Tensor]


def check(
    model: nn.Module,
    loss_fn: LossFunction,
    batch: Sequence[Any],
    optimizer: torch.optim.Optimizer | None = None,
    *,
    overfit: bool = False,
    steps: int | None = None,
    settings: Settings | None = None,
) -> Diagnosis:
    """Examine a model on one batch; with `overfit`, see whether it can learn that batch by heart.

    Parameters, buffers, gradients, modes, optimizer state and random states are restored bitwise afterwards, also when
    the forward or backward pass raises, or Ctrl-C ends it. Meanwhile copies of large ones lie in a temporary file.

    Args:
        model: called as `model(*inputs)`, in the mode in which it is.
        loss_fn: called as `loss_fn(output, target)`; returns a scalar.
        batch: inputs, then the target: `(x, y)` or `(x1, x2, y)`.
        optimizer: takes one step when given, so that update-to-weight ratios can be seen. With `overfit` it takes all
            of them; without one Adam does, with a learning rate of 0.001.
        overfit: repeat the step until the batch is known by heart; `by_heart` of the result says whether it was. Where
            it was not, the findings are those of these steps.
        steps: after how many to give up; None: 200, and up to 2,000 while the batch is still being learnt.
        settings: of the user; None for those of the project, as `nl.watch` finds them.

    Raises:
        ValueError: the batch has no target, `steps` is below 1, the model is lazy and to be trained, or the settings
            cannot be used.
    """
    if len(batch) < 2:
        raise ValueError(f"batch needs inputs and a target, got {len(batch)} element(s): pass (x, y)")
    if steps is not None and steps < 1:
        raise ValueError(f"check got steps={steps}: expected at least 1, or None to go on as long as it learns")
    session = watch(1.0 if overfit else DEFAULT, settings=settings)
    if overfit:
        return _by_heart(model, loss_fn, batch, optimizer, steps, session)
    *inputs, target = batch
    restore = remember(model, optimizer, loss_fn, list(batch))
    try:
        restore.clear()
        with session:
            loss_fn(model(*inputs), target).backward()
            restore.uncleared()  # they count as reached, in another step than this
            if optimizer is not None:
                optimizer.step()
    finally:
        restore()
    return session.diagnose()


def _by_heart(
    model: nn.Module,
    loss_fn: LossFunction,
    batch: Sequence[Any],
    optimizer: torch.optim.Optimizer | None,
    steps: int | None,
    session: Session,
) -> Diagnosis:
    if any(is_lazy(tensor) for tensor in (*model.parameters(), *model.buffers())):
        raise ValueError(
            f"{type(model).__name__} has lazy parameters, which cannot be put back after training: call the model "
            "once on the inputs, then check it"
        )
    restore = remember(model, optimizer, loss_fn, list(batch))
    fresh = remember_only(batch)
    chosen = ""
    trained = [p for p in model.parameters() if p.requires_grad]
    try:
        restore.clear()
        if optimizer is None and trained:
            optimizer, chosen = torch.optim.Adam(trained, lr=RATE), f"Adam(lr={RATE})"
        judge = Judge(steps, lambda: sum(p.numel() for p in trained))
        with session, torch.enable_grad():
            while not judge.done:
                fresh()
                _step(model, loss_fn, batch, optimizer, judge)
            session.status = "finished"
            session.facts[KEY] = json.dumps(asdict(judge.verdict(chosen)))
    finally:
        restore()
    return session.diagnose()


def remember_only(batch: Sequence[Any]) -> Callable[[], None]:
    """A function that puts back the batch's own entries: a model may change its input in place."""
    kept = [(t, t.detach().clone()) for t in batch if isinstance(t, torch.Tensor)]

    def restore() -> None:
        with torch.no_grad():
            for tensor, entries in kept:
                tensor.data.copy_(entries)

    return restore


def _step(
    model: nn.Module, loss_fn: LossFunction, batch: Sequence[Any], optimizer: torch.optim.Optimizer | None, judge: Judge
) -> None:
    """One step, the judge told before it is taken; none where the judge has seen enough."""
    told = False

    def closure() -> torch.Tensor:
        nonlocal told
        if optimizer is not None:
            optimizer.zero_grad()
        loss, pairs = _forward(model, loss_fn, batch)
        if not told:
            told = True
            judge.saw(float(loss.detach()), pairs)
        if not judge.done:
            loss.backward()
        if judge.curious:
            judge.heard(_asked(model, loss_fn, batch))
        return loss

    if optimizer is not None and _wants_closure(optimizer):
        optimizer.step(closure)  # type: ignore[arg-type]  # LBFGS makes a number of the tensor itself
        return
    closure()
    if optimizer is not None and not judge.done:
        optimizer.step()


def _forward(model: nn.Module, loss_fn: LossFunction, batch: Sequence[Any]) -> tuple[torch.Tensor, list[Pair]]:
    *inputs, target = batch
    with Comparing() as seen:
        output = model(*inputs)
        loss = loss_fn(output, target)
    pairs = [replace(pair, rows=rows_of(inputs)) for pair in seen.pairs]
    if not pairs and isinstance(output, torch.Tensor) and isinstance(target, torch.Tensor) and _fit(output, target):
        pairs = [Pair(output.detach(), target.detach(), float(loss.detach()), rows=rows_of(inputs))]
    return loss, pairs


def _fit(output: torch.Tensor, target: torch.Tensor) -> bool:
    """True where a loss of the user's own may be read as comparing the two."""
    if target.is_floating_point():
        return output.shape == target.shape
    return output.dim() == target.dim() + 1 > 1 and output.shape[:1] + output.shape[2:] == target.shape


def _asked(model: nn.Module, loss_fn: LossFunction, batch: Sequence[Any]) -> list[Pair]:
    with without_dropout(model), torch.enable_grad():  # the calls of a loss are told by their gradient
        return _forward(model, loss_fn, batch)[1]


def _wants_closure(optimizer: torch.optim.Optimizer) -> bool:
    """True for LBFGS and its like, whose step evaluates the loss by itself."""
    given = inspect.signature(type(optimizer).step).parameters.get("closure")
    return given is not None and given.default is inspect.Parameter.empty
