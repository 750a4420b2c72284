"""What `nl.check` costs: time and peak memory of examining one batch, over those of one plain training step.

    python benchmarks/check.py [--rounds 7] [--only gpt2] [--threads 1] [--format markdown]

The model is GPT-2 in its small size (124 M parameters, random weights), as `transformers` builds it; batch 2 of 128
tokens, cross-entropy of the next token. The second is a small network, where fixed costs weigh most.

How it is measured. Each round starts fresh processes, in an order that changes, from one that has done no more than
import torch and what the models need of others. Each builds model and batch, and then

- plain: takes a training step (zero_grad, forward, backward, step of AdamW), and then the one that is timed: memory
  and caches are where training has them.
- control: plain once more; what it differs from *plain* by is noise.
- before training: `nl.check(model, loss_fn, (x, y))` of the fresh model.
- before, optimizer: the same with `optimizer=`, which takes a step that is undone.
- in training: without it again, but after a training step, where gradients must be put back too.
- in training, optimizer: with it, where moments must be put back as well.

The time is CPU time of all threads (`time.process_time`), so that other programs on the machine count little; *wall*
is what a clock shows. A process's first examination imports and caches: it is what a user waits for, so it is in the
figures; *again* is a second one in the same process. A virtual machine may have to ask its host for memory when it is
touched for the first time, which takes seconds for a gigabyte: *plain* has touched all that it needs in the step
before, an examination has not, and so it is in the figures too.

The peak is the largest resident set of the process during what is timed, as the system keeps it (`VmHWM`, reset
before); for *plain* that is the peak of a training step.
"""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from rich.console import Console
from rich.table import Table, box

TIMES, MORE = 3.0, 1.10  # limits: of a plain step's time, and of its peak memory
ARMS = ("plain", "control", "before training", "before, optimizer", "in training", "in training, optimizer")
STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def gpt2() -> tuple[Any, Any, Any]:
    """GPT-2 small: 12 layers of width 768, 124 M parameters."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    class Logits(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gpt2 = GPT2LMHeadModel(GPT2Config(use_cache=False))

        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            return self.gpt2(tokens).logits.flatten(0, 1)

    tokens = torch.randint(50257, (2, 129))
    return Logits(), tokens[:, :-1], tokens[:, 1:].flatten()


def mlp() -> tuple[Any, Any, Any]:
    """64-32-10, batch 32."""
    import torch

    model = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))
    return model, torch.randn(32, 64), torch.randint(10, (32,))


MODELS: dict[str, Callable[[], tuple[Any, Any, Any]]] = {"gpt2": gpt2, "mlp": mlp}


def peak() -> float:
    """Largest resident set since `RESET`, in MB."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def one(name: str, arm: str, threads: int) -> dict[str, float]:
    """What one process measures."""
    import torch
    import torch.nn.functional as F

    import neurologist as nl

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model, x, y = MODELS[name]()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)

    def step() -> None:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()

    def check() -> None:
        nl.check(model, F.cross_entropy, (x, y), optimizer if "optimizer" in arm else None)

    if "before" not in arm:
        step()
    RESET.write_text("5")  # the peak begins anew
    timed = step if arm in ("plain", "control") else check
    found: dict[str, float] = {}
    for kind in ("first", "again"):
        wall, cpu = time.perf_counter(), time.process_time()
        timed()
        found |= {f"{kind} cpu": time.process_time() - cpu, f"{kind} wall": time.perf_counter() - wall}
        found.setdefault("peak", peak())
    return found


def apart(name: str, arm: str, threads: int) -> dict[str, float]:
    """The same, in a process of its own."""
    context = multiprocessing.get_context("fork")  # which need not import again: that takes longer than what is timed
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=lambda: sender.send(one(name, arm, threads)))
    process.start()
    sender.close()
    try:
        found: dict[str, float] = receiver.recv()
    except EOFError:
        raise SystemExit(f"{name}, {arm}: the process that measures it ended without a figure") from None
    process.join()
    return found


def measure(name: str, rounds: int, threads: int) -> dict[str, list[dict[str, float]]]:
    """All figures of all rounds, by arm."""
    found: dict[str, list[dict[str, float]]] = {arm: [] for arm in ARMS}
    for number in range(1, rounds + 1):
        for arm in random.sample(ARMS, len(ARMS)):
            found[arm].append(each := apart(name, arm, threads))
            said = f"{each['first cpu']:.2f} s, {each['peak']:.0f} MB"
            print(f"{name}, round {number} of {rounds}, {arm}: {said}", file=sys.stderr, flush=True)
    return found


def spread(values: list[float], form: str) -> str:
    """Median, and quartiles."""
    low, _, high = quantiles(values, n=4) if len(values) > 1 else (values[0],) * 3
    return f"{median(values):{form}} [{low:{form}}, {high:{form}}]"


def rows(name: str, found: dict[str, list[dict[str, float]]]) -> list[list[str]]:
    """One line per arm; ratios are taken within a round."""
    lines = []
    for arm in ARMS:

        def over(kind: str, arm: str = arm) -> list[float]:
            return [mine[kind] / plain[kind] for mine, plain in zip(found[arm], found["plain"], strict=True)]

        first, more = over("first cpu"), over("peak")
        examined = arm not in ("plain", "control")
        held = "held" if median(first) <= TIMES and median(more) <= MORE else "MISSED"
        cells = [spread([each["first cpu"] for each in found[arm]], ".3f"), spread(first, ".2f")]
        cells += [spread(over("first wall"), ".2f"), spread(over("again cpu"), ".2f")]
        cells += [spread([each["peak"] for each in found[arm]], ".0f"), spread(more, ".3f")]
        lines.append([name, arm, *cells, held if examined and name == "gpt2" else ""])
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", choices=MODELS, help="one model instead of all")
    parser.add_argument("--threads", type=int, default=1, help="PyTorch's threads (default: 1, the least noise)")
    parser.add_argument("--format", choices=("text", "markdown"), default="text")
    given = parser.parse_args()
    if not RESET.exists():
        parser.exit(2, f"peak memory is read from {STATUS}: this needs Linux\n")
    try:
        for module in ("torch", "transformers.models.gpt2.modeling_gpt2")[: 1 if given.only == "mlp" else 2]:
            importlib.import_module(module)
    except ModuleNotFoundError as error:
        parser.exit(2, f"{error}: gpt2 is built by transformers; pip install transformers, or give --only mlp\n")
    table = Table(box=box.MARKDOWN if given.format == "markdown" else box.SIMPLE)
    for title in ("model", "", "CPU s", "/ plain", "wall / plain", "again / plain", "peak MB", "/ plain", "limits"):
        table.add_column(title, no_wrap=True)
    for name in [given.only] if given.only else MODELS:
        for row in rows(name, measure(name, given.rounds, given.threads)):
            table.add_row(*row)
    console = Console()
    console.width = max(console.width, 190)  # a table that wraps its figures cannot be read
    console.print(table)
    limits = f"Limits for gpt2: {TIMES:g} x CPU time, {MORE:g} x peak."
    console.print(f"Median [quartiles] of {given.rounds} processes each. {limits}", markup=False)


if __name__ == "__main__":
    main()
