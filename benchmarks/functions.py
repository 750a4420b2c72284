"""What a function costs: forward and backward, against the faster of torch's own and torch.compile of its formula.

    python benchmarks/functions.py                    # every function of numbers, 16M float32 entries: about 40 minutes
    python benchmarks/functions.py gelu snake         # these only
    python benchmarks/functions.py --entries 1000000

All ways of a row run interleaved in one process; a ratio is the median over rounds of one round's quotient. The control
column is torch's way (the compiled formula, where torch has none) against itself: what it shows beside 1.00 is noise.
"Bytes kept" is what autograd holds for the backward pass, per entry.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import torch
import torch.nn.functional as F

import neurologist as nl
from neurologist.functional.tensors import program

Way = Callable[[torch.Tensor], torch.Tensor]
LIMIT = 1.10  # ratio to the faster baseline that the project allows itself


def ways(name: str) -> dict[str, Way]:
    """The ways to compute one function."""
    function = nl.activations[name]
    spec = function.spec
    own = dict(spec.parameters)
    text = program(spec.formula, torch.float32)

    def formula(x: torch.Tensor) -> torch.Tensor:
        return text({**own, "x": x})

    found: dict[str, Way] = {"formula, compiled": torch.compile(formula, fullgraph=True)}
    if spec.torch_function:
        learnt = {parameter: torch.tensor([own[parameter]]) for parameter in spec.learnable}  # as F.prelu wants it
        found["torch"] = lambda x: getattr(F, spec.torch_function)(x, **spec.torch_arguments, **learnt)
    return {**found, "ours": function, "ours, compiled": nl.compiled(function)}


def seconds(way: Way, x: torch.Tensor, gradient: torch.Tensor) -> float:
    """One forward and one backward pass."""
    x.grad = None
    start = time.perf_counter()
    way(x).backward(gradient)
    return time.perf_counter() - start


def kept(way: Way, x: torch.Tensor) -> float:
    """Bytes per entry that autograd holds between forward and backward."""
    held: dict[int, int] = {}

    def note(tensor: torch.Tensor) -> torch.Tensor:
        held[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        way(x)
    return sum(held.values()) / x.numel()


def measure(name: str, entries: int, rounds: int) -> dict[str, Any]:
    """One row of the table."""
    torch.manual_seed(0)
    x = torch.randn(entries, requires_grad=True)
    gradient = torch.randn(entries)
    all_ways = ways(name)
    base = "torch" if "torch" in all_ways else "formula, compiled"
    order = {**all_ways, "control": all_ways[base]}
    for way in order.values():
        seconds(way, x, gradient)
    taken: dict[str, list[float]] = {label: [] for label in order}
    for _ in range(rounds):
        for label, way in order.items():
            taken[label].append(seconds(way, x, gradient))
    faster = min(
        (label for label in ("torch", "formula, compiled") if label in taken), key=lambda at: median(taken[at])
    )

    def ratio(label: str, to: str) -> float:
        return median(a / b for a, b in zip(taken[label], taken[to], strict=True))

    return {
        "name": name,
        "exact": nl.activations[name].spec.exact_in_torch,
        "baseline": faster,
        "ms": 1e3 * median(taken[faster]),
        "ours": ratio("ours", faster),
        "compiled": ratio("ours, compiled", faster),
        "control": ratio("control", base),
        "kept": kept(all_ways["ours"], x),
        "kept_baseline": kept(all_ways[faster], x),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="functions; all of one number by default")
    parser.add_argument("--entries", type=int, default=1 << 24)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    names = options.names or [name for name, function in nl.activations.items() if not function.spec.vector]
    rows = []
    for name in names:
        torch._dynamo.reset()
        rows.append(measure(name, options.entries, options.rounds))
        show(rows[-1:], options.entries, head=len(rows) == 1)
    counted = [row["ours"] if row["exact"] else row["compiled"] for row in rows]
    within = sum(ratio <= LIMIT for ratio in counted)
    print(f"at most {LIMIT:.2f} (ours where torch is exact, compiled elsewhere): {within} of {len(rows)}")


def show(rows: list[dict[str, Any]], entries: int, head: bool) -> None:
    """Print rows as they come."""
    if head:
        threads = torch.get_num_threads()
        print(f"{entries} float32 entries, forward and backward, {threads} threads, torch {torch.__version__}")
        print(
            f"{'':18s} {'baseline':17s} {'ms':>7s} {'ours':>6s} {'compiled':>8s} {'control':>7s}  bytes kept (baseline)"
        )
    for row in rows:
        ratios = f"{row['ours']:6.2f} {row['compiled']:8.2f} {row['control']:7.2f}"
        memory = f"{row['kept']:.2f} ({row['kept_baseline']:.2f})"
        exact = "  torch is exact" if row["exact"] else ""
        print(f"{row['name']:18s} {row['baseline']:17s} {row['ms']:7.1f} {ratios}  {memory}{exact}", flush=True)


if __name__ == "__main__":
    main()
