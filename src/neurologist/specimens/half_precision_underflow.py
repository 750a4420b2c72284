"""Weights in bfloat16, to which the steps are too small to be added; the twin keeps them in float32."""

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import classes


def train(dtype: torch.dtype) -> None:
    """Train for 60 passes over the data."""
    torch.manual_seed(0)
    x, y = classes()
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5)).to(dtype)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-4)
    for _ in range(60):
        for rows in torch.randperm(len(x)).split(32):
            optimizer.zero_grad()
            with torch.autocast("cpu", dtype=torch.bfloat16):
                scores = model(x[rows].to(dtype))
            F.cross_entropy(scores.float(), y[rows]).backward()
            optimizer.step()


def sick() -> None:
    """Most steps are rounded away."""
    train(torch.bfloat16)


def healthy() -> None:
    """The forward pass is in bfloat16, the weights are not."""
    train(torch.float32)
