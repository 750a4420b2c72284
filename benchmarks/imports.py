"""What importing costs: `import neurologist` over `import torch`, and the whole catalogue beyond both.

    python benchmarks/imports.py [--rounds 15] [--format markdown]

How it is measured. Each figure is the wall time that one statement takes in a fresh Python, read there by
`time.perf_counter`, so that starting Python is not in it. In every round each program runs once, in an order that
changes; what is printed is the median over rounds, with its quartiles. Bytecode is compiled beforehand, as it is where
a package is installed, by a round that is thrown away. The garbage that torch leaves is collected before the clock
starts: whoever comes after torch would else pay for it.

- torch: `import torch`.
- control: `import torch` once more; what it differs from *torch* by is noise.
- neurologist: `import torch`, then `import neurologist`, together; the ratio is taken within a round.
- catalogue: after both, every activation and every loss by its name, with its spec; beyond torch and the package.

The last column, "heavy", names large modules that the program has loaded beyond what torch loads by itself: the
package needs none of them before somebody asks for a proof, a plot or a table.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table, box

LIMIT = 1.15  # of import neurologist over that of torch
BEYOND = 0.3  # seconds that the whole catalogue may take beyond torch
HEAVY = (
    *("sympy", "mpmath", "flint", "matplotlib", "pandas", "scipy", "sklearn", "IPython"),
    *("rich", "typer", "jinja2", "PIL", "sqlite3"),
)
TORCH = "import torch"
PACKAGE = "import torch\nimport neurologist"
CATALOGUE = "[family[name].spec for family in (neurologist.activations, neurologist.losses) for name in family]"
PROGRAMS = {  # name -> what comes before, what is timed
    "torch": ("", TORCH),
    "control": ("", TORCH),
    "neurologist": ("", PACKAGE),
    "catalogue": (PACKAGE, CATALOGUE),
}
TEMPLATE = """
import gc, json, sys, time
{before}
gc.collect()
known, start = set(sys.modules), time.perf_counter()
{timed}
spent = time.perf_counter() - start
print(json.dumps([spent, sorted(set(sys.modules) - known)]))
"""


def once(name: str, cache: str) -> tuple[float, set[str]]:
    """Seconds, and the modules that were loaded meanwhile."""
    before, timed = PROGRAMS[name]
    command = [sys.executable, "-c", TEMPLATE.format(before=before, timed=timed)]
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache, "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    seconds, modules = json.loads(done.stdout)
    return seconds, set(modules)


def measure(rounds: int, cache: str) -> tuple[dict[str, list[float]], dict[str, set[str]]]:
    """Seconds per round of every program, and what each loads."""
    loaded = {name: once(name, cache)[1] for name in PROGRAMS}
    spent: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for _ in range(rounds):
        for name in random.sample(list(PROGRAMS), len(PROGRAMS)):
            spent[name].append(once(name, cache)[0])
    return spent, loaded


def heavy(name: str, loaded: dict[str, set[str]]) -> str:
    """Heavy modules that a program loads and torch does not."""
    return ", ".join(one for one in HEAVY if one in loaded[name] - loaded["torch"]) or "none"


def spread(values: list[float], digits: int) -> tuple[str, str]:
    """Median, and quartiles."""
    low, _, high = quantiles(values, n=4) if len(values) > 1 else (values[0],) * 3
    return f"{median(values):.{digits}f}", f"{low:.{digits}f}-{high:.{digits}f}"


def table(spent: dict[str, list[float]], loaded: dict[str, set[str]], markdown: bool) -> Table:
    """What was measured, one line per program, with its limit."""
    found = Table(box=box.MARKDOWN if markdown else box.SIMPLE)
    for title in ("", "seconds", "quartiles", "/ torch", "quartiles", "limit", "heavy"):
        found.add_column(title, no_wrap=title != "heavy")
    for name, seconds in spent.items():
        ratios = [mine / torch for mine, torch in zip(seconds, spent["torch"], strict=True)]
        over = spread(ratios, 3) if name in ("control", "neurologist") else ("", "")
        limit = ""
        if name == "neurologist":
            limit = f"{LIMIT}: {'held' if median(ratios) <= LIMIT else 'MISSED'}"
        if name == "catalogue":
            limit = f"{BEYOND} s: {'held' if median(seconds) <= BEYOND else 'MISSED'}"
        found.add_row(name, *spread(seconds, 3), *over, limit, heavy(name, loaded))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--format", choices=("text", "markdown"), default="text")
    given = parser.parse_args()
    with TemporaryDirectory() as cache:
        spent, loaded = measure(given.rounds, cache)
    console = Console(width=160 if given.format == "markdown" else None)
    console.print(table(spent, loaded, given.format == "markdown"))
    console.print(f"Median (quartiles) of {given.rounds} fresh processes each, in turn.")


if __name__ == "__main__":
    main()
