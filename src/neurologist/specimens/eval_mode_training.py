"""Training that goes on in evaluation mode after each check on held-out data; the twin switches back."""

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import classes


def train(back: bool) -> None:
    """Train for 20 passes over the data, with a check after each."""
    torch.manual_seed(0)
    x, y = classes()
    model = nn.Sequential(nn.Linear(20, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 5))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    for _ in range(20):
        for rows in torch.randperm(448).split(64):
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            F.cross_entropy(model(x[448:]), y[448:])
        if back:
            model.train()


def sick() -> None:
    """From the second pass on, nothing is normalised by its batch, and nothing dropped."""
    train(back=False)


def healthy() -> None:
    """Evaluation mode for the evaluation alone."""
    train(back=True)
