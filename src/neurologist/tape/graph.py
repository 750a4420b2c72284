"""Autograd's graph as ops: what was computed, from what, with which parameters, at which of the user's lines.

`walk` starts at the tensors on which `.backward()` is called and reads what autograd has already written down; it
installs nothing and keeps nothing alive longer than the returned `Graph`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

import torch
from torch.autograd.graph import GradientEdge, Node

from neurologist.tape import nested, ops, origin
from neurologist.tape.refine import refine
from neurologist.tape.shadowed import Met, Output, follow
from neurologist.tape.shard import in_memory, is_shard

ACCUMULATE = "AccumulateGrad"
REMEMBERED = 16  # different graphs whose places are remembered
UNSEEN = 2**63  # sequence number of nodes that autograd does not order (AccumulateGrad, some custom nodes)


@dataclass(eq=False)
class TapeOp:
    """One autograd node, with what it tells about the forward op that made it.

    Attributes:
        node: the autograd node; dropped with the graph.
        name: autograd's name without its suffix, e.g. "Addmm".
        kind: see `tape.ops`; member: its name in the catalogue, or None.
        sequence: autograd's running number, the order of the forward pass.
        shape, dtype: of its (first) output; shape is () when autograd does not tell, as of nested tensors.
        inputs: slot -> op that made this input; slots of data and parameters are absent.
        parameters: tensors that it reads directly or through reshaping.
        consumers: (op, slot) pairs that read its output.
        place: the user's line.
        key: identity from step to step.
        root: `.backward()` was called on its output.
        position: order in the forward pass of its step; keeps its order between several losses.
    """

    node: Node
    name: str
    kind: str
    member: str | None
    sequence: int
    shape: tuple[int, ...]
    dtype: str
    inputs: dict[int, TapeOp] = field(default_factory=dict)
    parameters: list[torch.Tensor] = field(default_factory=list)
    consumers: list[tuple[TapeOp, int]] = field(default_factory=list)
    place: origin.Place = origin.NOWHERE
    module: Any = None  # the innermost nn.Module whose forward made it, when known
    module_path: str | None = None
    line: int | None = None
    key: str = ""
    root: bool = False
    position: int = 0
    weight_only: bool = False  # it only reshapes parameters, e.g. a weight's transpose
    scale: torch.Tensor | None = None  # by how much a gradient scaler has scaled the gradient that arrives at it

    def saved(self, name: str) -> torch.Tensor | None:
        """A tensor that the op kept for backward; None when it kept none of that name, or it may not or cannot be read.

        Tensors packed by hooks (activation checkpointing, offloading) are left alone: unpacking a checkpointed one
        would run the user's forward again. Empty and sparse ones have no entries to look at; see `nested` for others.
        """
        if self.place.checkpointed or name not in tensors_of(type(self.node)):
            return None
        try:
            if getattr(getattr(self.node, f"_raw_saved_{name}"), "unpack_hook", None) is not None:
                return None
            value = getattr(self.node, f"_saved_{name}")
            value = nested.places(value.detach()) if getattr(value, "is_nested", False) else value
        except RuntimeError:  # freed already, or overwritten in place by the user's code
            return None
        return value.detach() if isinstance(value, torch.Tensor) and _readable(value) else None

    def unscaled(self, gradient: torch.Tensor) -> torch.Tensor:
        """What is proportional to the gradient that arrives, as it would be without a gradient scaler."""
        return gradient if self.scale is None else gradient / self.scale.to(gradient.device)

    @property
    def options(self) -> dict[str, Any]:
        """Plain arguments that autograd kept: dim, reduction, negative_slope, ..."""
        found: dict[str, Any] = {}
        for name in scalars_of(type(self.node)):
            value = getattr(self.node, f"_saved_{name}", None)
            if isinstance(value, bool | int | float | str):
                found[name] = _plain(value)
            elif isinstance(value, tuple) and all(type(n) is int for n in value):  # the dims of a sum or a permutation
                found[name] = [_plain(n) for n in value]
        return found

    @property
    def source(self) -> TapeOp | None:
        """The op that made its data input: the first that is not reached through a parameter alone."""
        return next((self.inputs[slot] for slot in sorted(self.inputs) if not self.inputs[slot].weight_only), None)


def _readable(tensor: torch.Tensor) -> bool:
    plain = tensor.layout is torch.strided and not is_shard(tensor)
    return plain and tensor.numel() > 0 and in_memory(tensor)


def _plain(value: Any) -> Any:
    """An argument as JSON can hold it; autograd stores a negative dim as unsigned."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value - 2**64 if isinstance(value, int) and value >= UNSEEN else value


@cache
def tensors_of(cls: type) -> frozenset[str]:
    """Names of the tensors that nodes of a class keep."""
    return frozenset(a.removeprefix("_raw_saved_") for a in dir(cls) if a.startswith("_raw_saved_"))


@cache
def scalars_of(cls: type) -> tuple[str, ...]:
    """Names of the plain arguments that nodes of a class keep."""
    names = (a.removeprefix("_saved_") for a in dir(cls) if a.startswith("_saved_"))
    return tuple(n for n in names if n not in tensors_of(cls) and "_sym_" not in n)


class Seen(NamedTuple):
    """What stays the same about an op from step to step."""

    place: origin.Place
    kind: str
    member: str | None
    key: str
    module_path: str | None
    line: int | None


Known = dict[tuple[str, ...], list[Seen]]  # names of a graph's ops, in order -> what they were


@dataclass
class Graph:
    """All ops under the roots, in forward order, and the parameters they read.

    Attributes:
        parameters: by id; accumulators: their AccumulateGrad nodes, likewise.
        tops: the ops that made the roots.
        entries: (op, slot, tensor) for leaves that are no parameters.
        compiled: outputs of compiled code in whose place stand the ops of its second run.
    """

    ops: list[TapeOp]
    parameters: dict[int, torch.Tensor]
    accumulators: dict[int, Node]
    tops: list[TapeOp] = field(default_factory=list)
    entries: list[tuple[TapeOp, int, torch.Tensor]] = field(default_factory=list)
    compiled: Met = field(default_factory=dict)

    @property
    def located(self) -> bool:
        """True when the forward pass ran with source lines kept."""
        return any("traceback_" in _metadata(op.node) for op in self.ops)

    def scaled(self, loss: torch.Tensor, scale: torch.Tensor) -> list[torch.Tensor]:
        """Note the scale of a scaled loss at all ops below it; the parameters that these read."""
        top = next((op for op in self.ops if op.node is loss.grad_fn), None)
        below = [] if top is None else [top]
        for op in below:
            fresh = [source for source in op.inputs.values() if source.scale is None]
            for source in fresh:
                source.scale = scale
            below += dict.fromkeys(fresh)
        return [parameter for op in below for parameter in op.parameters]

    def identify(self, known: Known) -> None:
        """Remember the ops of a located graph; give those of any other the places and keys of its remembered twin."""
        signature = tuple(op.name for op in self.ops)
        if self.located:
            while len(known) >= REMEMBERED:
                del known[next(iter(known))]
            known[signature] = [Seen(o.place, o.kind, o.member, o.key, o.module_path, o.line) for o in self.ops]
            return
        for op, twin in zip(self.ops, known.get(signature, []), strict=False):
            op.place, op.kind, op.member, op.key, op.module_path, op.line = twin


def walk(
    roots: Iterable[torch.Tensor | GradientEdge],
    locate: Callable[[TapeOp], None] = lambda op: None,
    trained: Callable[[torch.Tensor], torch.Tensor | None] = lambda leaf: leaf,
) -> Graph:
    """Read the graph under `roots`.

    Args:
        roots: tensors on which backward is called.
        locate: called on every op in forward order, to add the module that made it.
        trained: the parameter that a leaf stands for; leaves that stand for none become the graph's entries.
    """
    made: dict[Node, TapeOp] = {}
    graph = Graph([], {}, {})
    met = graph.compiled
    made_by = (root if isinstance(root, GradientEdge) else Output(root.grad_fn, root.output_nr) for root in roots)  # type: ignore[arg-type]
    nodes = [follow(edge[0], edge[1], met).node for edge in made_by if edge[0] is not None]
    stack = [node for node in nodes if not node.name().endswith(ACCUMULATE)]
    graph.tops = [_op(node, made) for node in dict.fromkeys(stack)]
    for op in graph.tops:
        op.root = True
    seen = set(stack)
    while stack:
        node = stack.pop()
        op = made[node]
        for slot, (source, number) in enumerate(node.next_functions):
            if source is None:
                continue
            source = follow(source, number, met).node
            if source.name().endswith(ACCUMULATE):
                leaf: torch.Tensor = source.variable  # type: ignore[attr-defined]
                parameter = trained(leaf)
                if parameter is None:
                    graph.entries.append((op, slot, leaf))
                else:
                    _read_parameter(graph, op, parameter, source)
                continue
            below = _op(source, made)
            op.inputs[slot] = below
            below.consumers.append((op, slot))
            if source not in seen:
                seen.add(source)
                stack.append(source)
    graph.ops = sorted(made.values(), key=lambda op: op.sequence)
    _finish(graph, locate)
    return graph


def _metadata(node: Node) -> dict[str, Any]:
    return node.metadata  # type: ignore[return-value]  # torch annotates this property as a method


def _op(node: Node, made: dict[Node, TapeOp]) -> TapeOp:
    if node not in made:
        name = node.name()
        kind, member = ops.classify(node)
        outputs = getattr(node, "_input_metadata", None)
        shape = tuple(int(n) for n in outputs[0].shape) if outputs and not outputs[0].is_nested_tensor else ()
        dtype = str(outputs[0].dtype).removeprefix("torch.") if outputs else ""
        op = TapeOp(node, ops.short(name), kind, member, node._sequence_nr(), shape, dtype)
        op.place = origin.read(_metadata(node).get("traceback_") or ())
        made[node] = op
    return made[node]


def _read_parameter(graph: Graph, op: TapeOp, variable: torch.Tensor, node: Node) -> None:
    graph.parameters[id(variable)] = variable
    graph.accumulators[id(variable)] = node
    op.parameters.append(variable)


def _finish(graph: Graph, locate: Callable[[TapeOp], None]) -> None:
    counts: dict[str, int] = {}
    for op in graph.ops:  # forward order: what is below is finished
        _inherit(op)
        refine(op)
        locate(op)
        user = op.place.user
        op.line = op.line or (user.line if user else None)
        where = f"{user.file}:{user.line}" if user else "?"
        stem = f"{where}|{op.module_path or ''}|{op.name}"
        counts[stem] = counts.get(stem, -1) + 1
        op.key = f"{stem}|{counts[stem]}"


def _inherit(op: TapeOp) -> None:
    """Parameters that reach the op through reshaping alone."""
    below = op.inputs.values()
    op.weight_only = op.kind == "shape" and all(b.weight_only for b in below) and bool(below or op.parameters)
    found = {id(p): p for p in op.parameters}
    for source in below:
        if source.weight_only:
            found |= {id(p): p for p in source.parameters}
    op.parameters = list(found.values())


def data_path(op: TapeOp) -> Iterator[TapeOp]:
    """The op and what it was computed from, following data inputs back to the first layer."""
    step: TapeOp | None = op
    while step is not None:
        yield step
        step = step.source
