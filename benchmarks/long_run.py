"""What a long watched run leaves: memory while 10,000 steps go by, the record's size, and which steps were looked at.

    python benchmarks/long_run.py [--steps 10000] [--budget 0.01] [--format markdown]

The net is small (16-32-4), so that whatever watching keeps weighs most. Its learning rate changes at every step, and at
60 % of the run a batch with inputs 300 times as large comes by, as an event that must not be missed. Two processes
train it alike, *watched* and *plain*: what plain grows by is Python's and PyTorch's own.

What is printed: the resident set of both at ten moments of the run, what each grew by since the first of them, the
record's size, and how many samples fell into each part of the run, with the sampler's word for why.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import os
import sqlite3
import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table, box

GROWTH, SIZE = 5.0, 20.0  # limits in MB: of the watched process after the first tenth, and of the record
MOMENTS = 10  # at which memory is read
EVENT = 0.6  # share of the run after which the large batch comes
LARGER = 300.0  # times, than other batches


def resident() -> float:
    """Resident set of this process, in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def train(steps: int, budget: float, record: Path | None) -> list[float]:
    """One run; the resident set after each tenth of it."""
    import torch
    from torch import nn

    import neurologist as nl

    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 4))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9999)
    found = []
    with nullcontext() if record is None else nl.watch(budget=budget, record=record):
        for step in range(1, steps + 1):
            x, y = torch.randn(32, 16), torch.randint(4, (32,))
            x = LARGER * x if step == round(EVENT * steps) else x
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
            schedule.step()
            if step % (steps // MOMENTS) == 0:
                found.append(resident())
    return found


def apart(*arguments: Any) -> list[float]:
    """The same in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(train, arguments)


def parts(record: Path, steps: int) -> list[tuple[str, int, str]]:
    """Parts of the run, how many samples fell into each, and why."""
    edges = [0, 10, 100, 1_000, round(EVENT * steps) - 1, round(EVENT * steps) + 10, steps]
    edges = sorted({edge for edge in edges if edge <= steps})
    found = []
    with sqlite3.connect(record) as run:
        for first, end in itertools.pairwise(edges):
            query = "SELECT why, COUNT(*) FROM sample WHERE step >= ? AND step < ? GROUP BY why ORDER BY why"
            counts = dict(run.execute(query, (first, end)).fetchall())
            why = ", ".join(f"{count} {word}" for word, count in counts.items())
            found.append((f"{first:,} to {end - 1:,}", sum(counts.values()), why))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--budget", type=float, default=0.01, help="the session's budget (default: 0.01)")
    parser.add_argument("--format", choices=("text", "markdown"), default="text")
    given = parser.parse_args()
    if not Path("/proc/self/statm").exists():
        parser.exit(2, "memory is read from /proc: this needs Linux\n")
    if given.steps < 1_000:
        parser.exit(2, f"--steps got {given.steps}: expected at least 1,000, below which nothing is long\n")
    style = box.MARKDOWN if given.format == "markdown" else box.SIMPLE
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder, "run.nlr")
        runs = {
            "watched": apart(given.steps, given.budget, record),
            "plain": apart(given.steps, given.budget, None),
        }
        size = record.stat().st_size / 1e6
        looked = parts(record, given.steps)
    memory = Table("step", *(f"{name}, MB" for name in runs), box=style)
    for number, each in enumerate(zip(*runs.values(), strict=True), 1):
        memory.add_row(f"{number * (given.steps // MOMENTS):,}", *(f"{value:.1f}" for value in each))
    memory.add_row("growth", *(f"{values[-1] - values[0]:+.1f}" for values in runs.values()))
    console.print(memory)
    samples = Table("steps", "samples", "why", box=style)
    for name, count, why in looked:
        samples.add_row(name, str(count), why)
    console.print(samples)
    growth = runs["watched"][-1] - runs["watched"][0]
    held = "held" if growth <= GROWTH and size <= SIZE else "MISSED"
    console.print(
        f"Record: {size:.2f} MB. Limits: growth {GROWTH:g} MB, record {SIZE:g} MB: {held}.",
        markup=False,
        highlight=False,
    )


if __name__ == "__main__":
    main()
