"""Questions that several rules ask of a record: what feeds a loss, which path the gradient takes, is the loss falling.

Pure functions of `Run` and `Op`; no thresholds that decide a finding live here.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from math import log
from statistics import fmean, median
from typing import Any

from neurologist.record import Op, Parameter, Run

TRANSPARENT = ("shape", "dropout")  # kinds through which a unit's value passes unchanged
PARAMETRIC = ("linear", "conv")
MEAN = 1  # torch's number for reduction="mean"
WINDOW = 10  # losses averaged at either end of a run, at most a quarter of it

Row = dict[str, Any]


# -- structure ------------------------------------------------------------------------------------------------


def is_weight(op: Op) -> bool:
    """True for ops that only reshape parameters, e.g. a weight's transpose."""
    below = op.inputs.values()
    return op.kind == "shape" and bool(op.parameters) and all(b.kind == "shape" and b.parameters for b in below)


def data_inputs(op: Op) -> list[Op]:
    """Ops that made the op's data inputs, in order of their slots; reshaped parameters left out."""
    return [op.inputs[slot] for slot in sorted(op.inputs) if not is_weight(op.inputs[slot])]


def composite(op: Op) -> list[Op]:
    """The op and the ops below it that belong to the same loss: one call, or the arithmetic of one line."""
    found, stack = [op], [op]
    while stack:
        step = stack.pop()
        for below in data_inputs(step):
            same = (below.function, below.file, below.line) == (op.function, op.file, op.line)
            same &= op.function is not None or below.kind in ("arithmetic", "reduction", "shape")
            if same and below not in found:
                found.append(below)
                stack.append(below)
    return found


def losses(run: Run) -> list[Op]:
    """Loss ops, each composite loss once, in forward order."""
    inner = {part.id for op in run.of_kind("loss") for part in composite(op)[1:]}
    return [op for op in run.of_kind("loss") if op.id not in inner]


def feeds(op: Op) -> list[Op]:
    """What enters a loss from outside its own call, seen through reshaping and dropout."""
    parts = composite(op)
    outside = [below for part in parts for below in data_inputs(part) if below not in parts]
    return [found for below in outside if (found := through(below)) is not None]


def applies(loss: Op) -> str | None:
    """The activation that a loss applies to what it is given: "softmax", "sigmoid", "exp" or None."""
    named: str | None = loss.facts.get("applies")
    if named == "exp" and not any(part.name == "Exp" for part in composite(loss)):
        return None  # poisson_nll_loss(log_input=False) takes the rate itself
    return named


def logs_of_scores(run: Run) -> list[tuple[Op, Op]]:
    """Losses written by hand that take the logarithm of a layer's raw output: (root, the layer)."""
    found = []
    for root in (op for op in run.ops if op.root and op.kind != "loss"):
        for op in ancestors(root):
            if op.parameters:
                break
            below = next(iter(data_inputs(op)), None)
            while op.name == "Log" and below is not None and below.name in ("Clamp", "ClampMin", "Add", "Maximum"):
                below = next(iter(data_inputs(below)), None)
            if op.name == "Log" and below is not None and below.kind in PARAMETRIC:
                found.append((root, below))
                break
    return found


def through(op: Op | None) -> Op | None:
    """The op itself, or what feeds it when it only reshapes or drops."""
    while op is not None and op.kind in TRANSPARENT:
        below = data_inputs(op)
        op = below[0] if below else None
    return op


def sources(op: Op) -> list[Op]:
    """What feeds an op, seen through reshaping and dropout."""
    return [found for below in data_inputs(op) if (found := through(below)) is not None]


def ancestors(op: Op) -> Iterator[Op]:
    """Every op that the op was computed from, itself first, nearest first."""
    seen, queue = {op.id}, [op]
    for step in queue:
        yield step
        for below in data_inputs(step):
            if below.id not in seen:
                seen.add(below.id)
                queue.append(below)


def main_path(run: Run) -> list[Op]:
    """From the loss to the first layer, along the deepest branch."""
    depth: dict[int, int] = {}
    for op in run.ops:  # forward order: inputs come first
        depth[op.id] = 1 + max((depth.get(below.id, 0) for below in data_inputs(op)), default=0)
    roots = [op for op in run.ops if op.root]
    if not roots:
        return []
    path = [max(roots, key=lambda op: depth[op.id])]
    while below := data_inputs(path[-1]):
        path.append(max(below, key=lambda op: depth.get(op.id, 0)))
    return path


def layers(run: Run) -> list[Op]:
    """Linear and convolutional ops with parameters, in forward order."""
    return [op for op in run.of_kind(*PARAMETRIC) if op.parameters]


def is_last_layer(op: Op) -> bool:
    """True when no other layer reads what the layer makes."""
    seen, queue = set(), list(op.consumers)
    for step in queue:
        if step.kind in (*PARAMETRIC, "recurrent", "attention"):
            return False
        queue += [c for c in step.consumers if c.id not in seen]
        seen |= {c.id for c in step.consumers}
    return True


def weight(op: Op) -> Parameter | None:
    """The layer's weight."""
    return next((p for p in op.parameters if len(p.shape) > 1), None)


def bias(op: Op) -> Parameter | None:
    """The layer's bias."""
    return next((p for p in op.parameters if len(p.shape) == 1), None)


def output_units(op: Op) -> int | None:
    """Size of the last dimension of an op's output (of the channels for images)."""
    return None if not op.shape else op.shape[1] if op.kind == "conv" and len(op.shape) > 2 else op.shape[-1]


# -- numbers --------------------------------------------------------------------------------------------------


def first(run: Run, table: str, subject: Op | Parameter) -> Row | None:
    """The earliest row of a quantity."""
    return next(iter(run.rows(table, subject)), None)


def last(run: Run, table: str, subject: Op | Parameter) -> Row | None:
    """The latest row of a quantity."""
    rows = run.rows(table, subject)
    return rows[-1] if rows else None


def known(rows: list[Row], column: str) -> list[float]:
    """A column's values where they were measured."""
    return [row[column] for row in rows if row.get(column) is not None]


def targets(run: Run, loss: Op) -> list[Row]:
    """What a loss compared, at every sample where it kept its targets."""
    for part in composite(loss):
        rows = run.rows("target", part)
        if any(row.get("low") is not None for row in rows):
            return rows
    return []


def by_index(loss: Op, rows: list[Row]) -> bool:
    """True where each target is the number of its class; False where it is a row of shares, one per class."""
    rowwise = any(row.get("shape") is not None and row["shape"] == row.get("predicted_shape") for row in rows)
    return loss.facts.get("target_kind") == "class_index" and not rowwise


def range_of(op: Op) -> tuple[float, float] | None:
    """The range of an activation's output, from the catalogue; None for other ops."""
    bounds = op.facts.get("range")
    if bounds is None:
        return None
    low, high = bounds
    return (float("-inf") if low is None else low, float("inf") if high is None else high)


# -- the loss over time ---------------------------------------------------------------------------------------


def curve(run: Run) -> list[float]:
    """Finite losses of the first backward pass of every step."""
    return [loss for _, loss in run.losses if loss is not None]


def ends(run: Run) -> tuple[float, float] | None:
    """Loss at the start and at the end; None for runs of fewer than two steps.

    The start is the first loss or the median of the first few, whichever is lower, so that a jump right after the
    first step does not pass for a start.
    """
    values = curve(run)
    if len(values) < 2:
        return None
    width = max(1, min(WINDOW, len(values) // 4))
    return min(values[0], median(values[:width])), fmean(values[-width:])


def improvement(run: Run) -> float:
    """Share of the initial loss that training took away: 1 is all of it, 0 none, below 0 it rose.

    Where the loss of guessing is known and the run began above it, the share of that: what is lost on the way from a
    worse start, or from first steps that blew up, is not learnt.
    """
    both = ends(run)
    if both is None or not both[0]:
        return 0.0
    start, end = both
    whole = losses(run)
    chance = guessing(run) if len(whole) == 1 and not whole[0].consumers else None  # else it is one term of several
    above = chance is not None and 0 < chance < start
    reference = chance if above and chance is not None else start
    return (reference - end) / abs(reference)


def guessing(run: Run, centred: bool = False) -> float | None:
    """Loss of a network that guesses, by the first loss of a kind where that is known; None for any other.

    For numbers the guess is 0, or the targets' mean where it is to be `centred`.
    """
    for loss in losses(run):
        rows = targets(run, loss)
        outputs = max(known(rows, "outputs"), default=0)
        if applies(loss) == "softmax" and outputs > 1:
            return log(outputs)
        if applies(loss) == "sigmoid" or loss.member == "bce":
            return log(2)
        if rows and rows[0].get("std") is not None and loss.options.get("reduction", MEAN) == MEAN:
            spread, middle = rows[0]["std"], 0.0 if centred else rows[0]["mean"]
            by_kind = {
                "mse": spread**2 + middle**2,
                "l1": spread + abs(middle),
                "huber": min(0.5 * spread**2, spread),
                "smooth_l1": min(0.5 * spread**2, spread),
            }
            if loss.member in by_kind:
                return max(1e-12, float(by_kind[loss.member]))
    return None


def falling(run: Run) -> bool:
    """True when each quarter of the run has a lower mean loss than the one before."""
    values = curve(run)
    size = len(values) // 4
    if size < 1:
        return False
    means = [fmean(values[i * size : (i + 1) * size]) for i in range(4)]
    return all(b < a for a, b in pairwise(means))


def went_nonfinite(run: Run) -> int | None:
    """First step whose loss was NaN or infinite."""
    return next((step for step, loss in run.losses if loss is None), None)


def noise(run: Run) -> float:
    """Median step-to-step change of the loss over the last quarter, as a share of its level."""
    values = curve(run)[-max(8, len(run.losses) // 4) :]
    level = median(abs(v) for v in values) if values else 0.0
    return median(abs(b - a) for a, b in pairwise(values)) / level if len(values) > 2 and level else 0.0


@cache
def say(value: float) -> str:
    """A number for a sentence: three significant digits."""
    return f"{value:.3g}"
