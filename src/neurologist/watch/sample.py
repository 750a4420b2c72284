"""One sampled step: read the graph, hook its nodes, gather numbers on the device, write them once.

`Sample` is made when the step's loss calls backward and dropped after the optimizer stepped; nothing of it, no hook and
no reference to the graph, outlives the step.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, get_args

import torch
from torch import nn

from neurologist.tape.graph import UNSEEN, Graph, Known, TapeOp, walk
from neurologist.tape.quantities import quantities
from neurologist.tape.quantities.parameter import selection
from neurologist.tape.quantity import Need, Quantity, Row, Update, Value, rms, whole_norm
from neurologist.tape.recomputed import KIND, splice, trains
from neurologist.tape.shadowed import finish, forget, hand_on
from neurologist.tape.shard import copies, is_shard, is_term, local
from neurologist.watch.doors import Root
from neurologist.watch.modules import Call
from neurologist.watch.resting import Mode, host, mode_of

Key = tuple[Quantity, str | int]  # a quantity, and the key of an op or the id of a parameter


class Gather:
    """Numbers that wait on their device, and the host rows that they will fill.

    An op that runs in several backward passes of one step keeps the numbers of the first.
    """

    def __init__(self) -> None:
        self.rows: dict[Key, dict[str, Any]] = defaultdict(dict)
        self.ops: dict[str, TapeOp] = {}
        self._waiting: dict[torch.device, list[tuple[dict[str, Any], str, torch.Tensor]]] = defaultdict(list)

    def add(self, quantity: Quantity, subject: TapeOp | torch.Tensor, row: Row | None) -> None:
        """Put one quantity's row aside."""
        if row is None:
            return
        if isinstance(subject, TapeOp):
            self.ops.setdefault(subject.key, subject)
        target = self.rows[quantity, subject.key if isinstance(subject, TapeOp) else id(subject)]
        for column, value in row.items():
            if column not in target:
                self.put(target, column, value)

    def put(self, row: dict[str, Any], column: str, value: Value) -> None:
        """Put one number into a host row: at once, or with all that wait on its device."""
        row[column] = None if isinstance(value, torch.Tensor) else value
        if isinstance(value, torch.Tensor):
            self._waiting[value.device].append((row, column, value.detach()))

    def collect(self) -> dict[Key, dict[str, Any]]:
        """All rows with plain numbers: one transfer per device."""
        for waiting in self._waiting.values():
            numbers = iter(torch.cat([value.double().reshape(-1) for _, _, value in waiting]).tolist())
            for row, column, value in waiting:
                if value.dim():
                    row[column] = bytes(int(next(numbers)) for _ in range(value.numel()))
                else:
                    number = next(numbers)
                    row[column] = None if number != number else number  # SQLite has no NaN
        self._waiting.clear()
        return self.rows


class Sample:
    """The examination of one step.

    Args:
        step: its number; why: the sampler's word for it.
        attempt: runs a callback and keeps its exceptions from the user: `attempt(what, function, *arguments)`.
        known: graphs seen so far, for passes whose forward ran without source lines.
        just_stepped: ids of the parameters whose optimizer stepped since the backward pass before.
        ready: called before a part of the forward pass runs again inside backward, to keep its source lines.
        trained: the parameter that a leaf of the tape stands for.
        world: processes that train together.
    """

    def __init__(
        self,
        step: int,
        why: str,
        attempt: Callable[..., Any],
        known: Known,
        just_stepped: Collection[int] = (),
        ready: Callable[[], None] = lambda: None,
        trained: Callable[[torch.Tensor], torch.Tensor] = lambda leaf: leaf,
        world: int = 1,
    ) -> None:
        self.step, self.why, self.attempt, self._known = step, why, attempt, known
        self._just_stepped, self._ready, self._trained, self._world = just_stepped, ready, trained, world
        self._checkpoint: TapeOp | None = None
        self._held: dict[int, torch.Tensor | float] = {}
        self.called: list[tuple[torch.Tensor, bool]] = []  # parameters of modules that ran, see `resting`
        self.modes: list[tuple[nn.Module, Mode]] = []
        self.graphs: list[Graph] = []
        self.gather = Gather()
        self.inside = 0.0
        self.facts: dict[str, Any] = {}  # of the step: the scale of its loss
        self._scales: dict[int, torch.Tensor] = {}  # parameter -> scale of the gradient that it gets
        self._received: dict[int, torch.Tensor] = {}
        self._squares: dict[int, torch.Tensor] = {}
        self._start: int | None = None
        self._handles: list[Any] = []
        self._before: dict[int, torch.Tensor] = {}
        self._gradients: dict[int, torch.Tensor] = {}
        self._by_need = {need: [q for q in quantities() if need in q.needs] for need in get_args(Need)}

    @property
    def parameters(self) -> dict[int, torch.Tensor]:
        """Every parameter of the step's graphs, by id."""
        return {key: p for graph in self.graphs for key, p in graph.parameters.items()}

    def before_backward(
        self, roots: Sequence[Root], locate: Callable[[TapeOp], None], scaled: Mapping[torch.Tensor, torch.Tensor]
    ) -> None:
        """Read the graph under the roots, put hooks on its nodes and note the parameters before they change."""
        graph = walk(roots, locate, self._trained)
        graph.identify(self._known)
        self.graphs.append(graph)
        for loss, scale in scaled.items():
            self.gather.put(self.facts, "scale", scale)
            self._scales |= dict.fromkeys(map(id, graph.scaled(loss, scale)), scale)
        numbers = [op.sequence for op in graph.ops if op.sequence < UNSEEN] or [0]
        if self._start is None:
            self._start = min(numbers)
        end = max(numbers) + 1
        for op in graph.ops:
            op.position = min(op.sequence, end) - self._start
        self._look_at(graph)
        self.attempt("what gradients still hold", self.hold)

    def inside_backward(self, roots: Sequence[Root], locate: Callable[[TapeOp], None]) -> None:
        """Read what a checkpoint has just run again, in the pass that `before_backward` began."""
        checkpoint, outside = self._checkpoint, self.graphs[-1]
        self._checkpoint = None
        if checkpoint is None:
            return
        inside = walk(roots, locate, lambda leaf: trains(self._trained(leaf), outside))
        if checkpoint.scale is not None:
            self._scales |= dict.fromkeys(inside.parameters, checkpoint.scale)
        splice(checkpoint, outside, inside)
        self._look_at(inside)

    @property
    def recomputing(self) -> bool:
        """Whether a checkpoint runs its part of the forward pass again."""
        return self._checkpoint is not None

    def _recompute(self, checkpoint: TapeOp) -> None:
        self._checkpoint = checkpoint
        self._ready()

    def _look_at(self, graph: Graph) -> None:
        with torch.no_grad():
            for op in graph.ops:
                for quantity in self._by_need["saved"]:
                    self._measure(quantity, op, quantity.at_graph, op)
                self._hook(op)
        self._handles += hand_on(graph.compiled, self.attempt)
        for key, parameter in graph.parameters.items():
            self._handles.append(graph.accumulators[key].register_prehook(self._keep_gradient(key)))
            if key not in self._before:
                self._before[key] = selection(parameter).clone()

    def hold(self) -> None:
        """Note what is left in `.grad` of parameters that were just stepped, before a backward pass adds to it."""
        for key, parameter in self.parameters.items():
            if key in self._just_stepped and (parameter.grad is None or not is_term(parameter.grad)):
                left = 0.0 if parameter.grad is None or not parameter.numel() else rms(parameter.grad.detach())
                before = self._held.get(key, left)
                both = isinstance(before, torch.Tensor) and isinstance(left, torch.Tensor)
                self._held[key] = torch.minimum(before, left) if both else min(before, left, key=torch.is_tensor)  # type: ignore[arg-type]

    def before_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Note the gradient that an optimizer's step gets."""
        scale = getattr(optimizer, "grad_scale", None)  # a fused optimizer divides by it itself
        for parameter in (p for group in optimizer.param_groups for p in group["params"]):
            reached = any(id(parameter) in graph.parameters for graph in self.graphs)
            if reached and parameter.grad is not None and not is_term(parameter.grad):
                size = rms(parameter.grad.detach())
                self._received[id(parameter)] = size if scale is None else size / scale
                if self._world > 1:
                    norm = whole_norm(parameter.grad.detach())
                    norm = norm if scale is None else norm / scale
                    self._squares[id(parameter)] = norm.square() / copies(parameter, self._world)

    def note(self, calls: Sequence[Call]) -> None:
        """Note which modules ran for the backward pass that begins, and in which mode."""
        numbers = [op.sequence for op in self.graphs[-1].ops if op.sequence < UNSEEN]
        first = min(numbers, default=0)
        for call in calls:
            if call.graded:
                held = (p for p in call.module._parameters.values() if p is not None)
                self.called += [(self._trained(p), call.end <= first) for p in held]
            if call.outside and any(call.start <= number < call.end for number in numbers):
                self.modes.append((call.module, mode_of(call.module)))

    def _measure(self, quantity: Quantity, subject: Any, method: Callable[..., Row | None], *arguments: Any) -> None:
        """Called in what is itself attempted, and without gradients: for each op and quantity that would cost more."""
        try:
            self.gather.add(quantity, subject, method(*arguments))
        except Exception as error:
            of_op = partial(_what, quantity, subject) if isinstance(subject, TapeOp) else None
            self.attempt(of_op or f"{quantity.name} of a parameter", _raise, error)

    def _hook(self, op: TapeOp) -> None:
        arriving = self._by_need["gradient"]
        if op.kind == KIND:
            again = partial(self.attempt, "what a checkpoint runs again", self._recompute, op)
            self._handles.append(op.node.register_prehook(lambda g: again()))
        what = f"the gradient of {op.name.lower()}"
        look = partial(self.attempt, what, self._observe, op)
        self._handles.append(op.node.register_prehook(lambda g: look(arriving, "at_gradient", g, 0)))
        source = op.source
        if source is not None and len(source.consumers) > 1:
            slot = next(s for s, below in op.inputs.items() if below is source)
            shared = self._by_need["shared_gradient"]
            self._handles.append(op.node.register_hook(lambda g, _: look(shared, "at_shared_gradient", g, slot)))

    def _observe(self, op: TapeOp, members: Iterable[Quantity], method: str, gradients: Any, slot: int) -> None:
        start = time.perf_counter()
        gradient = gradients[slot] if slot < len(gradients) else None
        if gradient is not None:
            gradient = local(gradient)
            with torch.no_grad():
                for quantity in members:
                    self._measure(quantity, op, getattr(quantity, method), op, gradient)
        self.inside += time.perf_counter() - start

    def _keep_gradient(self, key: int) -> Callable[[Any], None]:
        def keep(gradients: Any) -> None:
            if gradients[0] is not None:
                part = selection(gradients[0]).clone()  # a view would keep the whole gradient alive and shared
                known = self._gradients.get(key)
                self._gradients[key] = part if known is None or known.shape != part.shape else known + part

        return lambda gradients: self.attempt("the gradient of a parameter", keep, gradients)

    def after_backward(self) -> None:
        """Take the hooks off."""
        self.attempt("compiled code", finish, [graph.compiled for graph in self.graphs])
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    @property
    def stepped(self) -> bool:
        """True when a parameter changed since the step's first backward pass."""
        pairs = [(selection(p), self._before[k]) for k, p in self.parameters.items()]
        if any(after.shape != before.shape for after, before in pairs):
            return True
        return any(host([(after != before).any() for after, before in pairs]))

    def after_step(self, stepped: bool) -> dict[Key, dict[str, Any]]:
        """Measure what the optimizer did, if it stepped, and give all rows of the sample."""
        forget(graph.compiled for graph in self.graphs)
        for key, parameter in self.parameters.items() if stepped else ():
            if parameter.numel():
                self.attempt("the update of a parameter", self._measure_update, key, parameter)
        standing = {op.key for graph in self.graphs for op in graph.ops}  # without checkpoints that were replaced
        rows = {k: row for k, row in self.gather.collect().items() if not isinstance(k[1], str) or k[1] in standing}
        by_quantity: dict[Quantity, dict[TapeOp, dict[str, Any]]] = defaultdict(dict)
        for (quantity, name), row in rows.items():
            if isinstance(name, str):
                by_quantity[quantity][self.gather.ops[name]] = row
        for quantity, table in by_quantity.items():
            for op, row in table.items():
                self.attempt(partial(_what, quantity, op), quantity.finish, op, row, table)
        return rows

    def _measure_update(self, key: int, parameter: torch.Tensor) -> None:
        gradient, carried, received = self._gradients.get(key), self._held.get(key), self._received.get(key)
        if gradient is not None and (scale := self._scales.get(key)) is not None:
            gradient = gradient.double() / scale.to(gradient.device)
        before, after, arrived = self._before[key], selection(parameter), None if gradient is None else rms(gradient)
        gradient = None if is_shard(parameter) else gradient
        update = Update(parameter, before, after, gradient, carried, received, arrived, self._squares.get(key))
        with torch.no_grad():
            for quantity in self._by_need["update"]:
                self._measure(quantity, parameter, quantity.at_update, update)


def _raise(error: Exception) -> None:
    raise error


def _what(quantity: Quantity, op: TapeOp) -> str:
    user = op.place.user
    place = op.module_path or (f"{Path(user.file).name}:{user.line}" if user else f"op {op.position}")
    return f"{quantity.name} of {op.name.lower()} at {place}"
