"""Sixteen ReLU layers whose weights are twice too large; the twin draws them by He's rule."""

from collections.abc import Callable

import torch
from torch import nn

from neurologist.specimens._data import numbers


def wide(weight: torch.Tensor) -> torch.Tensor:
    """Weights of one standard deviation for every layer: twice what He's rule gives for 64 inputs."""
    return nn.init.normal_(weight, std=0.35)


def build(depth: int, width: int, draw: Callable[[torch.Tensor], torch.Tensor]) -> nn.Sequential:
    """A stack of linear layers and ReLUs, with weights from `draw`."""
    layers: list[nn.Module] = [nn.Linear(8, width), nn.ReLU()]
    for _ in range(depth - 2):
        layers += [nn.Linear(width, width), nn.ReLU()]
    layers.append(nn.Linear(width, 1))
    for layer in layers:
        if isinstance(layer, nn.Linear):
            draw(layer.weight)
            nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


def train(draw: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """Train for 25 passes over the data."""
    torch.manual_seed(0)
    x, y = numbers()
    model = build(16, 64, draw)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.005)
    loss_fn = nn.MSELoss()
    for _ in range(25):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            loss = loss_fn(model(x[rows]), y[rows])
            loss.backward()
            optimizer.step()


def sick() -> None:
    """Every layer multiplies signal and gradient by about 2."""
    train(wide)


def healthy() -> None:
    """Every layer keeps them."""
    train(nn.init.kaiming_normal_)
