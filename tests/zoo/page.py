"""Writes docs/zoo.md, what is said of every healthy program over several seeds: `python -m tests.zoo.page`."""

import argparse
from pathlib import Path
from statistics import fmean

import torch
from rich.progress import track

import neurologist as nl

from .programs import ZOO, Program
from .registry import ENDS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "zoo.md"
HEAD = """# The healthy zoo

{programs} programs that people really train, each from {seeds} seeds, every early step and ever fewer later ones looked
at: {errors} errors, {warnings} warnings. Notes are no alarms. Made by `python -m tests.zoo.page` with torch {torch};
the programs stand in `tests/zoo`.

| program | steps | loss, first | last | errors | warnings | notes |
|---|---|---|---|---|---|---|
"""


def examined(program: Program, seed: int) -> tuple[list[float], nl.Diagnosis]:
    """What a program yields, and what is said of it."""
    session = nl.watch(budget=1.0)
    values = program(seed=seed, around=session)
    return values, session.diagnose()


def line(program: Program, runs: list[tuple[list[float], nl.Diagnosis]]) -> tuple[str, int, int]:
    """A row of the table, and how many errors and warnings it holds."""
    found = [(f.severity, f.rule) for _, diagnosis in runs for f in diagnosis.findings]
    errors, warnings = (sum(severity == kind for severity, _ in found) for kind in ("error", "warning"))
    notes = ", ".join(sorted({rule for severity, rule in found if severity == "info"}))
    first = fmean(value for values, _ in runs for value in values[:3])
    last = fmean(value for values, _ in runs for value in values[-ENDS:])
    told = f"| {program} | {len(runs[0][0])} | {first:.3g} | {last:.3g} | {errors} | {warnings} | {notes} |"
    return told, errors, warnings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--write", type=Path, default=PAGE, metavar="PAGE")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = [
        line(program, [examined(program, seed) for seed in range(options.seeds)])
        for program in track(ZOO.values(), "examining the zoo")
    ]
    errors, warnings = sum(row[1] for row in rows), sum(row[2] for row in rows)
    head = HEAD.format(
        programs=len(rows), seeds=options.seeds, errors=errors, warnings=warnings, torch=torch.__version__
    )
    options.write.write_text(head + "\n".join(row[0] for row in rows) + "\n", encoding="utf-8")
    print(f"{options.write}: {len(rows)} programs, {options.seeds} seeds, {errors} errors, {warnings} warnings")


if __name__ == "__main__":
    main()
