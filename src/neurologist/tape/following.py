"""What follows a layer on the tape, up to the next one: activations, normalisations, sums.

Functional calls and modules look alike here; an activation written by hand as x times a function of x is put together
from its parts. May import: torch, `catalogue`, `functional`, `tape.graph`, `tape.ops`.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch

from neurologist import catalogue
from neurologist.catalogue import Activation, Source
from neurologist.catalogue.expression import parse
from neurologist.catalogue.interval import REAL
from neurologist.functional.members import activations_named
from neurologist.tape.graph import Graph, TapeOp
from neurologist.tape.ops import TRANSPARENT

LAYERS = frozenset({"linear", "conv", "matmul", "recurrent", "attention"})
PASSING = TRANSPARENT | {"pooling"}
SUMS = ("Add", "Sub")
SCALES = ("Mul", "Div", "Neg")  # by a number, a mask or a learnt scale


@dataclass(frozen=True)
class Follower:
    """An activation behind a layer, and its parameters.

    Attributes:
        spec: its entry in the catalogue, or one put together from a formula written by hand.
        parameters: those that differ from the defaults.
    """

    spec: Activation
    parameters: Mapping[str, float]

    def __str__(self) -> str:
        given = ", ".join(f"{name}={value:.3g}" for name, value in self.parameters.items())
        return f"{self.spec.name}({given})" if given else self.spec.name


@dataclass
class Following:
    """What was met behind a layer.

    Attributes:
        followers: the activations.
        normalised: whether a normalisation comes first, so that the layer's scale does not reach further.
        branches: residual branches on the stream to which this layer adds at the end of one; 0 where it ends none.
        terms: outputs, this one included, that are summed before the activation.
        last: whether no other layer comes behind it.
        by_hand: whether the activations are parts of a formula written by hand, whose constants the tape does not tell.
    """

    followers: list[Follower] = field(default_factory=list)
    normalised: bool = False
    branches: int = 0
    terms: int = 1
    last: bool = False
    by_hand: bool = False


class Reader:
    """Looks behind the ops of one graph."""

    def __init__(self, graph: Graph) -> None:
        self._below: dict[TapeOp, int] = {}  # each op's ancestors with itself, as bits
        layers = 0
        for place, op in enumerate(graph.ops):
            self._below[op] = 1 << place
            for source in op.inputs.values():
                self._below[op] |= self._below.get(source, 0)
            layers |= (op.kind in LAYERS) << place
        self._skips = {op: skip for op in graph.ops if (skip := self._skip(op, layers)) is not None}
        self._streams: dict[TapeOp, TapeOp] = {}  # residual sum -> the first on its stream
        for op, skip in self._skips.items():
            before = self._sum_behind(skip)
            self._streams[op] = op if before is None else self._streams[before]
        self._branches = Counter(self._streams.values())
        self._leads_on: set[TapeOp] = set()
        for op in reversed(graph.ops):
            if any(above.kind in LAYERS or above in self._leads_on for above, _ in op.consumers):
                self._leads_on.add(op)

    def behind(self, op: TapeOp) -> Following:
        """What follows a layer's op."""
        found = Following(last=op not in self._leads_on)
        self._look(op, False, found, set())
        return found

    def _look(self, op: TapeOp, normalised: bool, found: Following, seen: set[TapeOp]) -> None:
        if op in seen:
            return
        seen.add(op)
        by_hand = _self_gated(op)
        if by_hand is not None:
            found.followers.append(by_hand)
            found.normalised |= normalised
            return
        for above, slot in op.consumers:
            follower = activation_of(above)
            if follower is not None:
                found.normalised |= normalised
                if str(follower) not in map(str, found.followers):
                    found.followers.append(follower)
            elif self._passes(op, above, slot, normalised, found):
                self._look(above, normalised or above.kind == "normalisation", found, seen)

    def _passes(self, op: TapeOp, above: TapeOp, slot: int, normalised: bool, found: Following) -> bool:
        """Whether what the layer made goes on behind `above`; notes the sums on the way."""
        if above.kind in PASSING or above.kind == "normalisation":
            return True
        data = _data(above)
        if above.name in SCALES:
            found.by_hand |= len(data) > 1 and self._groups(data) == 1
            return len(data) == 1
        if above.name not in SUMS:
            return False
        if above in self._skips and not normalised:
            if self._skips[above] is not above.inputs[slot]:
                found.branches = max(found.branches, self._branches[self._streams[above]])
            return False
        terms = self._groups(self._addends(above))
        found.by_hand |= terms == 1 and len(data) > 1
        if not normalised:
            found.terms = max(found.terms, terms)
        return True

    def _groups(self, values: list[TapeOp]) -> int:
        """How many of several values came of different layers."""
        groups: list[set[TapeOp]] = []
        for value in values:
            origins = self._origins(value)
            joined = [group for group in groups if group & origins]
            groups = [group for group in groups if group not in joined] + [origins.union(*joined)]
        return len(groups)

    def _addends(self, op: TapeOp) -> list[TapeOp]:
        """What a sum of sums adds."""
        data = _data(op)
        if op.kind in TRANSPARENT and len(data) == 1:
            return self._addends(data[0])
        if op.name not in SUMS or op in self._skips or not data:
            return [op]
        return [addend for source in data for addend in self._addends(source)]

    def _origins(self, op: TapeOp) -> set[TapeOp]:
        """The layers that a value came from, and else where it begins."""
        found: set[TapeOp] = set()
        queue, seen = [op], {op}
        for step in queue:
            data = [] if step.kind in LAYERS else _data(step)
            if not data:
                found.add(step)
            queue += [source for source in data if source not in seen]
            seen.update(data)
        return found

    def _skip(self, op: TapeOp, layers: int) -> TapeOp | None:
        """The side of a sum on which a residual connection arrives: what layers on the other side were fed from."""
        data = _data(op)
        if op.name not in SUMS or len(data) != 2:
            return None
        for skip, branch in (data, reversed(data)):
            between = self._below[branch] & ~self._below[skip]
            if skip is not branch and self._below[skip] & ~self._below[branch] == 0 and between & layers:
                return skip
        return None

    def _sum_behind(self, skip: TapeOp) -> TapeOp | None:
        """The residual sum that a skip connection comes from, with no layer or normalisation in between."""
        step: TapeOp | None = skip
        while step is not None and step not in self._skips:
            data = _data(step)
            through = step.kind in PASSING or step.name in SCALES or activation_of(step) is not None
            step = data[0] if through and len(data) == 1 else None
        return step


def _data(op: TapeOp) -> list[TapeOp]:
    """The ops that made an op's inputs, parameters apart."""
    return [source for source in op.inputs.values() if not source.weight_only]


def activation_of(op: TapeOp) -> Follower | None:
    """The activation that an op computes, with its parameters; None for others and for the softmax family."""
    if op.kind == "softmax":
        return None
    own = op.name.removeprefix("nl_")
    known = [catalogue.activations[op.member]] if op.member and op.kind == "activation" else []
    if not known and own != op.name:
        known = activations_named(own)
    if not known and op.kind in ("arithmetic", "unknown") and (spec := catalogue.by_function(op.name.lower())):
        known = [spec] if spec.vector else []
    if len(known) != 1:
        return None
    spec = known[0]
    given = _given(op, spec)
    return Follower(spec, {name: value for name, value in given.items() if value != spec.parameters[name]})


def _given(op: TapeOp, spec: Activation) -> dict[str, float]:
    """Parameters that autograd kept; of one per channel, their mean."""
    plain = getattr(op.node, "plain", None)  # ours keep them in the order in which they are declared
    if plain is not None:
        kept = iter(getattr(op.node, "saved_tensors", ()))
        values = [next(kept, None) if tensor else value for value, tensor in zip(plain, op.node.is_tensor, strict=True)]  # type: ignore[attr-defined]
        found = dict(zip(spec.parameters, values[1:], strict=False))
    else:
        found = {name: _kept(op, attribute) for name, attribute in spec.autograd_parameters.items()}
    return {name: number for name, value in found.items() if (number := _number(value)) is not None}


def _kept(op: TapeOp, attribute: str) -> object:
    name = attribute.removeprefix("_saved_")
    tensor = op.saved(name)
    return op.options.get(name) if tensor is None else tensor


def _number(value: object) -> float | None:
    if isinstance(value, torch.Tensor):
        return float(value.detach().float().mean())
    return float(value) if isinstance(value, int | float) else None


def _self_gated(op: TapeOp) -> Follower | None:
    """The product of x and a chain of functions of x, as in x * sigmoid(x)."""
    for above, slot in op.consumers:
        other = above.inputs.get(1 - slot)
        if above.name != "Mul" or other is None:
            continue
        chain: list[Follower] = []
        while other is not None and other is not op:
            follower = activation_of(other)
            if follower is not None and not follower.spec.vector:
                chain.append(follower)
            elif other.kind not in TRANSPARENT:
                break
            other = other.source
        if other is op and chain:
            return _product(chain[::-1])
    return None


def _product(chain: list[Follower]) -> Follower:
    """The product of x and functions of x, applied one after the other."""
    inner, name = parse("x"), "x"
    for follower in chain:
        values = {**follower.spec.parameters, **follower.parameters}
        inner = _Put(inner, values).visit(ast.parse(follower.spec.value, mode="eval").body)
        name = f"{follower}({name})"
    spec = Activation(f"x * {name}", f"x * ({ast.unparse(inner)})", REAL, Source("user", 0, "own formula"))
    return Follower(spec, {})


class _Put(ast.NodeTransformer):
    """Puts an expression in the place of x, and numbers in the place of parameters."""

    def __init__(self, inner: ast.expr, parameters: Mapping[str, float]) -> None:
        self._inner, self._parameters = inner, parameters

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """x, a parameter, or a constant."""
        if node.id == "x":
            return self._inner
        return ast.Constant(self._parameters[node.id]) if node.id in self._parameters else node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """A call, whose word is not a name to replace."""
        return ast.Call(node.func, [self.visit(argument) for argument in node.args], [])
