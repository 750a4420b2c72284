"""The matrix as a page in Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from .cell import Cell
from .fault import PROGRAMS

MARKS = {"first": "first", "found": "found", "missed": "**missed**", "harmless": "no harm", "none": ""}
INTRODUCTION = """# Faults put into healthy programs

Each row is one fault, put into programs that learn well without it by an edit of their source, as a user would have
written it. `python -m tests.mutations.matrix --write docs/mutations.md` makes this page: it writes the edited script to
a file, runs it inside `neurologist.watch`, and looks at the diagnosis. The programs and the edits are in
`tests/mutations`.

- **first**: the first finding names the fault. **found**: a later one does. **missed**: none does.
- **no harm**: the program learns as well as without the edit, so there is nothing to find (for faults that are a
  matter of degree: a learning rate, the size of the initial weights, dropout).
- Empty: the fault makes no sense there, as a softmax before cross-entropy in a program without classes.
- The column *names it* lists the rules that count, and where a cause counts, whichever rule gives it, that cause.
"""


def markdown(cells: Sequence[Cell]) -> str:
    """The page: a summary, the table, and what was said instead where the fault was not named first."""
    parts = [INTRODUCTION, *summary(cells), "", *table(cells), "", *others(cells)]
    return "\n".join(parts).rstrip() + "\n"


def summary(cells: Sequence[Cell]) -> Iterator[str]:
    counts = Counter(cell.verdict for cell in cells)
    tried = counts["first"] + counts["found"] + counts["missed"]
    placed = [cell for cell in cells if cell.placed and cell.verdict == "first"]
    right = sum(cell.found_at == cell.line for cell in placed)
    yield f"**Found first: {counts['first']} of {tried} ({counts['first'] / max(tried, 1):.0%}).**"
    yield f"Found, but not first: {counts['found']}. Missed: {counts['missed']}. No harm: {counts['harmless']}."
    yield f"Of {len(placed)} faults of one line that were found first, {right} were named with exactly that line."


def table(cells: Sequence[Cell]) -> Iterator[str]:
    yield f"| fault | {' | '.join(PROGRAMS)} | names it |"
    yield "|---" * (len(PROGRAMS) + 2) + "|"
    for fault, row in groupby(cells, key=lambda cell: cell.fault):
        by_program = {cell.program: cell for cell in row}
        marks = [MARKS[by_program[program].verdict] for program in PROGRAMS]
        names = by_program[PROGRAMS[0]].names
        yield f"| {fault.partition(': ')[2]} | {' | '.join(marks)} | {', '.join(names)} |"


def others(cells: Sequence[Cell]) -> Iterator[str]:
    wrong = [cell for cell in cells if cell.verdict in ("missed", "found")]
    if not wrong:
        return
    yield "## Not named first"
    yield ""
    for cell in wrong:
        severity, rule, message = cell.findings[0] if cell.findings else ("", "nothing", "")
        said = f"{severity} `{rule}`: {message}" if message else "nothing was found"
        yield f"- {cell.fault.partition(': ')[2]}, {cell.program}: {said}"
