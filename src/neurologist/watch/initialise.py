"""Initialise a model's layers for the activations that follow them, as one forward pass shows them.

May import: torch, `theory`, `tape`, `watch.remember`,
`watch.plausible`, `watch.initialisation`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from math import exp, inf, isfinite, log, sqrt
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.utils._pytree import tree_leaves, tree_map

from neurologist.tape.following import Following, Reader
from neurologist.tape.graph import Graph, TapeOp, walk
from neurologist.tape.layers import Layer, layers
from neurologist.theory.gain import gain
from neurologist.watch.initialisation import RECURRENT, Initialisation, Initialised, left_alone
from neurologist.watch.plausible import run_plausible
from neurologist.watch.remember import remember


def init_(model: nn.Module, *inputs: Any, **named: Any) -> Initialisation:
    """Initialise every linear and convolution layer for the activation that follows it.

    One forward pass is run and autograd's graph read, so functional calls count like modules, and layers of any class.
    Weights become normal with standard deviation gain / sqrt(fan_in), biases 0. The gain of a layer is

    - that of the activation behind it, looking through reshaping, dropout, pooling, normalisation and scaling; the
      geometric mean, where several follow or the layer is used several times;
    - 1 where none follows before the next layer, and at the output (a bounded activation at the end counts as none);
    - 1 / sqrt(n) at the end of a residual branch without a normalisation behind it, where the stream has n of them, so
      that the signal grows at most e-fold (variance) whatever the depth;
    - divided by sqrt(k) where k outputs are summed.

    Left alone, and said so in the report: frozen layers, layers that this forward pass does not reach, recurrent
    layers, embeddings (not where a layer shares their weight), normalisations, weights that are computed from others
    (weight norm, spectral norm).

    Weights are drawn from torch's generator of their device, in the order of `model.parameters()`. Nothing else
    changes: buffers, gradients, modes, `requires_grad` and what else the forward pass draws from generators are as
    before. The forward pass runs in the mode that the model is in.

    Args:
        model: the model; changed in place.
        *inputs: one batch, as the model takes it. Without any, one is made from the first layer's shape.
        **named: inputs by name.

    Returns:
        Which layer got which gain and why, and what was left alone; print it.

    Raises:
        ValueError: no input was given and none can be made, or the output depends on no parameter.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"init_ got a {type(model).__name__}: expected an nn.Module; pass the model itself")
    graph = _graph(model, inputs, named) if any(p.requires_grad for p in model.parameters()) else Graph([], {}, {})
    plans, names = _plans(model, graph), _names(model)
    done: list[Initialised] = []
    taken: set[int] = set()
    with torch.no_grad():
        for weight in model.parameters():
            plan = plans.get(id(weight))
            if plan is None:
                continue
            row, biases = plan(names[id(weight)])
            weight.normal_(0.0, row.std)
            for bias in biases:
                bias.zero_()
            taken |= {id(weight), *map(id, biases)}
            done.append(row)
    return Initialisation(model, tuple(done), tuple(left_alone(model, _readers(graph), taken)))


def _names(model: nn.Module) -> dict[int, str]:
    """The layers that hold each parameter, by its id."""
    found: dict[int, list[str]] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        layer = type(model).__name__ if name == "weight" else name.removesuffix(".weight")
        found.setdefault(id(parameter), []).append(layer)
    return {key: ", ".join(names) for key, names in found.items()}


# -- the forward pass -----------------------------------------------------------------------------------------


def _graph(model: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any]) -> Graph:
    restore = remember(model)
    lazy = [module for module in model.modules() if any(is_lazy(b) for b in module.buffers(recurse=False))]
    with ExitStack() as stack:
        stack.callback(restore)
        stack.enter_context(torch.inference_mode(False))  # also ends no_grad
        if "torch._dynamo" in sys.modules:  # else nothing is compiled
            stack.enter_context(torch.compiler.set_stance("force_eager"))
        call: Callable[..., Any] = partial(_outputs, model)
        outputs = call(*inputs, **named) if inputs or named else run_plausible(model, call, restore)
        if not outputs:
            raise ValueError(
                f"init_ found that what {type(model).__name__} returns does not depend on its parameters: expected "
                "tensors with a gradient; look for no_grad, detach or .data in its forward"
            )
        graph = walk(outputs)
    for module in lazy:  # its buffers have no state from before
        getattr(module, "reset_running_stats", lambda: None)()
    return graph


def _outputs(model: nn.Module, *inputs: Any, **named: Any) -> list[torch.Tensor]:
    """The tensors that a model returns, for inputs that autograd follows too: a residual sum may start at them."""
    inputs, named = tree_map(_followed, (inputs, named))
    found = []
    for leaf in tree_leaves(model(*inputs, **named)):
        found += [leaf] if isinstance(leaf, torch.Tensor) else list(getattr(leaf, "__dict__", {}).values())
    return [tensor for tensor in found if isinstance(tensor, torch.Tensor) and tensor.grad_fn is not None]


def _followed(value: Any) -> Any:
    if isinstance(value, torch.Tensor) and (value.is_floating_point() or value.is_complex()):
        return value.detach().requires_grad_() * 1  # not a leaf, so that it may be changed in place
    return value


# -- gains ----------------------------------------------------------------------------------------------------

Plan = Callable[[str], tuple[Initialised, list[torch.Tensor]]]


def _plans(model: nn.Module, graph: Graph) -> dict[int, Plan]:
    """By a weight's id, how it is to be initialised, given its name."""
    found = layers(graph)
    roles = {(layer.op, id(tensor)) for layer in found for tensor in (layer.weight, layer.bias) if tensor is not None}
    readers = [(op, parameter) for parameter, ops in _readers(graph).items() for op in ops]
    strange = {p for op, p in readers if (op, p) not in roles and op.kind != "embedding"}
    strange |= {id(p) for module in model.modules() if isinstance(module, RECURRENT) for p in module.parameters()}
    reader = Reader(graph)
    uses: dict[int, list[tuple[Layer, Following]]] = {}
    for layer in found:
        if id(layer.weight) not in strange:
            uses.setdefault(id(layer.weight), []).append((layer, reader.behind(layer.op)))
    return {weight: partial(_planned, several) for weight, several in uses.items()}


def _readers(graph: Graph) -> dict[int, list[TapeOp]]:
    """By a parameter's id, the ops that read it for more than reshaping it."""
    found: dict[int, list[TapeOp]] = {}
    for op in graph.ops:
        for parameter in op.parameters if not op.weight_only else ():
            found.setdefault(id(parameter), []).append(op)
    return found


def _planned(uses: list[tuple[Layer, Following]], name: str) -> tuple[Initialised, list[torch.Tensor]]:
    gains, reasons = zip(*(_gain(following) for _, following in uses), strict=True)
    mean, fan_in = _geometric(list(gains)), _geometric([layer.fan_in for layer, _ in uses])
    why = "; ".join(dict.fromkeys(reasons))
    if len(uses) > 1:
        why = f"used {len(uses)} times: {why}" + (": geometric mean" if len(set(gains)) > 1 else "")
    biases = {id(layer.bias): layer.bias for layer, _ in uses if layer.bias is not None}
    row = Initialised(name, mean, fan_in, mean / sqrt(fan_in), why)
    return row, list(biases.values())


def _gain(found: Following) -> tuple[float, str]:
    """The gain of one use of a layer, and the reason."""
    if found.branches:
        which = f"one of {found.branches} residual branches" if found.branches > 1 else "a residual branch"
        return 1 / sqrt(found.branches), f"ends {which}"
    best, why = _of_followers(found)
    if found.terms > 1:
        best, why = best / sqrt(found.terms), f"{why}; {found.terms} outputs are summed"
    if found.normalised and found.followers:
        why += ", behind a normalisation, which sets the scale anew"
    return best, why


def _of_followers(found: Following) -> tuple[float, str]:
    names = " and ".join(map(str, found.followers))
    if found.last and all(isfinite(follower.spec.range.width) for follower in found.followers):
        return 1.0, f"output layer{f', before {names}' if names else ''}"
    if not names:
        return 1.0, "no activation before the next layer"
    try:
        gains = [gain(follower.spec, **follower.parameters) for follower in found.followers]
    except ValueError:
        gains = [inf]
    if not all(map(isfinite, gains)):
        return 1.0, f"{names} follows, which has no gain"
    hand = ", in a formula written by hand, of which only this is known" if found.by_hand else ""
    if len(gains) > 1:
        return _geometric(gains), f"{names} follow{hand}: geometric mean"
    return gains[0], f"{names} follows{hand}"


def _geometric(numbers: list[float]) -> float:
    return exp(sum(map(log, numbers)) / len(numbers)) if len(set(numbers)) > 1 else numbers[0]
