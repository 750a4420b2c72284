"""A small CNN that hands raw scores to nll_loss; the twin's loss is cross_entropy."""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.specimens._data import stripes


class ConvNet(nn.Module):
    """Two convolutions and a linear layer for images of 8 x 8."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 16, 3, padding=1)
        self.fc = nn.Linear(16 * 4 * 4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of shape (rows, 4)."""
        x = F.relu(self.conv1(x))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        scores: torch.Tensor = self.fc(x.flatten(1))
        return scores


def negative_log_likelihood(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Takes the scores for log-probabilities."""
    return F.nll_loss(scores, labels)  # <- fault


def train(loss_fn: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> None:
    """Train for 15 passes over the data."""
    torch.manual_seed(0)
    images, labels = stripes()
    net = ConvNet()
    sgd = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    for _ in range(15):
        for rows in torch.randperm(len(images)).split(32):
            sgd.zero_grad()
            loss = loss_fn(net(images[rows]), labels[rows])
            loss.backward()
            sgd.step()


def sick() -> None:
    """The loss takes raw scores for log-probabilities."""
    train(negative_log_likelihood)


def healthy() -> None:
    """The loss applies log-softmax itself."""
    train(F.cross_entropy)
