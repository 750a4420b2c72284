"""Puts faults into programs, runs them watched and says what was found: `python -m tests.mutations.matrix [NAME ...]`.

With `--write docs/mutations.md` the page is made anew.
"""

from __future__ import annotations

import argparse
import runpy
import tempfile
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import torch

import neurologist as nl

from .cell import Cell
from .fault import CLASSES, PROGRAMS, Fault, mutated, source
from .faults import FAULTS
from .page import markdown, summary

HARMED = 0.05  # of the healthy program's score: what a fault by degree must take to be one


def run(text: str, name: str) -> tuple[nl.Diagnosis, float, str]:
    """Run a program's text as a script of its own; the diagnosis, how well it learnt, and what ended it."""
    torch.set_num_threads(1)
    error, left = "", {}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the user's own
        path = Path(folder) / f"{name}.py"
        path.write_text(text, encoding="utf-8")
        with nl.watch(1.0) as session:
            try:
                left = runpy.run_path(str(path))
            except Exception as raised:
                error = f"{type(raised).__name__}: {raised}"
        diagnosis = session.diagnose()
    return diagnosis, learnt(left, name) if left else 0.0, error


@torch.no_grad()
def learnt(left: dict[str, Any], name: str) -> float:
    """Share of right classes, or of the variance explained, on the data that it was trained on."""
    outputs, y = left["model"](left["x"]), left["y"]
    if name in CLASSES:
        return float((outputs.argmax(1) == y).double().mean())
    return float(1 - (outputs - y).square().mean() / y.var())


@cache
def healthy(program: str) -> float:
    """How well the healthy program learns."""
    return run(source(program), program)[1]


def judge(fault: Fault, program: str) -> Cell:
    """Put a fault into a program and see what is said."""
    names = (*(f"`{rule}`" for rule in (fault.rule, *fault.also)), *fault.causes)
    if program not in fault.edits:
        return Cell(str(fault), names, program, fault.placed, "none")
    text, line = mutated(fault, program)
    diagnosis, score, error = run(text, program)
    places = [i for i, finding in enumerate(diagnosis.findings) if fault.named(finding)]
    found_at = diagnosis.findings[places[0]].origin.line if places else None
    verdict = "missed" if not places else "first" if places[0] == 0 else "found"
    if verdict != "first" and fault.by_degree and not error and score > healthy(program) - HARMED:
        verdict = "harmless"
    findings = tuple((f.severity, f.rule, f.message) for f in diagnosis.findings)
    missing = tuple(f"{m.what}: {m.why}" for m in diagnosis.not_measured)
    seen = (verdict, findings, score, error, line, found_at, missing)
    return Cell(str(fault), names, program, fault.placed, *seen)


def chosen(names: list[str]) -> Iterator[tuple[Fault, str]]:
    """Cells whose fault or program one of the names is a part of; all of them without names."""
    for fault in FAULTS:
        for program in PROGRAMS:
            if not names or any(name in f"{fault} {program}" for name in names):
                yield fault, program


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="parts of faults' and programs' names; all by default")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="write the page")
    parser.add_argument("--jobs", "-j", type=int, default=1)
    options = parser.parse_args()
    cells = []
    with ProcessPoolExecutor(options.jobs) as pool:
        faults, programs = zip(*chosen(options.names), strict=True)
        for cell in pool.map(judge, faults, programs):
            cells.append(cell)
            if cell.verdict != "none":
                show(cell)
    print("\n".join(summary(cells)))
    if options.write:
        options.write.write_text(markdown(cells), encoding="utf-8")


def show(cell: Cell) -> None:
    said = ", ".join(f"{severity}:{rule}" for severity, rule, _ in cell.findings) or "nothing"
    place = "" if cell.found_at in (None, cell.line) else f" at {cell.found_at}, not {cell.line}"
    print(f"{cell.verdict:9} {cell.fault} | {cell.program}{place} | {cell.score:.2f} {cell.error} | {said}", flush=True)
    for missing in cell.not_measured:
        print(f"          not measured: {missing}")


if __name__ == "__main__":
    main()
