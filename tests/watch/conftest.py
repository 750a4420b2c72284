"""Training a program plain and watched, and comparing everything that it leaves behind, bit by bit."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import neurologist as nl
from neurologist.watch.sampler import Sampler


def frozen(value: Any) -> Any:
    """A copy that compares bitwise: tensors by dtype, shape and bytes; modules and optimizers by their state."""
    if isinstance(value, torch.Tensor):
        value = value.detach()
        if value.layout is not torch.strided:
            value = value.to_dense()
        bits = torch.view_as_real(value) if value.is_complex() else value
        return str(value.dtype), tuple(value.shape), bits.contiguous().flatten().view(torch.uint8).numpy().tobytes()
    if isinstance(value, nn.Module):
        gradients = [p.grad for p in value.parameters()]
        return frozen(value.state_dict()), frozen(gradients), value.training
    if isinstance(value, torch.optim.Optimizer):
        return frozen(value.state_dict())
    if isinstance(value, Mapping):
        return {key: frozen(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [frozen(v) for v in value]
    if isinstance(value, np.ndarray):
        return value.tobytes()
    return value


def outcome(program: Callable[[], Any]) -> dict[str, Any]:
    """Run a program from fixed seeds; what it returns, and the random states after it."""
    torch.manual_seed(1)
    np.random.seed(1)
    random.seed(1)
    returned = frozen(program())
    generators = {"torch": torch.get_rng_state(), "numpy": np.random.get_state()}
    return {"returned": returned, "python": random.getstate(), **frozen(generators)}


@pytest.fixture
def unharmed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], nl.Session]:
    """Assert that a program leaves the same behind watched as plain; gives the session that sampled every step."""

    def unharmed(program: Callable[[], Any]) -> nl.Session:
        plain = outcome(program)
        assert outcome(program) == plain, "the program itself does not repeat"
        with nl.watch():
            assert outcome(program) == plain
        monkeypatch.setattr(Sampler, "wants", lambda self, step: "early")
        with nl.watch() as session:
            assert outcome(program) == plain
        assert session.samples > 1
        problems = unmeasured(session)
        assert problems == []
        return session

    return unharmed


def unmeasured(session: nl.Session) -> list[tuple[str, str]]:
    """What a session could not measure."""
    return [(p.what, p.why) for p in session.diagnose().not_measured]
