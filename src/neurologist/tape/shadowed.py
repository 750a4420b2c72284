"""Compiled code on the tape: what it computes, from a second run of it in which every op can be seen.

Autograd has one opaque node of what `torch.compile` made. The same code, run eagerly on the same inputs, has a tape of
its own; what leads from one to the other is noted at the nodes themselves, so that it lives no longer than they do.
Gradients that arrive at the compiled node are handed on to the eager tape. May import: torch.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import torch
from torch.autograd.graph import Node, get_gradient_edge

NOTE = "neurologist: elsewhere"  # entry of a node's metadata


class Output(NamedTuple):
    """One output of an autograd node."""

    node: Node
    number: int


class Elsewhere(NamedTuple):
    """Where the tape goes on instead of at an output.

    Attributes:
        there: the output, or a leaf: its node is made when it is needed.
        run, number: of compiled code, its second run and which of the results this is.
    """

    there: Output | torch.Tensor
    run: SecondRun | None = None
    number: int = 0


Met = dict[Node, dict[int, Elsewhere]]  # outputs of compiled code that were met, by their nodes and numbers


def output_of(tensor: torch.Tensor) -> Output | torch.Tensor:
    """Where a tensor that is no leaf was made."""
    return tensor if tensor.grad_fn is None else Output(tensor.grad_fn, tensor.output_nr)


def follow(node: Node, number: int, met: Met) -> Output:
    """The output of the eager tape that stands for an output; itself where that is eager already."""
    while (step := _notes(node).get(number)) is not None:
        if step.run is not None:
            met.setdefault(node, {})[number] = step
        there = step.there
        node, number = (get_gradient_edge(there)[:2]) if isinstance(there, torch.Tensor) else there
    return Output(node, number)


def _notes(node: Node) -> dict[int, Elsewhere]:
    found: dict[int, Elsewhere] = node.metadata.get(NOTE) or {}  # type: ignore[attr-defined]
    return found


@dataclass(eq=False)
class SecondRun:
    """The eager run of compiled code.

    Attributes:
        results: those that need a gradient.
        leaves: what gradients are asked of.
        again: what must stand while a part of it runs once more inside backward.
        whole: what arrives at a result holds the share of other results that were made from it.
    """

    results: Sequence[torch.Tensor]
    leaves: list[torch.Tensor]
    again: Callable[[], AbstractContextManager[Any]]
    whole: bool = False

    def __post_init__(self) -> None:
        self._awaited: set[int] = set()
        self._arrived: dict[int, torch.Tensor] = {}
        run = weakref.ref(self)  # for what a node holds that it leads to is never freed

        def settle(number: int, slot: int, gradients: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...] | None:
            known = run()
            found = None if known is None else known._arrived.get(number)
            return None if found is None else (*gradients[:slot], found, *gradients[slot + 1 :])

        for number, result in enumerate(self.results if self.whole else ()):
            result.grad_fn.register_prehook(partial(settle, number, result.output_nr))  # type: ignore[union-attr]

    def expect(self, number: int) -> None:
        """Say that a gradient of this result will come in the backward pass that begins."""
        self._awaited.add(number)

    def arrive(self, number: int, gradient: torch.Tensor | None) -> None:
        """Take the gradient of a result; with the last one the eager tape's backward runs."""
        self._awaited.discard(number)
        if gradient is not None:
            self._arrived[number] = gradient
        if not self._awaited:
            self.finish()

    def finish(self) -> None:
        """Run backward with what arrived, if anything did."""
        self._awaited.clear()
        if not self._arrived:
            return
        results, gradients = [self.results[number] for number in self._arrived], list(self._arrived.values())
        try:
            with self.again():
                torch.autograd.grad(results, self.leaves, gradients, retain_graph=True, allow_unused=True)
        finally:
            self._arrived.clear()


def lead(
    compiled: Sequence[torch.Tensor],
    second: SecondRun,
    given: Sequence[tuple[Node, Output | torch.Tensor]],
) -> None:
    """Let the tape of compiled code lead through that of its second run.

    Args:
        compiled: results that need a gradient.
        second: the run that gave the same ones, in this order.
        given: nodes below which the tape of the second run ends, and what they stand for.
    """
    for node, there in given:
        node.metadata[NOTE] = {0: Elsewhere(there)}  # type: ignore[index]
    passed = {there for _, there in given if isinstance(there, Output)}
    for number, result in enumerate(compiled):
        here, there = output_of(result), output_of(second.results[number])
        if isinstance(here, Output) and here not in passed and isinstance(there, Output):
            here.node.metadata.setdefault(NOTE, {})[here.number] = Elsewhere(there, second, number)  # type: ignore[attr-defined]


def nested(results: Sequence[torch.Tensor]) -> bool:
    """Whether one of the results was made from another, so that what arrives at that holds a share of this one's."""
    tops = {Output(result.grad_fn, result.output_nr) for result in results if result.grad_fn is not None}
    nodes = [node for node, _ in tops]
    seen = set(nodes)
    for node in nodes if len(tops) > 1 else ():
        if not tops.isdisjoint(node.next_functions):
            return True
        below = {source for source, _ in node.next_functions if source is not None} - seen
        seen |= below
        nodes += below
    return False


def others(results: Sequence[torch.Tensor], first: int, ends: Set[Node]) -> list[torch.Tensor]:
    """Leaves below results that are no copies: tensors that a function finds by itself. Those with hooks are left out.

    Args:
        results: of the second run.
        first: autograd's running number when it began.
        ends: nodes of its copies.
    """
    nodes = [result.grad_fn for result in results if result.grad_fn is not None]
    seen = {*nodes, *ends}
    found = []
    for node in nodes:
        leaf = getattr(node, "variable", None)
        if leaf is not None and not leaf._backward_hooks:
            found.append(leaf)
        below = {source for source, _ in node.next_functions if source is not None} - seen
        seen |= below
        nodes += [source for source in below if source._sequence_nr() >= first]
    return found


def hand_on(met: Met, attempt: Callable[..., Any]) -> list[Any]:
    """Give the gradients that arrive at compiled code to its second run, which is looked at; the hooks' handles.

    `attempt` calls a function and keeps its errors from the user: `attempt(what, function, *arguments)`.
    """
    for outputs in met.values():
        for _, run, number in outputs.values():
            if run is not None:
                run.expect(number)

    def arrive(outputs: Mapping[int, Elsewhere], gradients: Sequence[torch.Tensor | None]) -> None:
        for slot, (_, run, number) in outputs.items():
            if run is not None:
                run.arrive(number, gradients[slot])

    return [
        node.register_prehook(partial(attempt, "the second run of compiled code", arrive, outputs))
        for node, outputs in met.items()
    ]


def finish(graphs: Iterable[Met]) -> None:
    """Run backward with what arrived where some gradients never did."""
    outputs = (at for met in graphs for found in met.values() for at in found.values())
    for run in {at.run for at in outputs if at.run is not None}:
        run.finish()


def forget(graphs: Iterable[Met]) -> None:
    """Let second runs go, once their step is over: what the user keeps of it must not keep them."""
    for node in (node for met in graphs for node in met):
        node.metadata.pop(NOTE, None)  # type: ignore[attr-defined]
