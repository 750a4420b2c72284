"""What a session recorded beside what a witness saw, number by number.

May import: `watch`, `record`, `selftest.witness`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

import torch
from torch.optim import optimizer as optimizers

from neurologist.record import Run
from neurologist.selftest.witness import UNKNOWN, Seen, Witness
from neurologist.tape.quantity import LIMIT
from neurologist.watch.sampler import Sampler
from neurologist.watch.session import Session

DIGITS = 1e-5  # relative difference of two float32 computations of the same number
ROUGH = 0.1  # relative difference of an estimate from a part of a tensor: its standard error is below 1 %
SMALL = 1e-12  # numbers below are compared absolutely: both are nothing
LAYERS = ("linear", "conv", "normalisation", "activation", "softmax", "embedding")


class EveryStep(Sampler):
    """Looks at every step."""

    def wants(self, step: int) -> str | None:
        """Always."""
        return "early"


@dataclass
class Row:
    """One kind of number over a whole run.

    Attributes:
        number: what it is.
        right, estimates: how many agree, to `DIGITS`, or to `ROUGH` where a part of a large tensor is measured.
        worst: largest relative difference of those that are right.
        missing: subjects of which it was not measured; wrong: what does not agree, in words.
    """

    number: str
    right: int = 0
    estimates: int = 0
    worst: float = 0.0
    missing: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """The worst that was found: "wrong", "not measured", "estimate", "right"; "nothing to compare" without any."""
        found = {"wrong": self.wrong, "not measured": self.missing, "estimate": self.estimates, "right": self.right}
        return next((word for word, numbers in found.items() if numbers), "nothing to compare")

    def add(self, subject: str, found: float | None, truth: Seen) -> None:
        """Compare one number."""
        unknown = truth.entries == UNKNOWN.entries
        if not unknown and (truth.value != truth.value or abs(truth.value) == float("inf")):
            return
        if found is not None and unknown:
            self.wrong.append(f"{subject}: {found:.6g} recorded, where this process holds one term of a sum")
            return
        if found is None:
            self.missing.append(subject)
            return
        difference = abs(found - truth.value)
        relative = 0.0 if difference < SMALL else difference / max(abs(truth.value), SMALL)
        part = truth.entries > LIMIT
        if relative > (ROUGH if part else DIGITS):
            self.wrong.append(f"{subject}: {found:.6g} recorded, {truth.value:.6g} in truth")
        elif part:
            self.estimates += 1
        else:
            self.right += 1
            self.worst = max(self.worst, relative)


class Trust(NamedTuple):
    """What a way of training comes to.

    Attributes:
        right: numbers that are; worst: the largest relative difference among them.
        missing: numbers that were not measured.
        wrong: what is not right, in words.
        same: whether training stayed the same to the last bit.
    """

    right: int
    worst: float
    missing: int
    wrong: list[str]
    same: bool


def trust(train: Callable[[], Any]) -> Trust:
    """Run a program that returns a module three times: witnessed, unexamined, examined."""
    rows = witnessed(train)
    right, worst = sum(row.right for row in rows), max(row.worst for row in rows)
    wrong = [f"{row.number}: {line}" for row in rows for line in row.wrong]
    return Trust(right, worst, sum(len(row.missing) for row in rows), wrong, unchanged(train))


def witnessed(program: Callable[[], Any], each_step: Callable[[int], None] = lambda step: None) -> list[Row]:
    """Run a program examined and witnessed at once, and compare all that both have seen.

    Args:
        program: trains.
        each_step: called after each optimizer step with the number of steps so far; may end the program by raising.

    Returns:
        One row for each kind of number.
    """
    session = Session(sampler=EveryStep())
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Using `torch.compile")  # of the witness's hooks, which are global
        with session, Witness(lambda: session.steps) as witness:
            handle = optimizers.register_optimizer_step_post_hook(lambda *_: each_step(session.steps))
            try:
                program()
            finally:
                handle.remove()
    return compare(session, witness)


def unchanged(train: Callable[[], Any]) -> bool:
    """Whether a program that returns a module leaves the same weights with every step examined, to the last bit."""
    plain = [p.detach().clone() for p in train().parameters()]
    with Session(sampler=EveryStep()):
        watched = list(train().parameters())
    return all(torch.equal(a, b) for a, b in zip(plain, watched, strict=True))


def compare(session: Session, witness: Witness) -> list[Row]:
    """The rows; see `witnessed`."""
    run = Run(session._store.connection)
    found = cache(lambda table, subject: {row["step"]: row for row in run.rows(table, subject)})
    rows = {
        "gradient out": Row("gradient at a layer's output, RMS"),
        "mean": Row("activation, mean"),
        "std": Row("activation, standard deviation"),
        "gradient": Row("gradient that backward gave a parameter, RMS"),
        "received": Row("gradient that the optimizer's step got, RMS"),
        "change": Row("change of a parameter, RMS"),
    }
    for row, compared in (
        ("gradient out", _outputs(run, session, witness, found)),
        ("gradient", _parameters(run, session, witness, found)),
    ):
        for step, name, path, value, seen in compared:
            scale = witness.scales.get(step, 1.0) if name == "gradient" else 1.0
            rows[row if name == "gradient" else name].add(path, value, Seen(seen.value / scale, seen.entries))
    return list(rows.values())


Found = Callable[[str, Any], dict[int, dict[str, Any]]]  # a table and an op or parameter -> its rows by step
Compared = Iterator[tuple[int, str, str, float | None, Seen]]


def _outputs(run: Run, session: Session, witness: Witness, found: Found) -> Compared:
    """Layers that are one op of the tape and ran once in a step."""
    by_path: dict[str, list[Any]] = {}
    for op in run.ops:
        if op.kind != "shape" and op.module:
            by_path.setdefault(op.module, []).append(op)
    for (step, module), calls in witness.outputs.items():
        path = session._steps._names.module(module)
        ops = by_path.get(path or "", [])
        alone = len(ops) == len(calls) == 1 and ops[0].kind in LAYERS and not list(module.children())
        if not alone or step not in run.samples:
            continue
        if "gradient" in calls[0]:
            gradient = found("gradient", ops[0]).get(step, {}).get("rms_in")
            yield step, "gradient", path or "", gradient, calls[0]["gradient"]
        if ops[0].kind == "activation":
            row = found("activation", ops[0]).get(step, {})
            for name in ("mean", "std"):
                yield step, name, path or "", row.get(name), calls[0][name]


def _parameters(run: Run, session: Session, witness: Witness, found: Found) -> Compared:
    by_name = {parameter.name: parameter for parameter in run.parameters.values()}
    for (step, key), numbers in witness.parameters.items():
        path = session._steps._names.tensor(session._steps._names.trained(witness.known[key]))
        parameter = by_name.get(path)
        if parameter is None or step not in run.samples:
            continue
        row = found("weights", parameter).get(step, {})
        for name, seen in numbers.items():
            yield step, name, path, row.get(name), seen
