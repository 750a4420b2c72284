"""No healthy program is called sick: watched whole, for twelve steps, and from the middle on."""

import pytest

import neurologist as nl

from .programs import ZOO, Program

SHORT = 12
BUDGET = 1.0  # samples are then spaced by steps alone, the same on a busy machine
LATE = 40  # steps watched when the examination starts in mid-training

pytestmark = pytest.mark.filterwarnings("default::DeprecationWarning")  # libraries' own

programs = pytest.mark.parametrize("program", ZOO.values(), ids=str)


def complaints(session: nl.Session) -> str:
    """What a user of a healthy program would be alarmed by."""
    diagnosis = session.diagnose()
    said = [f"{f.severity} {f.rule} at {f.origin}: {f.message}" for f in diagnosis.findings if f.severity != "info"]
    return "\n".join(said + [f"not measured: {m.what}: {m.why}" for m in diagnosis.not_measured])


@programs
def test_silent_over_a_whole_run(program: Program):
    session = nl.watch(BUDGET)
    values = program(around=session)
    assert program.learns(values), f"the program itself does not learn: {values[0]} to {values[-1]}"
    assert not (said := complaints(session)), said


@programs
def test_silent_over_a_short_run(program: Program):
    session = nl.watch(BUDGET, steps=SHORT)
    program(SHORT, around=session)
    assert not (said := complaints(session)), said


@programs
def test_silent_when_it_starts_in_mid_training(program: Program):
    session, half = nl.watch(BUDGET), program.steps // 2
    program(half + min(LATE, half), unseen=half, around=session)
    assert not (said := complaints(session)), said
