"""How exact every function is: value and slope, ours and torch's, against the truth.

    python benchmarks/accuracy.py                                          # everything, about an hour on two cores
    python benchmarks/accuracy.py gelu snake --dtypes float32 --points 20000    # some of it
    python benchmarks/accuracy.py --write docs/certificates.md             # the page, and certificates.json beside it
    python benchmarks/accuracy.py gelu --write docs/certificates.md --update    # its figures alone anew

Every input is judged: all values of bfloat16 and float16; of float32 and float64 `--points` values over both signs and
all sizes, and the delicate ones (`_points.py`). The truth is the textbook formula, and its derivative by the rules of
calculus, in balls with a proved error below 2^-100 of the value (`neurologist.catalogue.balls`); an error is in ULP of
the dtype (`_ulp.py`). Slopes are what autograd gives. Ours is computed twice, as a tensor of that size and as one large
enough to be computed in blocks, and the worse of the two counts.

Functions of vectors are judged on a fixed set of vectors: all outputs, and all slopes of outputs by entries. Two losses
stand beside the activations as functions of one score.

Nothing here depends on time or chance: the same torch on the same kind of processor gives the same page.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
from pathlib import Path
from typing import Any

import torch
from _points import DTYPES
from _sweep import curve_rows, curves, vector_rows
from _table import markdown
from rich.console import Console
from rich.progress import track

from neurologist.catalogue import activations

POINTS = 200_000
Job = tuple[str, str, int]


def judge(job: Job) -> dict[str, Any]:
    """A member's errors in a dtype, by name, dtype and number of points."""
    name, label, count = job
    known = curves()
    return curve_rows(known[name], label, count) if name in known else vector_rows(name, label)


def measure(names: list[str], labels: list[str], count: int, processes: int) -> dict[str, Any]:
    """All errors: what was measured, and member -> dtype -> way -> kind -> the worst."""
    jobs = [(name, label, count) for name in names for label in labels]
    console = Console(stderr=True)
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        found = list(track(pool.imap(judge, jobs), "certifying", total=len(jobs), console=console))
    members: dict[str, Any] = {name: {} for name in names}
    for (name, label, _), row in zip(jobs, found, strict=True):
        members[name][label] = row
    about = {"points": count, "torch": torch.__version__, "processor": torch.backends.cpu.get_cpu_capability()}
    return {"about": about, "members": members}


def updated(before: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """What was found before, with some members measured anew, in the same way."""
    if before["about"] != found["about"]:
        raise SystemExit(f"page made with {before['about']}, now {found['about']}: expected the same; make all anew")
    members = {name: before["members"][name] | found["members"].get(name, {}) for name in before["members"]}
    return {"about": found["about"], "members": members}


def dumped(found: dict[str, Any]) -> str:
    """JSON with one line per member and dtype, so that a change shows as a line."""
    members = [
        f"  {json.dumps(name)}: {{\n"
        + ",\n".join(f"   {json.dumps(label)}: {json.dumps(row)}" for label, row in rows.items())
        + "\n  }"
        for name, rows in found["members"].items()
    ]
    return f'{{\n "about": {json.dumps(found["about"])},\n "members": {{\n' + ",\n".join(members) + "\n }\n}\n"


def main() -> None:
    """Measure, print, and write where asked."""
    everything = [*curves(), *(name for name, spec in activations.items() if spec.vector)]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="name", help="members; all by default")
    parser.add_argument("--names", nargs="+", dest="more", default=[], metavar="name", help="the same, as an option")
    parser.add_argument("--dtypes", nargs="+", choices=list(DTYPES), default=list(DTYPES))
    parser.add_argument("--points", type=int, default=POINTS, help="inputs of float32 and of float64 (%(default)s)")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--write", type=Path, metavar="PAGE", help="write the page there, and JSON beside it")
    parser.add_argument("--update", action="store_true", help="let other members stay on that page as they are")
    options = parser.parse_args()
    names = [*options.names, *options.more] or everything
    unknown = [name for name in names if name not in everything]
    if unknown:
        parser.error(f"no member {', '.join(map(repr, unknown))}: expected some of {', '.join(everything)}")
    found = measure(names, options.dtypes, options.points, options.processes)
    if options.write is None:
        sys.stdout.write(markdown(found))
        return
    target = options.write / "certificates.md" if options.write.is_dir() else options.write
    if options.update:
        found = updated(json.loads(target.with_suffix(".json").read_text(encoding="utf-8")), found)
    target.write_text(markdown(found), encoding="utf-8")
    target.with_suffix(".json").write_text(dumped(found), encoding="utf-8")


if __name__ == "__main__":
    main()
