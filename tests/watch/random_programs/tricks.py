"""What else stands in a forward pass: plain functions, views, writes in place, casts, cuts, hooks, exceptions."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .drawing import Draw, Maker, Step, group

TRICKS: dict[str, Maker] = {}
trick = group(TRICKS)

FUNCTIONS = "sin exp log sqrt abs square reciprocal sign round erf lgamma sinc log1p expm1 tanh sigmoid rsqrt angle neg"
VIEWS: dict[str, Step] = {
    "flatten": lambda x: x.flatten(1),
    "one row": lambda x: x[:1],
    "no row": lambda x: x[:0],
    "every other": lambda x: x[..., ::2],
    "another dim": lambda x: x.unsqueeze(-1),
    "transposed": lambda x: x.transpose(0, -1),
    "expanded": lambda x: x.unsqueeze(0).expand(2, *x.shape),
    "one vector": lambda x: x.reshape(-1),
    "view": lambda x: x.transpose(0, -1).view(-1, 1),
    "squeezed": lambda x: x.squeeze(),
    "doubled": lambda x: torch.cat([x, x], -1),
    "rolled": lambda x: x.roll(1, 0).flip(0),
    "windows": lambda x: x.unfold(-1, 2, 1),
    "diagonal": lambda x: x.diagonal(),
    "image": lambda x: x.reshape(len(x), 1, 1, -1),
    "steps of time": lambda x: x.reshape(len(x), -1, 2),
    "padded": lambda x: torch.nn.functional.pad(x, (1, 1)),
    "strided": lambda x: x.as_strided((2, 2), (1, 1)),
    "halves": lambda x: x.chunk(2, -1)[0] * x.chunk(2, -1)[-1],
}
ALGEBRA: dict[str, Step] = {
    "gram": lambda x: x @ x.transpose(-1, -2),
    "einsum": lambda x: torch.einsum("...i,...j->...ij", x, x),
    "inverse": lambda x: torch.linalg.inv(x @ x.mT),
    "singular values": lambda x: torch.linalg.svdvals(x),
    "cholesky": lambda x: torch.linalg.cholesky(x @ x.mT),
    "distances": lambda x: torch.cdist(x, x),
    "norm": lambda x: x.norm(dim=-1, keepdim=True),
    "spectrum": lambda x: torch.fft.rfft(x).abs(),
    "fourier": lambda x: torch.fft.fft(x),
    "as complex": lambda x: torch.complex(x, x),
    "sorted": lambda x: x.sort(-1)[0],
    "largest": lambda x: x.topk(1, -1)[0],
    "maximum": lambda x: x.max(-1, keepdim=True)[0],
    "median": lambda x: x.median(),
    "sums": lambda x: x.cumsum(-1),
    "products": lambda x: x.cumprod(-1),
    "log of sums": lambda x: x.logsumexp(-1, keepdim=True),
    "soft by hand": lambda x: x.exp() / x.exp().sum(-1, keepdim=True),
    "log of softmax": lambda x: x.softmax(-1).log(),
    "log of sigmoid": lambda x: x.sigmoid().log(),
    "chosen": lambda x: torch.where(x.abs() > 0.5, x, x.exp()),
    "gathered": lambda x: x.gather(-1, x.argsort(-1)),
    "repaired": lambda x: x.nan_to_num().clamp(-3, 3),
    "sparse": lambda x: torch.sparse.mm(x.to_sparse(), x.mT),
    "mapped": lambda x: torch.func.vmap(torch.sin)(x),
    "slope inside": lambda x: torch.func.grad(lambda x: x.sin().sum())(x),
    "nested": lambda x: torch.nested.nested_tensor([x, x]).to_padded_tensor(0.0),
}


def cut(context: Any) -> Callable[[Tensor], Tensor]:
    def part(x: Tensor) -> Tensor:
        with context():
            return x * 2

    return part


def write_first(x: Tensor) -> Tensor:
    x = x.clone()
    x[:1] = 0
    return x


def write_data(x: Tensor) -> Tensor:
    x.data.mul_(2)
    return x


IN_PLACE: dict[str, Step] = {
    "twice": lambda x: x.mul_(2),
    "more": lambda x: x.add_(1),
    "relu_": lambda x: x.relu_(),
    "exp_": lambda x: x.exp_(),
    "after a square": lambda x: x**2 + x.mul_(3),
    "first": write_first,
    "data": write_data,
    "part of a view": lambda x: x.view(-1)[:1].zero_() + x.sum(),
}
CUTS: dict[str, Step] = {
    "detached": lambda x: x.detach(),
    "half detached": lambda x: x + x.detach(),
    "no_grad": cut(torch.no_grad),
    "inference_mode": cut(torch.inference_mode),
    "integers": lambda x: x.long(),
    "through numpy": lambda x: x + torch.from_numpy(np.asarray(x.detach().float())).to(x.dtype),
    "rebuilt": lambda x: torch.tensor(x.tolist(), requires_grad=True),
}


@trick
def function(d: Draw, x: Tensor) -> Step:
    return getattr(torch, d.one("", {name: name for name in FUNCTIONS.split()}))


@trick
def view(d: Draw, x: Tensor) -> Step:
    return d.one("", VIEWS)


@trick
def algebra(d: Draw, x: Tensor) -> Step:
    return d.one("", ALGEBRA)


@trick
def in_place(d: Draw, x: Tensor) -> Step:
    return d.one("", IN_PLACE)


@trick
def cut_off(d: Draw, x: Tensor) -> Step:
    return d.one("", CUTS)


@trick
def cast(d: Draw, x: Tensor) -> Step:
    dtype = d.of(torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64)
    d.notes.append(str(dtype))
    return lambda x: x.to(dtype)


@trick
def asking(d: Draw, x: Tensor) -> Step:
    """The pass depends on modes that an examination could have changed."""
    return lambda x: x + torch.is_anomaly_enabled() + 2 * torch.is_anomaly_check_nan_enabled()


@trick
def noise(d: Draw, x: Tensor) -> Step:
    return lambda x: x + torch.randn_like(x) * random.random() + np.random.randn()


class Strange(torch.autograd.Function):
    """A slope that is not the value's, in one of several ways."""

    @staticmethod
    def forward(ctx, x, how):
        ctx.save_for_backward(x)
        ctx.how = how
        return x**2

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        if ctx.how == "raises":
            raise ArithmeticError(f"no slope for {tuple(gradient.shape)}")
        ways = {"none": None, "shape": gradient.sum(), "nan": gradient / 0, "right": 2 * x * gradient}
        return ways[ctx.how], None


class Once(torch.autograd.Function):
    """Two results, one of which has no slope, and no second slope for either."""

    @staticmethod
    def forward(ctx, x):
        ctx.mark_non_differentiable(sign := x.sgn())
        return x * sign, sign

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient, _):
        return gradient


class Dirty(torch.autograd.Function):
    """Writes into its input."""

    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)
        return x.mul_(2)

    @staticmethod
    def backward(ctx, gradient):
        return 2 * gradient


@trick
def own_function(d: Draw, x: Tensor) -> Step:
    kinds = {how: lambda x, how=how: Strange.apply(x, how) for how in ("none", "shape", "nan", "right", "raises")}
    return d.one("", {**kinds, "once": lambda x: Once.apply(x)[0], "dirty": lambda x: Dirty.apply(x * 1)})


def raise_from_hook(gradient: Tensor) -> Tensor:
    raise LookupError(f"a hook saw {tuple(gradient.shape)}")


@trick
def hook(d: Draw, x: Tensor) -> Step:
    kinds: dict[str, Callable[[Tensor], Any]] = {
        "doubles": lambda g: 2 * g,
        "drops": lambda g: g * 0,
        "reads": lambda g: None,
        "changes shape": lambda g: g.sum(),
        "writes": lambda g: g.mul_(0.5),
        "raises": raise_from_hook,
    }
    seen = d.one("", kinds)

    def watch(x: Tensor) -> Tensor:
        x = x * 1
        if x.requires_grad:
            x.register_hook(seen)
            x.retain_grad()
        return x

    return watch


@trick
def raising(d: Draw, x: Tensor) -> Step:
    left = d.randint(2, 5)

    def fail(x: Tensor) -> Tensor:
        nonlocal left
        left -= 1
        if not left:
            raise ValueError(f"no more than this of {tuple(x.shape)}")
        return x

    return fail
