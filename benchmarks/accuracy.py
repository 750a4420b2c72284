"""How exact every function of numbers is: value and slope, ours and torch's, against the truth to 100 bits.

    python benchmarks/accuracy.py                                # a table, about 20 minutes on two cores
    python benchmarks/accuracy.py gelu snake --points 20000      # some functions, fewer inputs
    python benchmarks/accuracy.py --write docs                   # docs/certificates.md and .json

Inputs: all values of bfloat16 and float16; of float32 and float64 `--points` values (`_points.py` says which). float64
is judged by balls with a proved error (`neurologist.catalogue.balls`) around the textbook formula, at every input. The
others are held against our float64 value first; the inputs that are worst by that are then judged by balls. (An error
of float64 weighs 2^-29 of that in float32.) Errors are in ULP of the dtype (`_ulp.py`).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from _points import points
from _table import markdown
from _ulp import DTYPES, Worst, both, errors, worst
from rich.progress import track

import neurologist as nl
from neurologist.catalogue import Activation, activations
from neurologist.catalogue.balls import Oracle
from neurologist.catalogue.oracle import exact

Array = np.ndarray[Any, np.dtype[np.float64]]
JUDGED = 200  # of a float32 or half-precision sweep, so many of the worst inputs are judged by balls
SLOW = 500
SCALAR = [name for name, spec in activations.items() if not spec.vector]


def truth(formula: str, parameters: dict[str, float], x: Array) -> Array:
    """Exact values, rounded to float64; NaN where they are not finite or not to be had.

    Where balls find none, as where a huge exponential stands below, `SLOW` of the inputs are judged by mpmath.
    """
    oracle = Oracle(formula, parameters)
    found = np.full_like(x, np.nan)
    missing = []
    for i, at in enumerate(x.tolist()):
        ball = oracle(at)
        if ball is not None:
            found[i] = float(ball.mid())
        else:
            missing.append(i)
    for i in missing[:: len(missing) // SLOW + 1]:
        found[i] = _slowly(formula, parameters, float(x[i]))
    return found


def _slowly(formula: str, parameters: dict[str, float], x: float) -> float:
    try:
        return float(exact(formula, {**parameters, "x": x}))
    except (ArithmeticError, ValueError, TypeError):
        return float("nan")


def certify(name: str, count: int) -> dict[str, Any]:
    """Everything about one function: dtype -> "ours" and "torch" -> value and slope."""
    torch.set_num_threads(1)
    spec = activations[name]
    formulas = (spec.formula, spec.formula_derivative)
    ways = {"ours": nl.activations[name], **({"torch": builtin} if (builtin := _builtin(spec)) else {})}
    row: dict[str, Any] = {"name": name, "wide": spec.wide, "dtypes": {}}
    for label, dtype in DTYPES.items():
        x = points(spec, dtype, count)
        at = x.double().numpy()
        if dtype is torch.float64:
            right = tuple(truth(formula, dict(spec.parameters), at) for formula in formulas)
        else:
            right = both(nl.activations[name], x.double())
        found = {way: both(function, x) for way, function in ways.items()}
        row["dtypes"][label] = {
            way: [_judged(got[i], right[i], at, formulas[i], spec, dtype) for i in (0, 1)] for way, got in found.items()
        }
    return row


def _builtin(spec: Activation) -> Callable[[torch.Tensor], torch.Tensor] | None:
    if not spec.torch_function:
        return None
    function = getattr(F, spec.torch_function)

    def call(x: torch.Tensor) -> torch.Tensor:
        learnt = {name: torch.tensor([spec.parameters[name]], dtype=x.dtype) for name in spec.learnable}
        found: torch.Tensor = function(x, **spec.torch_arguments, **learnt)
        return found

    return call


def _judged(got: Array, want: Array, x: Array, formula: str, spec: Activation, dtype: torch.dtype) -> dict[str, Any]:
    """The worst of a sweep; its worst inputs are judged by balls where the truth so far was float64."""
    if dtype is not torch.float64:
        ulp, broken = errors(got, want, dtype)
        doubtful = np.flatnonzero(~np.isfinite(want) | broken)[:JUDGED]
        chosen = np.unique(np.concatenate([np.argsort(ulp)[-JUDGED:], doubtful]))
        want = want.copy()
        want[chosen] = truth(formula, dict(spec.parameters), x[chosen])
    found: Worst = worst(got, want, x, dtype)
    return {"ulp": found.ulp, "at": found.at, "broken": found.broken}


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="functions; all of one number by default")
    parser.add_argument("--points", type=int, default=200_000, help="inputs of float32 and of float64")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="write certificates.md and .json there")
    options = parser.parse_args()
    jobs = [(name, options.points) for name in options.names or SCALAR]
    with multiprocessing.get_context("spawn").Pool(options.processes) as pool:
        found = pool.imap(_job, jobs)
        rows = list(track(found, "certifying", total=len(jobs)))
    text = markdown(rows, options.points)
    print(text)
    if options.write:
        (options.write / "certificates.md").write_text(text, encoding="utf-8")
        (options.write / "certificates.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def _job(job: tuple[str, int]) -> dict[str, Any]:
    return certify(*job)


if __name__ == "__main__":
    main()
