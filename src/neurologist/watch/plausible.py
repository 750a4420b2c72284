"""An input that a model takes, made from the shape of its first layer, where that leaves no doubt.

May import: torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

BATCH = 2  # samples; batch norm needs more than one
LENGTH = 8  # of sequences
SIDES = (32, 28, 64, 96, 224, 16, 8)  # of images, tried in this order: a linear layer behind convolutions fixes them
LARGEST = 2**17  # places in one channel, so that a volume does not fill the memory


def run_plausible(model: nn.Module, run: Callable[[torch.Tensor], Any], restore: Callable[[], None]) -> Any:
    """What `run` gives for an input made for this model.

    Args:
        model: whose first layer is looked at.
        run: a forward pass.
        restore: undoes what a forward pass that failed has changed.

    Raises:
        ValueError: the first layer does not tell, or the model takes nothing that would fit it.
    """
    first, tried = _first(model), ""
    if first is None:
        found = "it has no parameter of known shape to start from"
    else:
        name, layer = first
        found = f"its first layer{f' {name!r}' if name else ''} is a {type(layer).__name__}, which does not tell"
        for shape in _shapes(layer):
            try:
                return run(_made(layer, shape))
            except Exception as error:  # the model's own code may raise anything
                restore()
                tried = f"its first layer{f' {name!r}' if name else ''}, a {type(layer).__name__}, suggests the shape "
                tried += f"{shape}, at which the model raised {type(error).__name__}: {str(error).splitlines()[0]}"
    raise ValueError(
        f"init_ got no inputs for {type(model).__name__}, and expected to make them: {tried or found}; pass one batch, "
        "nl.init_(model, x)"
    )


def _first(model: nn.Module) -> tuple[str, nn.Module] | None:
    """The first layer, by the order in which the model declares them; modules of modules are looked into."""
    for name, module in model.named_modules():
        own = list(module.parameters(recurse=False))
        if own and (any(_shapes(module)) or not any(module.children())):
            return None if any(map(is_lazy, own)) else (name, module)
    return None


def _shapes(layer: nn.Module) -> Iterator[tuple[int, ...]]:
    """Inputs that a layer takes, the likeliest first; none for a layer that does not tell."""
    match layer:
        case nn.Linear():
            yield (BATCH, layer.in_features)
            yield (BATCH, LENGTH, layer.in_features)
        case nn.Embedding() | nn.EmbeddingBag():
            yield (BATCH, LENGTH)
        case nn.RNNBase():
            yield (BATCH, LENGTH, layer.input_size)
        case nn.MultiheadAttention():
            yield (BATCH, LENGTH, layer.embed_dim)
        case nn.LayerNorm():
            yield (BATCH, *layer.normalized_shape)
            yield (BATCH, LENGTH, *layer.normalized_shape)
        case nn.modules.conv._ConvNd():
            yield from _images(layer.in_channels, len(layer.kernel_size))
        case nn.BatchNorm1d():
            yield (BATCH, layer.num_features)
            yield from _images(layer.num_features, 1)
        case nn.BatchNorm2d():
            yield from _images(layer.num_features, 2)
        case nn.BatchNorm3d():
            yield from _images(layer.num_features, 3)


def _images(channels: int, dims: int) -> Iterator[tuple[int, ...]]:
    for side in SIDES:
        if side**dims <= LARGEST:
            yield (BATCH, channels, *[side] * dims)


def _made(layer: nn.Module, shape: tuple[int, ...]) -> torch.Tensor:
    like = next(layer.parameters(recurse=False))
    if isinstance(layer, nn.Embedding | nn.EmbeddingBag):
        return torch.randint(layer.num_embeddings, shape, device=like.device)
    return torch.randn(shape, dtype=like.dtype, device=like.device)
