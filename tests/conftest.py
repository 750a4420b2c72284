"""What every test starts from."""

import os
from pathlib import Path

import pytest
import torch

os.environ["LC_ALL"] = "C.UTF-8"  # reports are compared in English, whatever language the developer's machine speaks
torch.set_num_threads(1)  # sums in one order on every machine, and faster on nets this small


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


@pytest.fixture
def every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sample every step."""
    from neurologist.watch.sampler import Sampler

    monkeypatch.setattr(Sampler, "wants", lambda self, step: "early")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return Path(__file__).resolve().parents[1]
