"""What every test starts from."""

from pathlib import Path

import pytest
import torch

torch.set_num_threads(1)  # sums in one order on every machine, and faster on nets this small


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return Path(__file__).resolve().parents[1]
