"""Programs drawn at random, many of them nonsense: watched or not, each leaves the same behind and ends the same."""

from __future__ import annotations

import json
import random
import re
import warnings
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import pytest
import torch

import neurologist as nl
from neurologist.watch.sampler import Sampler

from .conftest import frozen
from .random_programs import program
from .random_programs.drawing import Draw

PROGRAMS = 500
ADDRESS = re.compile(r"0x[0-9a-f]{6,}")
MODES = (torch.is_anomaly_enabled, torch.is_anomaly_check_nan_enabled, torch.is_grad_enabled)
REPLACED = (
    (torch.autograd, "backward"),
    (torch.autograd, "grad"),
    (torch, "is_anomaly_enabled"),
    (torch.Tensor, "backward"),
)


def said(error: BaseException | None) -> list[tuple[str, str]]:
    """Type and text of an exception and of what it came from."""
    if error is None:
        return []
    own = type(error).__name__, ADDRESS.sub("0x", str(error))
    return [own, *said(error.__cause__), *said(error.__context__)]


def bits(value: Any) -> Any:
    """What `frozen` makes of it; also of exceptions, lazy conjugates and optimizers that torch does not know."""
    if isinstance(value, BaseException):
        return said(value)
    if isinstance(value, torch.Tensor):
        if value.layout != torch.strided or value.is_nested:
            value = value.detach().to_dense()
        return frozen(value.detach().resolve_conj().resolve_neg().clone(memory_format=torch.contiguous_format))
    return frozen(getattr(value, "optimizers", getattr(value, "parameters", value)) if _own(value) else value)


def _own(value: Any) -> bool:
    return type(value).__module__.endswith("loops")


def outcome(seed: int, around: AbstractContextManager[Any]) -> tuple[dict[str, Any], list[str]]:
    """Run program `seed`; everything that it leaves behind, and what was drawn."""
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)
    d, trace = Draw(seed), []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            with around:
                program(d, trace)
        except Exception as error:
            trace.append(error)
    left = {
        "trace": [repr(bits(value)) for value in trace],  # of what is not a tensor NaN equals NaN as text alone
        "random": frozen([torch.get_rng_state(), np.random.get_state(), random.getstate()]),
        # Without what torch tells of where the forward pass was: it knows more of that while we watch.
        "warnings": [(w.category.__name__, str(w.message).partition(". ")[0]) for w in caught],
        "modes": [mode() for mode in MODES],
        "functions": [getattr(*place) for place in REPLACED],
    }
    return left, d.notes


@pytest.fixture(autouse=True)
def _every_warning():
    """Warnings that torch gives once per process come every time, so that runs can be compared."""
    torch.set_warn_always(True)
    yield
    torch.set_warn_always(False)


@pytest.mark.parametrize("seed", range(PROGRAMS))
def test_random_program_is_left_alone(seed: int, monkeypatch: pytest.MonkeyPatch):
    plain, notes = outcome(seed, nullcontext())
    about = "; ".join(notes)
    now_and_then = nl.watch()
    assert outcome(seed, now_and_then)[0] == plain, about
    monkeypatch.setattr(Sampler, "wants", lambda self, step: "early")
    closely = nl.watch()
    assert outcome(seed, closely)[0] == plain, about
    for session in (now_and_then, closely):
        diagnosis = session.diagnose()
        assert diagnosis.not_measured == (), about
        assert json.loads(diagnosis.writers[".json"](diagnosis), parse_constant=pytest.fail)
    assert str(diagnosis)
