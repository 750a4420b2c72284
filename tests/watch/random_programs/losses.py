"""Losses and targets, right ones and wrong ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

import neurologist as nl

from .drawing import Draw, Step, tensor

TARGETS: dict[str, Callable[[Draw, Tensor], Tensor]] = {
    "classes": lambda d, x: torch.randint(x.shape[-1] if x.dim() else 1, x.shape[:1]),
    "classes of places": lambda d, x: torch.randint(x.shape[1], (len(x), *x.shape[2:])),
    "one class": lambda d, x: torch.zeros(x.shape[:1], dtype=torch.long),
    "too many classes": lambda d, x: torch.randint(100, x.shape[:1]) - 1,
    "like it": lambda d, x: tensor(d, tuple(x.shape), x.dtype),
    "shares": lambda d, x: torch.rand(x.shape).to(x.dtype),
    "probabilities": lambda d, x: torch.rand(x.shape).softmax(-1).to(x.dtype),
    "zeros and ones": lambda d, x: torch.randint(2, x.shape).to(x.dtype),
    "signs": lambda d, x: (2 * torch.randint(2, x.shape) - 1).to(x.dtype),
    "counts": lambda d, x: torch.randint(9, x.shape).to(x.dtype),
    "a row": lambda d, x: torch.randn(len(x)).to(x.dtype),
    "a column": lambda d, x: torch.randn(len(x), 1).to(x.dtype),
    "in the thousands": lambda d, x: 1e4 * torch.randn(x.shape).to(x.dtype),
    "of another type": lambda d, x: torch.randn(x.shape, dtype=torch.float64),
}
FITTING = {
    "cross_entropy": ("classes", "classes of places", "probabilities", "one class"),
    "nll_loss": ("classes", "classes of places"),
    "mse_loss": ("like it", "a row", "a column", "in the thousands", "of another type"),
    "l1_loss": ("like it", "a row"),
    "smooth_l1_loss": ("like it",),
    "huber_loss": ("like it", "in the thousands"),
    "binary_cross_entropy": ("zeros and ones", "shares"),
    "binary_cross_entropy_with_logits": ("zeros and ones", "shares", "signs"),
    "soft_margin_loss": ("signs", "zeros and ones"),
    "hinge_embedding_loss": ("signs",),
    "poisson_nll_loss": ("counts",),
    "kl_div": ("probabilities", "shares"),
    "multilabel_soft_margin_loss": ("zeros and ones",),
}
BY_HAND: dict[str, Step] = {
    "mean": lambda x: x.mean(),
    "sum": lambda x: x.sum(),
    "minus its mean": lambda x: -x.mean(),
    "variance": lambda x: x.var(),
    "norm": lambda x: x.norm(),
    "square": lambda x: (x**2).mean(),
    "nothing": lambda x: 0 * x.sum(),
    "entropy": lambda x: -(x.softmax(-1) * x.log_softmax(-1)).sum(-1).mean(),
    "likelihood": lambda x: -torch.log(x.softmax(-1)[..., 0]).mean(),
    "not one number": lambda x: x,
    "a constant": lambda x: torch.tensor(1.0),
    "size": lambda x: x.abs().sum(),
    "gaussian": lambda x: F.gaussian_nll_loss(x, torch.zeros_like(x), x**2),
    "triplet": lambda x: F.triplet_margin_loss(x, x.flip(0), x.roll(1, 0)),
    "cosine": lambda x: F.cosine_embedding_loss(x, x.flip(0), torch.ones(len(x))),
}


def loss_for(d: Draw, out: Tensor) -> Step:
    """A function from the model's output to what backward is called on."""
    if d.maybe(0.25):
        return d.one("loss", BY_HAND)
    if d.maybe(0.15):
        return _ours(d, out)
    name = d.one("loss", {name: name for name in FITTING})
    wrong = d.maybe(0.1)
    made = d.one("targets", TARGETS if wrong else {kind: TARGETS[kind] for kind in FITTING[name]})
    reduction = d.of("none", "sum") if d.maybe(0.1) else "mean"
    before = d.one("before it", BEFORE) if d.maybe(0.4) else BEFORE["sigmoid" if name.endswith("entropy") else "as is"]
    target = made(d, out) if d.maybe(0.5) else None
    sign = -1 if d.maybe(0.1) else 1

    def loss(x: Tensor) -> Tensor:
        found: Any = getattr(F, name)(before(x), made(d, x) if target is None else target, reduction=reduction)
        return sign * found

    return loss


BEFORE: dict[str, Step] = {
    "as is": lambda x: x,
    "sigmoid": torch.sigmoid,
    "softmax": lambda x: x.softmax(-1),
    "softmax over rows": lambda x: x.softmax(0),
    "log_softmax": lambda x: x.log_softmax(-1),
    "relu": torch.relu,
    "float": lambda x: x.float(),
}


def _ours(d: Draw, out: Tensor) -> Step:
    name = d.one("our loss", {name: name for name in sorted(nl.losses)})
    target = d.one("targets", TARGETS)(d, out)
    return lambda x: nl.losses[name](x, target)
