"""Images: convolutions, residual blocks, U-Net, ViT, and networks of which a part is frozen."""

from copy import deepcopy
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .data import batches, digits, discs
from .registry import program


@program(steps=150, below=0.3)
def cnn_batch_norm(steps):
    x, y = digits()
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 16, 10),
    )  # fmt: skip
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for rows, labels in batches(steps, 64, x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(rows), labels)
        loss.backward()
        optimizer.step()
        yield loss.item()


class LeNet(nn.Module):
    """Convolutions, pooling, and functional calls in forward, as tutorials write it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 16, 3, padding=1)
        self.fc1, self.fc2 = nn.Linear(64, 64), nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.dropout(F.relu(self.fc1(x.flatten(1))), 0.25, self.training)
        return F.log_softmax(self.fc2(x), dim=1)


@program(steps=300, below=0.5)
def lenet_nll(steps):
    x, y = digits()
    model = LeNet()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for rows, labels in batches(steps, 64, x, y):
        optimizer.zero_grad()
        loss = F.nll_loss(model(rows), labels)
        loss.backward()
        optimizer.step()
        yield loss.item()


class Residual(nn.Module):
    """Two convolutions and a shortcut; `quiet` starts the block as the identity."""

    def __init__(self, width: int, quiet: bool = False) -> None:
        super().__init__()
        self.conv1, self.conv2 = (nn.Conv2d(width, width, 3, padding=1, bias=False) for _ in range(2))
        self.norm1, self.norm2 = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        if quiet:
            nn.init.zeros_(self.norm2.weight)

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.norm1(self.conv1(x)))
        return F.relu(x + self.norm2(self.conv2(out)))


def train_residual(steps: int, quiet: bool):
    x, y = digits()
    stem = [nn.Conv2d(1, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10)]
    model = nn.Sequential(*stem, *(Residual(16, quiet) for _ in range(3)), *head)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
    for rows, labels in batches(steps, 64, x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(rows), labels)
        loss.backward()
        optimizer.step()
        yield loss.item()


@program(steps=150, below=0.6)
def resnet(steps):
    yield from train_residual(steps, quiet=False)


@program(steps=150, below=0.6)
def resnet_zero_init_residual(steps):
    yield from train_residual(steps, quiet=True)


class UNet(nn.Module):
    """Two levels down and up again, with skips."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.down1, self.down2, self.bottom = self.block(1, 8), self.block(8, 16), self.block(16, 32)
        self.lift2, self.lift1 = nn.ConvTranspose2d(32, 16, 2, 2), nn.ConvTranspose2d(16, 8, 2, 2)
        self.up2, self.up1, self.head = self.block(32, 16), self.block(16, 8), nn.Conv2d(8, classes, 1)

    @staticmethod
    def block(into: int, out: int) -> nn.Sequential:
        return nn.Sequential(nn.Conv2d(into, out, 3, padding=1), nn.BatchNorm2d(out), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        high = self.down1(x)
        middle = self.down2(F.max_pool2d(high, 2))
        low = self.bottom(F.max_pool2d(middle, 2))
        x = self.up2(torch.cat([self.lift2(low), middle], 1))
        return self.head(self.up1(torch.cat([self.lift1(x), high], 1)))


@program(steps=250, below=0.4)
def unet_dice_and_bce(steps):
    x, mask = discs()
    model = UNet(1)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for rows, masks in batches(steps, 16, x, mask.unsqueeze(1).float()):
        optimizer.zero_grad()
        logits = model(rows)
        share = torch.sigmoid(logits)
        dice = 1 - (2 * (share * masks).sum() + 1) / (share.sum() + masks.sum() + 1)
        loss = F.binary_cross_entropy_with_logits(logits, masks) + dice
        loss.backward()
        optimizer.step()
        yield loss.item()


@program(steps=150, below=0.2)
def segmentation_cross_entropy_2d(steps):
    x, mask = discs()
    model = nn.Sequential(
        nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.Conv2d(16, 16, 5, padding=2), nn.ReLU(), nn.Conv2d(16, 2, 1)
    )
    criterion = nn.CrossEntropyLoss(weight=torch.tensor([0.3, 0.7]))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for rows, masks in batches(steps, 16, x, mask):
        optimizer.zero_grad()
        loss = criterion(model(rows), masks)
        loss.backward()
        optimizer.step()
        yield loss.item()


class ViT(nn.Module):
    """Patches of 2 x 2, a class token, pre-norm encoder layers."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.patch = nn.Conv2d(1, width, 2, 2)
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.place = nn.Parameter(0.02 * torch.randn(1, 17, width))
        layer = nn.TransformerEncoderLayer(width, 4, 64, 0.1, F.gelu, batch_first=True, norm_first=True)
        self.body = nn.TransformerEncoder(layer, 3, nn.LayerNorm(width), enable_nested_tensor=False)
        self.head = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        patches = self.patch(x).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.token.expand(len(x), -1, -1), patches], 1) + self.place
        return self.head(self.body(tokens)[:, 0])


@program(steps=250, below=0.6)
def vit(steps):
    x, y = digits()
    model = ViT()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.05)
    for rows, labels in batches(steps, 64, x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(rows), labels)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        yield loss.item()


@cache
def pretrained() -> nn.Sequential:
    """A small network that already tells the digits 0 to 4 apart."""
    x, y = digits()
    x, y = x[y < 5], y[y < 5]
    body = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(256, 64), nn.ReLU()
    )
    model = nn.Sequential(body, nn.Linear(64, 5))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for rows, labels in batches(80, 64, x, y):
        optimizer.zero_grad()
        F.cross_entropy(model(rows), labels).backward()
        optimizer.step()
    return body


@program(steps=500, below=0.6, before=pretrained)
def fine_tune_frozen_body(steps):
    x, y = digits()
    body = deepcopy(pretrained()).requires_grad_(False)
    model = nn.Sequential(body, nn.Linear(64, 10))
    optimizer = torch.optim.Adam(model[1].parameters(), lr=5e-3)
    for rows, labels in batches(steps, 64, x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(rows), labels)
        loss.backward()
        optimizer.step()
        yield loss.item()


@program(steps=500, below=0.4, before=pretrained)
def fine_tune_two_rates(steps):
    x, y = digits()
    body = deepcopy(pretrained())
    body[0].requires_grad_(False)
    model = nn.Sequential(body, nn.Linear(64, 10))
    groups = [{"params": body[4].parameters(), "lr": 2e-4}, {"params": model[1].parameters(), "lr": 5e-3}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    for rows, labels in batches(steps, 64, x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(rows), labels)
        loss.backward()
        optimizer.step()
        yield loss.item()
