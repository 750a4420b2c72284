"""Prints what the examination says about each healthy program: `python -m tests.zoo.table [NAME ...]`."""

import argparse
import time

import torch

import neurologist as nl

from .programs import ZOO


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", help="parts of programs' names; all by default")
    parser.add_argument("--steps", type=int, help="steps instead of each program's own number")
    parser.add_argument("--unseen", type=int, default=0, help="steps before the examination starts")
    parser.add_argument("--budget", type=float, default=0.01, help="share of the time; 1 looks as often as the tests")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--plain", action="store_true", help="do not watch: only show whether the programs learn")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{'program':32} {'steps':>5} {'looks':>5} {'seconds':>7} {'first':>9} {'last':>9} learns  findings")
    for name, program in ZOO.items():
        if options.names and not any(part in name for part in options.names):
            continue
        session = None if options.plain else nl.watch(options.budget)
        start = time.perf_counter()
        values = program(options.steps, seed=options.seed, unseen=options.unseen, around=session)
        seconds = time.perf_counter() - start
        found = describe(session.diagnose()) if session else ""
        first, last = sum(values[:3]) / 3, sum(values[-10:]) / len(values[-10:])
        looks, learns = (
            session.samples if session else 0,
            "-" if options.steps else "yes" if program.learns(values) else "NO",
        )
        print(
            f"{name:32} {len(values):5} {looks:5} {seconds:7.1f} {first:9.3g} {last:9.3g} {learns:6}  {found}",
            flush=True,
        )


def describe(diagnosis: nl.Diagnosis) -> str:
    said = [f"{f.severity}:{f.rule}" for f in diagnosis.findings]
    return ", ".join(said + [f"not measured: {m.what}: {m.why}" for m in diagnosis.not_measured])


if __name__ == "__main__":
    main()
