"""Gradient descent written out, with a learning rate of 1; the twin's is 0.05."""

import torch
from torch.nn import functional as F

from neurologist.specimens._data import numbers


def train(lr: float) -> None:
    """Train for 60 passes over the data."""
    torch.manual_seed(0)
    x, y = numbers()
    w1 = (torch.randn(8, 64) / 8**0.5).requires_grad_()
    b1 = torch.zeros(64, requires_grad=True)
    w2 = (torch.randn(64, 1) / 64**0.5).requires_grad_()
    b2 = torch.zeros(1, requires_grad=True)
    for _ in range(60):
        for rows in torch.randperm(len(x)).split(64):
            hidden = torch.tanh(x[rows] @ w1 + b1)
            loss = F.mse_loss(hidden @ w2 + b2, y[rows])
            loss.backward()
            with torch.no_grad():
                for parameter in (w1, b1, w2, b2):
                    assert parameter.grad is not None
                    parameter -= lr * parameter.grad
                    parameter.grad = None


def sick() -> None:
    """Steps far beyond where the gradient holds."""
    train(lr=1.0)


def healthy() -> None:
    """Steps a twentieth of that."""
    train(lr=0.05)
