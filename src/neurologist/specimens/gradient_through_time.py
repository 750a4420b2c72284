"""A plain recurrent cell that is to remember its first input for 30 steps; the twin for 5."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Memory(nn.Module):
    """A recurrent network written out, with 32 units."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.recur, self.out = nn.Linear(4, 32), nn.Linear(32, 32), nn.Linear(32, 2)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of shape (rows, 2) from sequences of shape (rows, steps, 4)."""
        state = x.new_zeros(len(x), 32)
        for step in range(x.shape[1]):
            state = torch.tanh(self.enter(x[:, step]) + self.recur(state))
        scores: Tensor = self.out(state)
        return scores


def train(steps: int) -> None:
    """Train for 5 passes over sequences whose class is the sign of their first number."""
    torch.manual_seed(0)
    x = torch.randn(2048, steps, 4)
    y = (x[:, 0, 0] > 0).long()
    model = Memory()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    for _ in range(5):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()


def sick() -> None:
    """The gradient has died before it comes to the first step."""
    train(steps=30)


def healthy() -> None:
    """Short enough for half of the gradient at each step to arrive."""
    train(steps=5)
