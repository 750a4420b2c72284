"""Every fault is put where it belongs, the programs are healthy without one, and a sample of the faults is found."""

import ast
import random

import pytest

from neurologist.diagnose.engine import rules

from .cell import Cell
from .fault import PROGRAMS, mutated, source
from .faults import FAULTS
from .matrix import judge, run
from .page import markdown

SAMPLE = 20
ALONE = {  # rules whose fault is put into no program, and why
    "gradient-through-time": "needs a task that is about what came long before; its specimen has one",
    "same-data-on-ranks": "needs several processes; its specimen has two",
    "diverging-replicas": "needs several processes; its specimen has two",
    "odd-rank": "needs several processes; its specimen has two",
    "lost-rank": "needs several processes; its specimen has two",
}
CELLS = [(fault, program) for fault in FAULTS for program in fault.edits]
SURE = [(fault, program) for fault, program in CELLS if fault.placed and not fault.by_degree]


@pytest.mark.parametrize(("fault", "program"), CELLS, ids=str)
def test_an_edited_program_is_a_program(fault, program):
    text, line = mutated(fault, program)
    ast.parse(text)
    assert text.splitlines()[line - 1] not in source(program).splitlines()[line - 1 : line]


def test_every_rule_has_a_fault():
    assert set(rules()) - set(ALONE) - {fault.rule for fault in FAULTS} == set()


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_programs_are_healthy(program):
    diagnosis, score, error = run(source(program), program)
    assert error == ""
    assert score > 0.5
    assert [f.rule for f in diagnosis.findings if f.severity != "info"] == []
    assert diagnosis.not_measured == ()


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "program"), random.Random(0).sample(SURE, SAMPLE), ids=str)
def test_a_fault_of_one_line_is_found_first_and_at_its_line(fault, program):
    cell = judge(fault, program)
    assert (cell.verdict, cell.found_at) == ("first", cell.line), cell.findings
    assert cell.not_measured == ()


def test_the_page_counts_what_was_found_first():
    findings = (("error", "dead-units", "All are dead."),)
    cells = [
        Cell("double-softmax: twice", ("`double-softmax`",), PROGRAMS[0], True, "first", line=3, found_at=3),
        Cell("double-softmax: twice", ("`double-softmax`",), PROGRAMS[1], True, "missed", findings),
        *(Cell("double-softmax: twice", ("`double-softmax`",), name, True, "none") for name in PROGRAMS[2:]),
    ]
    page = markdown(cells)
    assert "first: 1 of 2 (50%)" in page
    assert "| twice | first | **missed** |  |  |  | `double-softmax` |" in page
    assert f"- twice, {PROGRAMS[1]}: error `dead-units`: All are dead." in page
