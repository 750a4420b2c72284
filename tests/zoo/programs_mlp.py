"""Fully connected networks: ten activations, and the usual optimizers, regularisers and tricks around them."""

from functools import partial

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from .data import batches, digits, flat_digits, surface, tumours
from .registry import program

ACTIVATIONS = (nn.ReLU, nn.LeakyReLU, nn.ELU, nn.SELU, nn.GELU, nn.SiLU, nn.Mish, nn.Tanh, nn.Sigmoid, nn.Softplus)


def mlp_with(activation: type[nn.Module], steps: int):
    x, y = flat_digits()
    model = nn.Sequential(nn.Linear(64, 96), activation(), nn.Linear(96, 96), activation(), nn.Linear(96, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for rows, labels in batches(steps, 64, x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(rows), labels)
        loss.backward()
        optimizer.step()
        yield loss.item()


for kind in ACTIVATIONS:
    program(steps=250, below=0.3, name=f"mlp-{kind.__name__.lower()}")(partial(mlp_with, kind))


@program(steps=300, below=0.2)
def mlp_regression_tanh(steps):
    x, y = surface()
    model = nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for rows, targets in batches(steps, 100, x, y):
        optimizer.zero_grad()
        loss = F.mse_loss(model(rows), targets)
        loss.backward()
        optimizer.step()
        yield loss.item()


@program(steps=400, below=0.3)
def mlp_plain_sgd(steps):
    x, y = digits()
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    for rows, labels in batches(steps, 64, x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(rows), labels)
        loss.backward()
        optimizer.step()
        yield loss.item()


@program(steps=300, below=0.3)
def mlp_batch_norm_loader(steps):
    loader = DataLoader(TensorDataset(*flat_digits()), batch_size=64, shuffle=True, drop_last=True)
    model = nn.Sequential(
        nn.Linear(64, 64),
        nn.BatchNorm1d(64),
        nn.ReLU(),
        nn.Linear(64, 64),
        nn.BatchNorm1d(64),
        nn.ReLU(),
        nn.Linear(64, 10),
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    done = 0
    while done < steps:
        for rows, labels in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(rows), labels)
            loss.backward()
            optimizer.step()
            yield loss.item()
            done += 1
            if done == steps:
                return


@program(steps=400, below=0.7)
def mlp_heavy_dropout(steps):
    x, y = flat_digits()
    model = nn.Sequential(
        nn.Dropout(0.2), nn.Linear(64, 256), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(256, 256), nn.ReLU(), nn.Dropout(0.5), nn.Linear(256, 10),
    )  # fmt: skip
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for rows, labels in batches(steps, 64, x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(rows), labels)
        loss.backward()
        optimizer.step()
        yield loss.item()


@program(steps=300, below=0.3)
def mlp_adamw_cosine(steps):
    x, y = flat_digits()
    model = nn.Sequential(
        nn.Linear(64, 128), nn.GELU(), nn.LayerNorm(128), nn.Linear(128, 128), nn.GELU(), nn.Linear(128, 10)
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=300)
    for rows, labels in batches(steps, 64, x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(rows), labels)
        loss.backward()
        optimizer.step()
        schedule.step()
        yield loss.item()


@program(steps=300, below=0.4)
def mlp_sgd_warm_up(steps):
    x, y = flat_digits()
    model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / 100))
    for rows, labels in batches(steps, 64, x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(rows), labels)
        loss.backward()
        optimizer.step()
        schedule.step()
        yield loss.item()


@program(steps=150, below=0.4)
def mlp_accumulate_and_clip(steps):
    x, y = flat_digits()
    model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for rows, labels in batches(steps, 64, x, y):
        total = 0.0
        optimizer.zero_grad()
        for part, answers in zip(rows.chunk(4), labels.chunk(4), strict=True):
            loss = F.cross_entropy(model(part), answers) / 4
            loss.backward()
            total += loss.item()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        yield total


@program(steps=250, below=0.4)
def mlp_bfloat16_autocast(steps):
    x, y = flat_digits()
    model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for rows, labels in batches(steps, 64, x, y):
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = F.cross_entropy(model(rows), labels)
        loss.backward()
        optimizer.step()
        yield loss.item()


@program(steps=300, below=0.9)
def mlp_label_smoothing(steps):
    x, y = flat_digits()
    model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for rows, labels in batches(steps, 64, x, y):
        optimizer.zero_grad()
        loss = criterion(model(rows), labels)
        loss.backward()
        optimizer.step()
        yield loss.item()


@program(steps=300, below=1.1)
def mlp_mixup(steps):
    x, y = flat_digits()
    model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    share = torch.distributions.Beta(0.4, 0.4)
    for rows, labels in batches(steps, 64, x, y):
        optimizer.zero_grad()
        mix, other = share.sample(), torch.randperm(len(rows))
        targets = F.one_hot(labels, 10).float()
        mixed = mix * rows + (1 - mix) * rows[other]
        loss = F.cross_entropy(model(mixed), mix * targets + (1 - mix) * targets[other])
        loss.backward()
        optimizer.step()
        yield loss.item()


@program(steps=30, below=0.1)
def mlp_lbfgs(steps):
    x, y = surface()
    model = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 1))
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=10)

    def closure():
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()
        return loss

    for _ in range(steps):
        yield optimizer.step(closure).item()


@program(steps=200, below=0.2)
def logistic_regression(steps):
    x, y = tumours()
    model = nn.Linear(30, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for rows, labels in batches(steps, 64, x, y):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(rows), labels)
        loss.backward()
        optimizer.step()
        yield loss.item()


@program(steps=200, below=0.2)
def binary_sigmoid_bce(steps):
    x, y = tumours()
    model = nn.Sequential(nn.Linear(30, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 1), nn.Sigmoid())
    criterion = nn.BCELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for rows, labels in batches(steps, 32, x, y):
        optimizer.zero_grad()
        loss = criterion(model(rows), labels)
        loss.backward()
        optimizer.step()
        yield loss.item()
