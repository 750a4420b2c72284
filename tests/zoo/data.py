"""Small data that the zoo's programs learn: real where scikit-learn or Python bring some, drawn otherwise."""

import math
import statistics
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import torch
from sklearn import datasets
from torch import Tensor


def batches(steps: int, size: int, *data: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """`steps` shuffled batches, pass after pass over the data; the last, smaller one of a pass is dropped."""
    while steps > 0:
        for rows in torch.randperm(len(data[0])).split(size)[: len(data[0]) // size][:steps]:
            yield tuple(d[rows] for d in data)
            steps -= 1


def standard(x: Tensor) -> Tensor:
    """Every column at mean 0 and variance 1."""
    return (x - x.mean(0)) / x.std(0).clamp_min(1e-6)


@cache
def digits() -> tuple[Tensor, Tensor]:
    """1,797 scanned digits: (n, 1, 8, 8) from 0 to 1, and their classes."""
    bunch = datasets.load_digits()
    return torch.tensor(bunch.images, dtype=torch.float32).unsqueeze(1) / 16, torch.tensor(bunch.target)


@cache
def flat_digits() -> tuple[Tensor, Tensor]:
    """The digits as standardised rows of 64."""
    x, y = digits()
    return standard(x.flatten(1)), y


@cache
def tumours() -> tuple[Tensor, Tensor]:
    """569 tumours: 30 standardised measures, and 0 or 1 as (n, 1) floats."""
    bunch = datasets.load_breast_cancer()
    return standard(torch.tensor(bunch.data, dtype=torch.float32)), torch.tensor(bunch.target).float().unsqueeze(1)


@cache
def diabetes() -> tuple[Tensor, Tensor]:
    """442 patients: 10 standardised measures, and the disease's progress, standardised, (n, 1)."""
    bunch = datasets.load_diabetes()
    x, y = (torch.tensor(a, dtype=torch.float32) for a in (bunch.data, bunch.target))
    return standard(x), standard(y.unsqueeze(1))


@cache
def surface(rows: int = 1000) -> tuple[Tensor, Tensor]:
    """Four features and a smooth bent target of about unit scale with a little noise, (n, 1)."""
    g = torch.Generator().manual_seed(1)
    x = torch.randn(rows, 4, generator=g)
    y = torch.sin(2 * x[:, :1]) + 0.5 * x[:, 1:2] * x[:, 2:3]
    return x, y + 0.1 * torch.randn(rows, 1, generator=g)


@cache
def rings(rows: int = 1000) -> Tensor:
    """Points of the plane on two half moons, standardised."""
    return standard(torch.tensor(datasets.make_moons(rows, noise=0.05, random_state=0)[0], dtype=torch.float32))


@cache
def discs(count: int = 256, side: int = 16) -> tuple[Tensor, Tensor]:
    """Noisy images (n, 1, side, side) of a bright disc, and its mask (n, side, side) of 0 and 1."""
    g = torch.Generator().manual_seed(2)
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    centre = torch.rand(count, 2, 1, 1, generator=g) * (side - 6) + 3
    radius = torch.rand(count, 1, 1, generator=g) * 3 + 2
    mask = (rows - centre[:, 0]) ** 2 + (columns - centre[:, 1]) ** 2 < radius**2
    return (mask + 0.3 * torch.randn(count, side, side, generator=g)).unsqueeze(1), mask.long()


@cache
def text() -> tuple[Tensor, int]:
    """A Python source file as character numbers, and how many different ones there are."""
    letters = Path(statistics.__file__).read_text(encoding="utf-8")[:30_000]
    kinds = sorted(set(letters))
    return torch.tensor([kinds.index(c) for c in letters]), len(kinds)


def passages(steps: int, size: int, length: int) -> Iterator[tuple[Tensor, Tensor]]:
    """`steps` batches of text, (size, length), and the same text one character on."""
    letters, _ = text()
    for _ in range(steps):
        starts = torch.randint(len(letters) - length - 1, (size, 1)) + torch.arange(length)
        yield letters[starts], letters[starts + 1]


@cache
def waves(count: int = 512, length: int = 24) -> tuple[Tensor, Tensor]:
    """Noisy sines (n, length, 1) of four frequencies, and which of the four."""
    g = torch.Generator().manual_seed(3)
    kind = torch.randint(4, (count,), generator=g)
    phase = 2 * math.pi * torch.rand(count, 1, generator=g)
    x = torch.sin(torch.arange(length) * (0.25 + 0.3 * kind.unsqueeze(1)) + phase)
    return (x + 0.2 * torch.randn(count, length, generator=g)).unsqueeze(2), kind
