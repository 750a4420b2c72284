"""Tables of numbers and categories: likelihoods beyond the square, several outputs, several losses."""

import torch
from torch import nn
from torch.nn import functional as F

from .data import batches, diabetes, flat_digits, surface
from .registry import program


@program(steps=300, below=0.35)
def huber_with_outliers(steps):
    x, y = surface()
    y = y.clone()
    y[::20] += 15 * torch.randn(len(y[::20]), 1)
    model = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for rows, targets in batches(steps, 100, x[:, :], y):
        optimizer.zero_grad()
        loss = F.huber_loss(model(rows), targets, delta=0.5)
        loss.backward()
        optimizer.step()
        yield loss.item()


@program(steps=250, below=0.6)
def small_real_regression(steps):
    x, y = diabetes()
    model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for rows, targets in batches(steps, 64, x, y):
        optimizer.zero_grad()
        loss = F.mse_loss(model(rows), targets)
        loss.backward()
        optimizer.step()
        yield loss.item()


@program(steps=500, below=0.45)
def quantile_regression(steps):
    x, y = surface()
    levels = torch.tensor([0.1, 0.5, 0.9])
    model = nn.Sequential(nn.Linear(4, 64), nn.SiLU(), nn.Linear(64, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for rows, targets in batches(steps, 100, x, y):
        optimizer.zero_grad()
        error = targets - model(rows)
        loss = torch.maximum(levels * error, (levels - 1) * error).mean(0).sum()
        loss.backward()
        optimizer.step()
        yield loss.item()


@program(steps=300, below=0.2)
def poisson_counts(steps):
    x, _ = surface()
    counts = torch.poisson(torch.exp(1 + 0.5 * x[:, :1] - 0.3 * x[:, 1:2]))
    model = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 1))
    criterion = nn.PoissonNLLLoss(log_input=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for rows, targets in batches(steps, 100, x, counts):
        optimizer.zero_grad()
        loss = criterion(model(rows), targets)
        loss.backward()
        optimizer.step()
        yield loss.item()


@program(steps=300, below=0.0)
def gaussian_nll_with_variance_head(steps):
    x, y = surface()
    trunk, mean, spread = nn.Sequential(nn.Linear(4, 64), nn.Tanh()), nn.Linear(64, 1), nn.Linear(64, 1)
    parameters = [p for m in (trunk, mean, spread) for p in m.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=5e-3)
    for rows, targets in batches(steps, 100, x, y):
        optimizer.zero_grad()
        hidden = trunk(rows)
        loss = F.gaussian_nll_loss(mean(hidden), targets, F.softplus(spread(hidden)) + 1e-4)
        loss.backward()
        optimizer.step()
        yield loss.item()


@program(steps=300, below=0.25)
def multi_label(steps):
    x, y = flat_digits()
    facts = torch.stack([y % 2 == 0, y > 4, y % 3 == 0, (y == 0) | (y == 6) | (y == 8) | (y == 9)], 1).float()
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for rows, labels in batches(steps, 64, x, facts):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(rows), labels)
        loss.backward()
        optimizer.step()
        yield loss.item()


@program(steps=300, below=0.25)
def ordinal_steps(steps):
    """Five ordered grades as four yes-no questions: is it above 1, above 2, ..."""
    x, y = surface()
    grade = torch.bucketize(y, torch.quantile(y, torch.tensor([0.2, 0.4, 0.6, 0.8])))
    above = (grade > torch.arange(4)).float()
    model = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 4))
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for rows, labels in batches(steps, 100, x, above):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy(torch.sigmoid(model(rows)), labels)
        loss.backward()
        optimizer.step()
        yield loss.item()


@program(steps=300, below=0.9)
def multi_task(steps):
    x, y = flat_digits()
    ink = x.mean(1, keepdim=True)
    trunk = nn.Sequential(nn.Linear(64, 64), nn.ReLU())
    heads = nn.ModuleDict({"digit": nn.Linear(64, 10), "ink": nn.Linear(64, 1)})
    optimizer = torch.optim.Adam([*trunk.parameters(), *heads.parameters()], lr=2e-3)
    for rows, labels, amounts in batches(steps, 64, x, y, ink):
        optimizer.zero_grad()
        hidden = trunk(rows)
        loss = F.cross_entropy(heads["digit"](hidden), labels) + 2 * F.mse_loss(heads["ink"](hidden), amounts)
        loss.backward()
        optimizer.step()
        yield loss.item()


class TabularNet(nn.Module):
    """Categories as embeddings beside normalised numbers."""

    def __init__(self, sizes: list[int], numbers: int) -> None:
        super().__init__()
        self.tables = nn.ModuleList([nn.Embedding(size, 8) for size in sizes])
        self.norm = nn.BatchNorm1d(numbers)
        self.body = nn.Sequential(nn.Linear(8 * len(sizes) + numbers, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 1))

    def forward(self, kinds: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        looked_up = [table(kinds[:, i]) for i, table in enumerate(self.tables)]
        return self.body(torch.cat([*looked_up, self.norm(numbers)], 1)).squeeze(1)


@program(steps=300, below=0.35)
def tabular_embeddings(steps):
    kinds = torch.stack([torch.randint(size, (1000,)) for size in (12, 7, 30)], 1)
    numbers = torch.rand(1000, 3) * torch.tensor([100.0, 1.0, 40.0])
    effect = torch.randn(12)[kinds[:, 0]] + torch.randn(30)[kinds[:, 2]]
    bought = (effect + numbers[:, 0] / 40 - numbers[:, 2] / 20 > 0).float()
    model = TabularNet([12, 7, 30], 3)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for some, values, labels in batches(steps, 100, kinds, numbers, bought):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(some, values), labels)
        loss.backward()
        optimizer.step()
        yield loss.item()


@program(steps=300, below=0.4)
def matrix_factorisation(steps):
    users, items = torch.randn(80, 4), torch.randn(60, 4)
    who, what = torch.randint(80, (3000,)), torch.randint(60, (3000,))
    stars = ((users[who] * items[what]).sum(1) / 2 + 0.1 * torch.randn(3000)).clamp(-3, 3)
    left, right = nn.Embedding(80, 8), nn.Embedding(60, 8)
    for table in (left, right):
        nn.init.normal_(table.weight, std=0.1)
    optimizer = torch.optim.Adam([*left.parameters(), *right.parameters()], lr=2e-2)
    for a, b, targets in batches(steps, 250, who, what, stars):
        optimizer.zero_grad()
        loss = F.mse_loss((left(a) * right(b)).sum(1), targets)
        loss.backward()
        optimizer.step()
        yield loss.item()


@program(steps=300, below=0.15)
def softcapped_logits(steps):
    x, y = flat_digits()
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for rows, labels in batches(steps, 64, x, y):
        optimizer.zero_grad()
        logits = 30 * torch.tanh(model(rows) / 30)
        loss = F.cross_entropy(logits, labels)
        loss.backward()
        optimizer.step()
        yield loss.item()


@program(steps=300, below=0.3)
def cosine_logits(steps):
    x, y = flat_digits()
    body = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32))
    centres = nn.Parameter(torch.randn(10, 32))
    optimizer = torch.optim.Adam([*body.parameters(), centres], lr=3e-3)
    for rows, labels in batches(steps, 64, x, y):
        optimizer.zero_grad()
        logits = F.normalize(body(rows), dim=1) @ F.normalize(centres, dim=1).T / 0.1
        loss = F.cross_entropy(logits, labels)
        loss.backward()
        optimizer.step()
        yield loss.item()
