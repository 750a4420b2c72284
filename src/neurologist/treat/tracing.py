"""Watching the control arm: which calls it makes in what order, and what its data are like.

May import: torch, `tape.ops`, `watch.initialise`, the lower files of this room.
"""

from __future__ import annotations

import copy
import os
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import nn

from neurologist.tape import ops
from neurologist.tape.origin import OURS, is_users
from neurologist.treat.arm import Batch
from neurologist.treat.call import Call, tensors
from neurologist.treat.objective import Compared
from neurologist.treat.places import Births, Where, users, where
from neurologist.treat.rows import Rows, alike, candidates
from neurologist.treat.seen import Seen, Step
from neurologist.treat.task import task_of
from neurologist.watch.initialise import init_

LAYERS = f"{Path('torch', 'nn', 'modules')}{os.sep}"
TORCH = str(Path(torch.__file__).parent)
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
        self._births = Births()
        self._models: dict[int, nn.Module] = {}
        self._args: dict[int, tuple[Any, ...]] = {}
        self._rows: list[Rows] = []
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
        step.layer, step.at = self._place(call.site.model)
        step.direct = self._direct()
        step.method = call.function is getattr(torch.Tensor, call.site.name, None)
        followed = [tensor.requires_grad for tensor in operands]
        step.data = followed.index(False) if len(followed) == 2 and followed.count(False) == 1 else None
        self.seen.calls.append(step)
        self._made[id(result)] = len(self.seen.calls) - 1
        self._held.append(result)

    def _place(self, model: int) -> tuple[str | None, Where | None]:
        """The torch.nn layer that makes the call that happens now, and the program's own call."""
        layer: str | None = None
        own: FrameType | None = None
        outer: FrameType | None = None  # of the model's own call
        frame: FrameType | None = sys._getframe(2)
        while frame is not None:
            code = frame.f_code
            if is_users(code.co_filename):
                self.seen.files.add(code.co_filename)
                own = own or frame
            elif own is None and layer is None and code.co_name == "forward" and LAYERS in code.co_filename:
                layer = type(frame.f_locals.get("self")).__name__
            if code.co_name == "_call_impl" and LAYERS in code.co_filename:
                outer = frame if next(frame.f_locals["self"].parameters(), None) is not None else outer
            frame = frame.f_back
        if outer is not None and model >= 0 and model not in self.seen.forwards:
            self._meet(model, outer)
        return layer, where(own) if own is not None else None

    def _direct(self) -> bool:
        """No other library stands between the program's own call and torch."""
        frame: FrameType | None = sys._getframe(2)
        while frame is not None and not is_users(frame.f_code.co_filename):
            if not frame.f_code.co_filename.startswith((TORCH, OURS)):
                return False
            frame = frame.f_back
        return True

    def _meet(self, number: int, call: FrameType) -> None:
        """A model's first forward pass: note what it is made of, and from where it is called."""
        model = call.f_locals["self"]
        self._models[number] = model
        self._args.setdefault(number, call.f_locals.get("args", ()))
        roles = {id(model): "model"}
        self.seen.forwards[number] = tuple(where(frame, roles) for frame in users(call))
        for path, made in self._births.table(model).items():
            self.seen.modules[number, path] = made
        if number == 0:
            self.seen.given = len(tensors((*call.f_locals.get("args", ()), *call.f_locals.get("kwargs", {}).values())))
            self._rows = candidates(list(users(call)), self._args[0])

    def _scope(self, compared: Compared, loss: torch.Tensor) -> None:
        """The first backward pass: what things are called there, and what the optimizer holds."""
        seen = self.seen
        frames = list(users(sys._getframe(2)))
        spaces = [{**frame.f_globals, **frame.f_locals, **vars_of(frame)} for frame in frames]
        found = {id(v): v for space in spaces for v in space.values() if isinstance(v, torch.optim.Optimizer)}
        roles = {id(model): "model" for model in self._models.values()} if len(self._models) == 1 else {}
        roles |= {id(compared.prediction): "prediction", id(compared.target): "target", id(loss): "loss"}
        if len(found) == 1:
            roles[next(iter(found))] = "optimizer"
        seen.backward = tuple(where(frame, roles) for frame in frames)
        held = {id(p) for optimizer in found.values() for group in optimizer.param_groups for p in group["params"]}
        seen.groups = max((len(optimizer.param_groups) for optimizer in found.values()), default=1)
        parameters = [p for model in self._models.values() for p in model.parameters()]
        seen.frozen = any(not p.requires_grad for p in parameters)
        seen.complete, seen.only = {id(p) for p in parameters} <= held, held <= {id(p) for p in parameters}
        seen.dtype = str(compared.target.dtype)
        seen.shapes |= {"prediction": tuple(compared.prediction.shape), "target": tuple(compared.target.shape)}
        seen.arguments = sys.argv[1:]

    def step(self, compared: Compared, loss: torch.Tensor, batch: Batch) -> None:
        """Note what is compared."""
        seen = self.seen
        if self._open:
            seen.prediction, seen.loss = self._made.get(id(compared.prediction)), compared.objective.name
            seen.summed = compared.objective.options.get("reduction") == "sum"
            seen.alone = compared.data is None or compared.data is loss
            seen.width = batch.prediction.shape[1] if batch.prediction.dim() > 1 else 1
            self._scope(compared, loss)
            self._births.close()
            self._open, self._made, self._held = False, {}, []
        if seen.steps < LOOKED_AT:
            floats = [t for t in tensors(batch.args) if t.is_floating_point()]
            if floats and floats[0].dim() > 1:
                seen.inputs.add(floats[0])
                seen.shapes.setdefault("input", tuple(floats[0].shape))
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
            self._tell()

    def finish(self) -> Seen:
        """What was seen, once the program has ended: tells the task, and scores what was kept until then."""
        self._tell()
        self._births.close()
        if 0 in self._models and not self.seen.gains:
            self.seen.gains = gains(self._models[0], self._args[0])
        self.seen.data = alike(self._rows, self.seen.inputs)
        self._models, self._args, self._rows = {}, {}, []
        return self.seen

    def _tell(self) -> None:
        if self._batches:
            predictions, targets = ([pair[side] for pair in self._batches] for side in (0, 1))
            task = self.seen.task = task_of(targets, predictions, self.seen.loss)
            self.scores = [task.score(*pair) for pair in self._batches]
            self._batches = []


def vars_of(frame: FrameType) -> dict[str, Any]:
    """What `self` holds in a method."""
    return dict(getattr(frame.f_locals.get("self"), "__dict__", {}))


def gains(model: nn.Module, args: tuple[Any, ...]) -> dict[str, float]:
    """What `init_` would give each layer; nothing where it cannot be told from a copy of the model."""
    try:
        with torch.random.fork_rng():
            report = init_(copy.deepcopy(model), *args)
    except Exception:  # the program's own model, called by us
        return {}
    return {row.layer: row.gain for row in report.layers}


def _kind(call: Call, result: torch.Tensor) -> tuple[str, str | None]:
    """Kind and member: by torch's function for what autograd splits into several nodes, else as the tape tells it."""
    name = call.site.name
    for kind, names in BY_FUNCTION.items():
        if name in names:
            return kind, None
    return ops.classify(result.grad_fn) if result.grad_fn is not None else ("unknown", None)
