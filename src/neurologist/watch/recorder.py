"""From samples to rows: numbers ops, parameters and optimizers, and writes each sample in one transaction."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, MutableMapping
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch.utils.weak import WeakIdKeyDictionary

from neurologist import catalogue
from neurologist.record import Store
from neurologist.record.run import PASSES
from neurologist.tape import origin
from neurologist.tape.graph import TapeOp
from neurologist.tape.nested import shape_of
from neurologist.tape.quantities import quantities
from neurologist.tape.shard import is_shard
from neurologist.theory import traits
from neurologist.watch.names import Names, frames
from neurologist.watch.resting import Mode, Resting, host
from neurologist.watch.sample import Key, Sample
from neurologist.watch.thinning import Changes, Thinned

Numbers = MutableMapping[torch.Tensor, int]
REASONS = 500  # different ones that are told apart; a reason may name an address, and so be new at every step
OTHERS = ("further parts", "for reasons too many to list")
RATE = ("lr", "learning_rate")  # what frameworks call the learning rate that they give to their optimizer
WAITING = 1_000  # losses kept in memory between writes, so that a killed process loses no more


class Recorder:
    """Writes what was seen into a store."""

    def __init__(self, store: Store, names: Names) -> None:
        self.store, self._names = store, names
        self.listeners: list[Callable[[int], None]] = []  # get the number of each sample's step once it is written
        self._ops: dict[str, int] = {}
        self._numbers: Numbers = WeakIdKeyDictionary()  # parameter -> its number
        self._stepped_by: Numbers = WeakIdKeyDictionary()  # parameter -> its optimizer's number
        self._optimizers: WeakKeyDictionary[torch.optim.Optimizer, int] = WeakKeyDictionary()
        self._parameters = 0  # highest number given
        self._fresh: list[torch.Tensor] = []  # numbered by the write in progress
        self._seen = 0  # optimizers numbered
        self._resting = Resting(store, names)
        self._modes: WeakIdKeyDictionary = WeakIdKeyDictionary()  # model -> its mode when last seen
        self._rates: WeakKeyDictionary[torch.optim.Optimizer, Changes[list[float]]] = WeakKeyDictionary()
        self._late_passes = Thinned()
        self._reasons: dict[tuple[str, str], Thinned] = {}
        self._steps: list[tuple[int, int, float | torch.Tensor]] = []
        self._rate_rows: list[tuple[int, int, str]] = []
        self._skipped: list[tuple[int, int]] = []
        self.problems: Counter[tuple[int, str, str]] = Counter()
        self._written: Counter[tuple[int, str, str]] = Counter()
        with store.transaction():
            for quantity in quantities():
                store.add_quantity(quantity.name, quantity.subject, quantity.columns)

    # -- every step -------------------------------------------------------------------------------------------

    def loss(self, step: int, number: int, value: float | torch.Tensor) -> None:
        """Note a loss; a tensor stays on its device until the next write."""
        if number >= PASSES and not self._late_passes.keeps(step):
            return
        self._steps.append((step, number, value))
        if len(self._steps) % WAITING == 0:  # where a write failed, the next try is as many losses later
            self.flush()

    def rates(self, step: int, optimizer: torch.optim.Optimizer, sampled: bool = True) -> None:
        """Note an optimizer's learning rates when they changed, and who it is when it is new.

        Rates on another device are read in samples alone: whoever reads them waits until the device has come so far.
        """
        number = self._optimizers.get(optimizer)
        if number is None:
            self._seen += 1
            number = self._optimizers[optimizer] = self._seen
            options = {k: v for k, v in optimizer.param_groups[0].items() if isinstance(v, bool | int | float | str)}
            name = type(optimizer).__name__
            files, first = dict.fromkeys(f.f_code.co_filename for f in frames()), optimizer.param_groups[0]
            place = origin.made_at(files, name) or origin.given_at(
                files, RATE, first.get("initial_lr", first.get("lr"))
            )
            where = (place.file, place.line, origin.code(place.file, place.line)) if place else (None, None, None)
            with self.store.transaction():
                self.store.insert("optimizer", [(number, name, json.dumps(options), *where, *_calling())])
            self._adopt(optimizer, number)
        rates = [group["lr"] for group in optimizer.param_groups if "lr" in group]
        if sampled or not any(isinstance(rate, torch.Tensor) and rate.device.type != "cpu" for rate in rates):
            there = iter(host([rate.detach().reshape(()) for rate in rates if isinstance(rate, torch.Tensor)]))
            rates = [next(there) if isinstance(rate, torch.Tensor) else float(rate) for rate in rates]
            self._rate(number, self._rates.setdefault(optimizer, Changes()).note(step, rates))

    def _rate(self, number: int, due: tuple[int, list[float]] | None) -> None:
        if due is not None:
            self._rate_rows.append((due[0], number, json.dumps(due[1])))

    def problem(self, step: int, what: str, why: str) -> None:
        """Count something that could not be measured, under `step` or a step shortly before."""
        if len(self._reasons) >= REASONS and (what, why) not in self._reasons:
            what, why = OTHERS
        seen = self._reasons.setdefault((what, why), Thinned())
        seen.keeps(step)
        self.problems[seen.last or 0, what, why] += 1

    def skipped(self, step: int, optimizer: torch.optim.Optimizer) -> None:
        """Note that an optimizer's step was left out."""
        self._skipped.append((step, self._optimizers[optimizer]))

    def late(self, step: int, optimizer: torch.optim.Optimizer) -> None:
        """An optimizer stepped after a sample was written: what that says about its parameters' change is not true."""
        mine = [self._numbers[p] for group in optimizer.param_groups for p in group["params"] if p in self._numbers]
        with self.store.transaction():
            for quantity in (q for q in quantities() if q.updated):
                unknown = ", ".join(f"{column} = NULL" for column in quantity.updated)
                statement = f"UPDATE {quantity.name} SET {unknown} WHERE step = ? AND parameter = ?"
                self.store.connection.executemany(statement, [(step, number) for number in mine])

    def _adopt(self, optimizer: torch.optim.Optimizer, number: int) -> None:
        """Note whose parameters an optimizer steps, also of those that it was given later or that stand written."""
        fresh = [p for g in optimizer.param_groups for p in g["params"] if p not in self._stepped_by]
        for parameter in fresh:
            self._stepped_by[parameter] = number
        written = [(number, self._numbers[p]) for p in fresh if p in self._numbers]
        if written:
            with self.store.transaction():
                self.store.execute("UPDATE parameter SET optimizer = ? WHERE id = ?", written)

    # -- samples ----------------------------------------------------------------------------------------------

    def write(self, sample: Sample, rows: dict[Key, dict[str, Any]], cost: float) -> None:
        """Write a sample in one transaction, then everything that waited for it."""
        ops, self._fresh = dict(self._ops), []
        try:
            with self.store.transaction():
                self._write(sample, rows, cost)
        except BaseException:  # nothing of it stands in the record, so nothing of it may be taken for written
            self._ops = ops
            for parameter in self._fresh:
                del self._numbers[parameter]
            raise
        finally:
            self.flush()

    def _write(self, sample: Sample, rows: dict[Key, dict[str, Any]], cost: float) -> None:
        for graph in sample.graphs:
            for parameter in graph.parameters.values():
                self._parameter(parameter)
            for op in graph.ops:
                self._op(op, sample.step)
        parameters = sample.parameters
        for (quantity, key), row in rows.items():
            if row:
                number = self._ops[key] if isinstance(key, str) else self._numbers[parameters[key]]
                values = [row.get(column) for column in quantity.columns]
                self.store.insert(quantity.name, [(sample.step, number, *values)])
        self.store.insert("sample", [(sample.step, sample.why, cost, sample.facts.get("scale"))])

    def rest(self, sample: Sample) -> None:
        """Write which parameters a sample did not reach, and in which mode models ran."""
        for optimizer, number in list(self._optimizers.items()):
            self._adopt(optimizer, number)
        self._resting.note(self._numbers, self._stepped_by, sample.called)
        rows = []
        for model, mode in sample.modes:
            known: Mode | None = self._modes.get(model)
            if known != mode:
                self._modes[model] = mode
                rows.append((sample.step, self._names.module(model), *map(int, mode)))
        with self.store.transaction():
            self.store.insert("mode", rows)

    def end(self, **meta: Any) -> None:
        """Write all that waits, also what was left out so far as one of many, and entries of `meta`."""
        for optimizer, changes in list(self._rates.items()):
            self._rate(self._optimizers[optimizer], changes.rest())
        self.flush(**meta)

    def flush(self, **meta: Any) -> None:
        """Write what waits, and entries of `meta`."""
        with self.store.transaction():
            self._flush()
            self.store.meta(**meta)

    def _flush(self) -> None:
        on_device = [(i, v) for i, (_, _, v) in enumerate(self._steps) if isinstance(v, torch.Tensor)]
        values = [v if isinstance(v, float) else 0.0 for _, _, v in self._steps]
        if on_device:
            for (i, _), value in zip(on_device, torch.stack([v for _, v in on_device]).tolist(), strict=True):
                values[i] = value
        rows = [
            (step, number, value if value - value == 0 else None, int(value - value == 0))
            for (step, number, _), value in zip(self._steps, values, strict=True)
        ]
        self.store.insert("step", rows)
        self.store.insert("rate", self._rate_rows)
        self.store.insert("skipped", self._skipped)
        self.store.insert("problem", [(*key, n) for key, n in (self.problems - self._written).items()])
        self._written = self.problems.copy()
        self._steps, self._rate_rows, self._skipped = [], [], []

    def _parameter(self, parameter: torch.Tensor) -> None:
        if parameter in self._numbers:
            return
        self._parameters += 1
        self._fresh.append(parameter)
        number = self._numbers[parameter] = self._parameters
        dtype, shape = str(parameter.dtype).removeprefix("torch."), json.dumps(shape_of(parameter))
        row = (number, self._names.tensor(parameter), shape, dtype, parameter.numel())
        self.store.insert("parameter", [(*row, self._stepped_by.get(parameter), int(is_shard(parameter)))])

    def _op(self, op: TapeOp, step: int) -> None:
        if op.key in self._ops:
            return
        number = self._ops[op.key] = len(self._ops) + 1
        file = op.place.user.file if op.place.user else None
        place = (op.place.function, op.member, file, op.line, origin.code(file, op.line), op.module_path)
        kind = type(op.module).__name__ if op.module is not None else None
        shape, options, facts = json.dumps(op.shape), json.dumps(op.options), json.dumps(facts_of(op))
        made = (kind, op.position, shape, op.dtype, options, facts, int(op.root), step)
        self.store.insert("op", [(number, op.key, op.name, op.kind, *place, *made)])
        self.store.insert(
            "edge", [(number, slot, self._ops[b.key]) for slot, b in op.inputs.items() if b.key in self._ops]
        )
        self.store.insert("op_parameter", [(number, self._numbers[p]) for p in op.parameters])


def _calling() -> tuple[str | None, int | None, str | None]:
    """The user's line that is running: file, number, text."""
    frame = next(frames(), None)
    if frame is None:
        return None, None, None
    file, line = frame.f_code.co_filename, frame.f_lineno
    return file, line, origin.code(file, line)


def facts_of(op: TapeOp) -> dict[str, Any]:
    """What the catalogue knows about an op's member, stamped into the record so that diagnosis needs no torch."""
    if op.kind in ("activation", "softmax") and op.member:
        spec = catalogue.activations[op.member]
        facts: dict[str, Any] = {"range": [spec.range.lo, spec.range.hi]}
        if not spec.vector:
            found = traits(spec)
            facts |= {
                "largest_slope": found.lipschitz,
                "dead": found.dead is not None,
                "saturates": bool(found.saturates),
            }
        return {k: [_number(x) for x in v] if isinstance(v, list) else v for k, v in facts.items()}
    if op.kind == "loss" and op.member:
        loss = catalogue.losses[op.member]
        return {
            "expects": loss.expects,
            "applies": loss.applies,
            "target_kind": loss.target_kind,
            "targets": [_number(loss.targets.lo), _number(loss.targets.hi)],
            "predictions": [_number(loss.predictions.lo), _number(loss.predictions.hi)],
        }
    return {}


def _number(value: float) -> float | None:
    """A bound as JSON: None stands for infinity."""
    return float(value) if abs(value) != float("inf") else None
