"""How often a trial calls a difference an improvement where there is none.

    python benchmarks/false_cures.py                       the healthy examples, and the healthy twin of each specimen
    python benchmarks/false_cures.py --repeats 10 -j 4 double-softmax

Each program is run as it is, from many seeds. Runs are then compared as `neurologist fix` compares a treated arm with
the control: every "helped" or "cured" is false. One column for verdicts from one seed, one for verdicts from three.
"""

from __future__ import annotations

import argparse
import os
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

from neurologist.specimens import specimens
from neurologist.treat.apart import Lost
from neurologist.treat.crew import Crew
from neurologist.treat.script import script
from neurologist.treat.trial import Job, Trial, conduct
from neurologist.treat.verdict import judge

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
STEPS = 200
FALSE = ("helped", "cured")


def programs() -> dict[str, Callable[[], object]]:
    """Healthy programs by name."""
    found: dict[str, Callable[[], object]] = {
        path.stem: script(str(path), ()) for path in sorted(EXAMPLES.glob("healthy_*.py"))
    }
    return found | {name: specimen.healthy for name, specimen in specimens().items()}


def trials(program: Callable[[], object], count: int, crew: Crew) -> list[Trial]:
    """Runs of a program from so many seeds."""
    first = next(crew.results([partial(conduct, program, Job(steps=STEPS))]))[1]
    if isinstance(first, Lost) or first.seen is None or first.seen.task is None:
        return []
    task = first.seen.task
    jobs = [partial(conduct, program, Job(number=number, steps=STEPS, task=task)) for number in range(1, count)]
    rest = [trial for _, trial in crew.results(jobs) if not isinstance(trial, Lost)]
    return [first, *sorted(rest, key=lambda trial: trial.number)]


def false(found: list[Trial], seeds: int, repeats: int) -> tuple[int, int]:
    """How many of so many comparisons are called an improvement; none where every run is the same."""
    assert found[0].seen is not None
    assert found[0].seen.task is not None
    task, draw = found[0].seen.task, random.Random(0)
    if len({tuple(trial.losses) for trial in found}) < 2 * seeds:
        return 0, 0
    chosen = [draw.sample(found, 2 * seeds) for _ in range(repeats)]
    words = [judge(some[:seeds], some[seeds:], task).verdict for some in chosen]
    return sum(word in FALSE for word in words), len(words)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="programs; all by default")
    parser.add_argument("--repeats", type=int, default=20, help="comparisons per program and row")
    parser.add_argument("--runs", type=int, default=12, help="runs per program, from which comparisons are drawn")
    parser.add_argument("-j", type=int, default=os.cpu_count() or 1, help="runs at a time")
    options = parser.parse_args()
    chosen = {name: program for name, program in programs().items() if not options.names or name in options.names}
    total = {1: [0, 0], 3: [0, 0]}
    print(f"{'program':34s} {'one seed':>10s} {'three':>10s}")
    for name, program in chosen.items():
        found = trials(program, options.runs, Crew(options.j))
        rows = (
            {seeds: false(found, seeds, options.repeats) for seeds in total} if found else dict.fromkeys(total, (0, 0))
        )
        for seeds, (wrong, all_) in rows.items():
            total[seeds][0] += wrong
            total[seeds][1] += all_
        print(f"{name:34s} " + " ".join(f"{f'{wrong}/{all_}':>10s}" for wrong, all_ in rows.values()), flush=True)
    shares = [f"{wrong}/{all_} ({wrong / max(1, all_):.1%})" for wrong, all_ in total.values()]
    print(f"false improvements: from one seed {shares[0]}, from three {shares[1]}")


if __name__ == "__main__":
    main()
