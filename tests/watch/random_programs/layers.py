"""Layers and activations, made to fit what comes in; a few are made not to."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations
from torch.utils.checkpoint import checkpoint

import neurologist as nl

from .drawing import Draw, Maker, Step, group

LAYERS: dict[str, Maker] = {}
layer = group(LAYERS)

PLAIN = (nn.ReLU, nn.LeakyReLU, nn.ELU, nn.SELU, nn.GELU, nn.SiLU, nn.Mish, nn.Tanh, nn.Sigmoid, nn.Softplus)
RARE = (nn.CELU, nn.GLU, nn.Hardshrink, nn.Hardsigmoid, nn.Hardswish, nn.Hardtanh, nn.LogSigmoid, nn.PReLU, nn.RReLU)
MORE = (nn.ReLU6, nn.Softmax2d, nn.Softmin, nn.Softshrink, nn.Softsign, nn.Tanhshrink, nn.LogSoftmax, nn.Softmax)
IN_PLACE = (nn.ReLU, nn.LeakyReLU, nn.ELU, nn.SELU, nn.SiLU, nn.Mish, nn.CELU, nn.Hardtanh, nn.Hardswish, nn.Dropout)


def width(x: Tensor) -> int:
    return x.shape[-1] if x.dim() else 1


@layer
def linear(d: Draw, x: Tensor) -> Step:
    wrong = d.maybe(0.03)
    out = d.of(1, 3, 4, 8, 0) if d.maybe(0.2) else 8
    made = nn.Linear(width(x) + wrong, out, bias=d.maybe(0.8), dtype=x.dtype)
    if d.maybe(0.2):
        nn.init.constant_(made.weight, d.of(0.0, 1.0, -100.0, float("nan")))
    made.requires_grad_(not d.maybe(0.1))
    return made


@layer
def activation(d: Draw, x: Tensor) -> Step:
    kind = d.of(*PLAIN, *RARE, *MORE)
    d.notes.append(kind.__name__)
    return kind(dim=d.dim(x)) if kind in (nn.LogSoftmax, nn.Softmax, nn.Softmin) else kind()


@layer
def in_place(d: Draw, x: Tensor) -> Step:
    kind = d.of(*IN_PLACE)
    d.notes.append(kind.__name__)
    return kind(inplace=True)


@layer
def ours(d: Draw, x: Tensor) -> Step:
    name = d.choice(sorted(nl.activations))
    d.notes.append(name)
    return nl.activations[name].module() if d.maybe(0.5) else nl.activations[name]


@layer
def dropout(d: Draw, x: Tensor) -> Step:
    return d.of(nn.Dropout, nn.AlphaDropout, nn.FeatureAlphaDropout, nn.Dropout1d)(d.of(0.0, 0.5, 0.99, 1.0))


@layer
def convolution(d: Draw, x: Tensor) -> Step:
    kinds: tuple[Any, ...] = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d)
    fitting = [k for k in kinds if k.__name__[-2] == str(x.dim() - 2)] or kinds
    channels = x.shape[1] if x.dim() > 1 else 1
    return d.choice(fitting)(channels, 4, d.of(1, 3), padding=1, stride=d.of(1, 2), dtype=x.dtype)


@layer
def normalisation(d: Draw, x: Tensor) -> Step:
    channels = x.shape[1] if x.dim() > 1 else 1
    spatial: Any = {4: nn.BatchNorm2d, 5: nn.BatchNorm3d}.get(x.dim(), nn.BatchNorm1d)
    kinds = {
        "batch": lambda: spatial(channels, track_running_stats=d.maybe(0.8), dtype=x.dtype),
        "layer": lambda: nn.LayerNorm(width(x), elementwise_affine=d.maybe(0.8), dtype=x.dtype),
        "group": lambda: nn.GroupNorm(1, channels, dtype=x.dtype),
        "rms": lambda: nn.RMSNorm(width(x), dtype=x.dtype),
        "instance": lambda: nn.InstanceNorm1d(channels, affine=True, dtype=x.dtype),
        "of vectors": lambda: lambda x: F.normalize(x, dim=-1),
        "response": lambda: nn.LocalResponseNorm(2),
    }
    return d.one("", kinds)()


@layer
def pooling(d: Draw, x: Tensor) -> Step:
    dims = min(max(x.dim() - 2, 1), 2)
    return getattr(nn, f"{d.of('Max', 'Avg')}Pool{dims}d")(2, padding=d.of(0, 1))


@layer
def recurrent(d: Draw, x: Tensor) -> Step:
    kind = d.of(nn.RNN, nn.LSTM, nn.GRU)
    cell = kind(width(x), 4, d.of(1, 2), batch_first=d.maybe(0.7), bidirectional=d.maybe(0.3), dtype=x.dtype)
    return Take(cell, d.of(0, 1))


@layer
def one_cell(d: Draw, x: Tensor) -> Step:
    return Take(d.of(nn.RNNCell, nn.GRUCell)(width(x), width(x), dtype=x.dtype), None, again=True)


@layer
def attention(d: Draw, x: Tensor) -> Step:
    if d.maybe(0.5):
        return lambda x: F.scaled_dot_product_attention(x, x, x, is_causal=x.dim() > 2)
    made = nn.TransformerEncoderLayer(width(x), 1, 8, dropout=d.of(0.0, 0.1), batch_first=True, dtype=x.dtype)
    return made if d.maybe(0.5) else Take(nn.MultiheadAttention(width(x), 1, dtype=x.dtype), 0, thrice=True)


@layer
def embedding(d: Draw, x: Tensor) -> Step:
    made = nn.Embedding(10, 4, sparse=d.maybe(0.4), padding_idx=d.of(None, 0), dtype=x.dtype)
    high = 11 if d.maybe(0.05) else 9
    return Into(made, lambda x: (x.detach().abs().float().nan_to_num(0, 0, 0) * 5).clamp(0, high).long())


@layer
def reparametrized(d: Draw, x: Tensor) -> Step:
    made = nn.Linear(width(x), 4, dtype=x.dtype)
    return d.of(parametrizations.weight_norm, parametrizations.spectral_norm)(made)


@layer
def shared(d: Draw, x: Tensor) -> Step:
    """The same layers several times over, or their weight read by another."""
    made = nn.Sequential(nn.Linear(width(x), width(x), dtype=x.dtype), d.of(nn.Tanh, nn.ReLU)())
    return Take(made, None, again=True) if d.maybe(0.5) else Tied(made)


@layer
def bare_parameter(d: Draw, x: Tensor) -> Step:
    scale = torch.randn(width(x), dtype=x.dtype) if d.maybe(0.7) else torch.zeros((), dtype=x.dtype)
    return Scale(nn.Parameter(scale), d.of(torch.mul, torch.add, torch.maximum, torch.pow, torch.div))


@layer
def checkpointed(d: Draw, x: Tensor) -> Step:
    made = nn.Sequential(nn.Linear(width(x), width(x), dtype=x.dtype), nn.Tanh(), nn.Dropout(0.3))
    reentrant = d.maybe(0.3)
    return Into(made, None, lambda f, x: checkpoint(f, x, use_reentrant=reentrant))


@layer
def kept_on_the_host(d: Draw, x: Tensor) -> Step:
    def call(function: Step, x: Tensor) -> Tensor:
        with torch.autograd.graph.save_on_cpu():
            return function(x)

    return Into(nn.Sequential(nn.Linear(width(x), 4, dtype=x.dtype), nn.Sigmoid()), None, call)


@layer
def called_functionally(d: Draw, x: Tensor) -> Step:
    made = nn.Linear(width(x), 4, dtype=x.dtype)
    weights = {name: 2 * p for name, p in made.named_parameters()} if d.maybe(0.5) else dict(made.named_parameters())
    return Into(made, None, lambda f, x: torch.func.functional_call(made, weights, (x,)))


class Take(nn.Module):
    """A module that gives several things: one of them."""

    def __init__(self, inner: nn.Module, index: int | None, again: bool = False, thrice: bool = False) -> None:
        super().__init__()
        self.inner, self.index, self.again, self.thrice = inner, index, again, thrice

    def forward(self, x: Tensor) -> Tensor:
        out = self.inner(x, x, x) if self.thrice else self.inner(x)
        out = self.inner(out) if self.again else out
        out = out if self.index is None else out[self.index]
        return out[0] if isinstance(out, tuple) else out


class Into(nn.Module):
    """A module behind a conversion, or called by something else."""

    def __init__(self, inner: nn.Module, before: Step | None, call: Any = None) -> None:
        super().__init__()
        self.inner, self.before, self.call = inner, before, call

    def forward(self, x: Tensor) -> Tensor:
        x = self.before(x) if self.before else x
        return self.call(self.inner, x) if self.call else self.inner(x)


class Tied(nn.Module):
    """A layer, and its weight transposed."""

    def __init__(self, inner: nn.Sequential) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(self.inner(x), self.inner[0].weight.T)


class Scale(nn.Module):
    """A bare parameter and what is done with it."""

    def __init__(self, scale: nn.Parameter, function: Any) -> None:
        super().__init__()
        self.scale, self.function = scale, function
        self.unused = nn.Parameter(torch.ones(3))

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x, self.scale)
