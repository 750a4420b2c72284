"""Watching the control arm: which calls it makes in what order, and what its data are like.

May import: torch, `tape.ops`, the lower files of this room.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from neurologist.tape import ops
from neurologist.tape.origin import is_users
from neurologist.treat.arm import Batch
from neurologist.treat.call import Call, tensors
from neurologist.treat.objective import Compared
from neurologist.treat.seen import Seen, Step
from neurologist.treat.task import task_of

LAYERS = f"{Path('torch', 'nn', 'modules')}{os.sep}"
LOOKED_AT = 400  # steps whose data are measured
HELD = 4_000_000  # entries of predictions kept until the task is told from them
CALLS = 20_000  # of a first step that are noted, at most
BY_FUNCTION = {
    "linear": {"linear"},
    "conv": {"conv1d", "conv2d", "conv3d"},
    "dropout": {"dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout"},
    "normalisation": {"batch_norm", "layer_norm", "group_norm", "instance_norm", "rms_norm"},
}


class Tracer:
    """Fills a `Seen` while the control arm runs."""

    def __init__(self) -> None:
        self.seen = Seen()
        self._made: dict[int, int] = {}
        self._held: list[torch.Tensor] = []  # so that no id is used twice
        self._open = True
        self._batches: list[tuple[torch.Tensor, torch.Tensor]] = []
        self._entries = 0
        self.scores: list[float] = []  # of each step, once it is finished

    def call(self, call: Call, result: Any) -> None:
        """Note a call of the first forward pass."""
        results = tensors([result])
        if not self._open or not results or not results[0].requires_grad or len(self.seen.calls) >= CALLS:
            return
        result = results[0]
        operands = tensors((*call.args, *call.named.values()))
        sources = [self._made[id(t)] for t in operands if id(t) in self._made]
        step = Step(call.site, *_kind(call, result), sources, tuple(result.shape))
        step.layer, step.file, step.line = self._place()
        self.seen.calls.append(step)
        self._made[id(result)] = len(self.seen.calls) - 1
        self._held.append(result)

    def _place(self) -> tuple[str | None, str | None, int | None]:
        """The torch.nn layer that makes the call that happens now, and the program's line."""
        layer: str | None = None
        found: tuple[str, int] | None = None
        frame: FrameType | None = sys._getframe(2)
        while frame is not None:
            name = frame.f_code.co_filename
            if is_users(name):
                self.seen.files.add(name)
                found = found or (name, frame.f_lineno)
            elif found is None and layer is None and frame.f_code.co_name == "forward" and LAYERS in name:
                layer = type(frame.f_locals.get("self")).__name__
            frame = frame.f_back
        return (layer, *found) if found is not None else (layer, None, None)

    def step(self, compared: Compared, loss: torch.Tensor, batch: Batch) -> None:
        """Note what is compared."""
        seen = self.seen
        if self._open:
            seen.prediction, seen.loss = self._made.get(id(compared.prediction)), compared.objective.name
            seen.summed = compared.objective.options.get("reduction") == "sum"
            seen.alone = compared.data is None or compared.data is loss
            seen.width = batch.prediction.shape[1] if batch.prediction.dim() > 1 else 1
            self._open, self._made, self._held = False, {}, []
        if seen.steps < LOOKED_AT:
            floats = [t for t in tensors(batch.args) if t.is_floating_point()]
            if floats and floats[0].dim() > 1:
                seen.inputs.add(floats[0])
            seen.targets.add(batch.target.float())
            seen.whole &= bool((batch.target == batch.target.round()).all())
            seen.largest = max(seen.largest, int(batch.target.max()) if seen.whole else 0)
        seen.steps += 1
        if seen.task is not None:
            self.scores.append(seen.task.score(batch.prediction, batch.target))
            return
        self._batches.append((batch.prediction, batch.target))
        self._entries += batch.prediction.numel() + batch.target.numel()
        if len(self._batches) >= LOOKED_AT or self._entries > HELD:
            self.finish()

    def finish(self) -> Seen:
        """What was seen, once the program has ended: tells the task, and scores what was kept until then."""
        if self._batches:
            predictions, targets = ([pair[side] for pair in self._batches] for side in (0, 1))
            task = self.seen.task = task_of(targets, predictions, self.seen.loss)
            self.scores = [task.score(*pair) for pair in self._batches]
            self._batches = []
        return self.seen


def _kind(call: Call, result: torch.Tensor) -> tuple[str, str | None]:
    """Kind and member: by torch's function for what autograd splits into several nodes, else as the tape tells it."""
    name = call.site.name
    for kind, names in BY_FUNCTION.items():
        if name in names:
            return kind, None
    return ops.classify(result.grad_fn) if result.grad_fn is not None else ("unknown", None)
