"""Reading the tape of a few steps, as a record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

import neurologist as nl
from neurologist.record import Op, Run
from neurologist.watch.sampler import Sampler


@pytest.fixture
def tape(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """Run functions that call backward, with every step sampled; gives the record of all of them."""

    def tape(*steps: Callable[[], Any], complete: bool = True) -> Run:
        monkeypatch.setattr(Sampler, "wants", lambda self, step: "early")
        clock = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)  # its steps are the steps
        with nl.watch() as session:
            for step in steps:
                step()
                clock.step()
        diagnosis = session.diagnose()
        if complete:
            assert diagnosis.not_measured == ()
        return Run(session._store.connection)

    return tape


@pytest.fixture
def one() -> Callable[..., Op]:
    """The one op of a run with these attributes."""

    def one(run: Run, **attributes: Any) -> Op:
        found = [op for op in run.ops if all(getattr(op, k) == v for k, v in attributes.items())]
        assert len(found) == 1, [(op.name, op.kind, op.code) for op in run.ops]
        return found[0]

    return one
