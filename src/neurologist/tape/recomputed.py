"""What reentrant activation checkpointing runs inside the backward pass, put back where it stands in the forward pass.

Such a checkpoint is one node on the tape. When backward reaches it, it runs its part of the forward again and calls
backward on that: a tape of its own, whose leaves are the parameters and copies of what the part was given. `splice`
puts its ops in the place of the node. May import: torch, `tape.graph`, `tape.nested`.
"""

from __future__ import annotations

import torch
from torch import nn

from neurologist.tape.graph import Graph, TapeOp
from neurologist.tape.nested import shape_of

KIND = "checkpoint"


def trains(leaf: torch.Tensor, known: Graph) -> torch.Tensor | None:
    """A leaf of such a tape if it is a parameter, None if it is a copy of an input."""
    return leaf if isinstance(leaf, nn.Parameter) or id(leaf) in known.parameters else None


def splice(checkpoint: TapeOp, graph: Graph, inside: Graph) -> None:
    """Put the ops of `inside` in the place of a checkpoint.

    A checkpoint with several outputs stays, for autograd does not tell which of them an op reads; what is inside it
    then hangs on the same inputs, beside it.
    """
    given = list(checkpoint.inputs.values())
    for op, slot, copy in inside.entries:
        source = next((g for g in given if g.shape == shape_of(copy)), checkpoint.source)
        if source is not None:
            op.inputs[slot] = source
            source.consumers = [(o, s) for o, s in source.consumers if o is not checkpoint]
            source.consumers.append((op, slot))
    for op in inside.ops:
        op.root, op.position, op.scale = False, checkpoint.position, checkpoint.scale
    here = graph.ops.index(checkpoint)
    graph.ops[here + 1 : here + 1] = inside.ops
    if len(inside.tops) == 1:
        top = inside.tops[0]
        for op, slot in checkpoint.consumers:
            op.inputs[slot] = top
            top.consumers.append((op, slot))
        del graph.ops[here]
    graph.parameters |= inside.parameters
    graph.accumulators |= inside.accumulators
    graph.compiled |= inside.compiled
