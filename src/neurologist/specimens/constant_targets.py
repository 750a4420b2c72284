"""Labels divided by 255 together with the pixels, so that all are 0; the twin takes them out first."""

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import stripes


def table() -> torch.Tensor:
    """Rows as in a CSV file: 64 pixels from 0 to 255, then the label, 0 to 3."""
    images, labels = stripes()
    pixels = (255 * images.flatten(1).clamp(0, 1)).round()
    return torch.cat([pixels, labels.float().unsqueeze(1)], dim=1)


def train(labels_too: bool) -> None:
    """Train for 30 passes over the data."""
    torch.manual_seed(0)
    rows = table()
    labels = rows[:, -1].long()
    rows = rows / 255
    if labels_too:
        labels = rows[:, -1].long()
    pixels = 2 * rows[:, :-1] - 1
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 4))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(30):
        for batch in torch.randperm(len(pixels)).split(32):
            optimizer.zero_grad()
            F.cross_entropy(model(pixels[batch]), labels[batch]).backward()
            optimizer.step()


def sick() -> None:
    """Every label is 0."""
    train(labels_too=True)


def healthy() -> None:
    """Labels from 0 to 3."""
    train(labels_too=False)
