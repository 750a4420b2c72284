"""Products of whole batches in float16, divided after they are summed; the twin divides before."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from neurologist.specimens._data import classes

SCALE = 1024  # of the loss, so that float16 gradients do not become 0
UNIT = 12 * 12 * 32  # a similarity of 16 is two equal directions


def similarity(features: Tensor, early: bool) -> Tensor:
    """How alike rows are, shape (rows, rows), for features of RMS 12 and 512 entries."""
    if early:
        return (features / UNIT) @ features.T
    return (features @ features.T) / UNIT  # <- fault


def train(early: bool) -> None:
    """Train for 12 passes over the data: rows of the same class should be alike."""
    torch.manual_seed(0)
    x, y = classes()
    model = nn.Sequential(nn.Linear(20, 512), nn.LayerNorm(512))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    for _ in range(12):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            with torch.autocast("cpu", dtype=torch.float16):
                alike = similarity((12 * model(x[rows])).half(), early).float()
            same = (y[rows, None] == y[rows]).float()
            loss = F.binary_cross_entropy_with_logits(alike - 16, same)
            (SCALE * loss).backward()
            for parameter in model.parameters():
                if parameter.grad is not None:
                    parameter.grad /= SCALE
            optimizer.step()


def sick() -> None:
    """512 squares of about 144 are more than float16 can hold."""
    train(early=False)


def healthy() -> None:
    """Each product is small, and their sum at most 16."""
    train(early=True)
