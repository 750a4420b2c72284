"""How training goes: what a step promises, whether examples agree, at which floor the loss stands.

Pure functions of `Run`, shared by rules; no threshold that decides a finding lives here.
May import: `diagnose.finding`, `diagnose.reading`, the record.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from math import e, isfinite, log, sqrt
from statistics import fmean, median, stdev

from neurologist.diagnose.finding import Evidence
from neurologist.diagnose.reading import Row, applies, curve, guessing, is_last_layer, known, losses, say, targets
from neurologist.record import Op, Run

NEAR = 0.02  # relative distance at which a loss stands at a floor; batches differ by about as much
ROUNDING = 1e-6  # of the RMS: sums of the same numbers in another order differ by less
FEW = 4  # batches
KNOWN = 0.05  # standard error of a mean over that mean: beyond, the mean is not known well enough
LOOKUPS = frozenset({"Index", "IndexSelect", "Gather"})  # of rows of a parameter, by ids that autograd does not keep
TAIL = 4  # the last quarter of a run is its end


# -- steps ----------------------------------------------------------------------------------------------------


def ratios(run: Run, still: bool = False) -> list[float]:
    """Update-to-weight ratios of weight matrices over all samples; with `still`, of those too that did not move."""
    weights = [p for p in run.parameters.values() if len(p.shape) > 1]
    found = [r for p in weights for r in known(run.rows("weights", p), "ratio") if r < float("inf")]
    return [r for r in found if still or r > 0]


def distance(run: Run) -> float:
    """How often weight matrices could have gone their own length: update-to-weight ratios added up over all steps.

    Steps between two samples count as the earlier one; of all matrices the median.
    """
    lengths = []
    for parameter in run.parameters.values():
        rows = [(row["step"], row["ratio"]) for row in run.rows("weights", parameter) if row["ratio"] is not None]
        if len(parameter.shape) > 1 and rows:
            ends = [step for step, _ in rows[1:]] + [run.steps]
            lengths.append(sum(r * (end - step) for (step, r), end in zip(rows, ends, strict=True) if r < float("inf")))
    return median(lengths) if lengths else 0.0


def promises(run: Run) -> dict[int, float]:
    """Step -> share of the loss that the step would take away on a plane: minus slope times change, over the loss.

    A loss that is never below 0 bounds what can be kept of it. On a quadratic surface, whatever the direction of the
    step, the loss beyond a step that promises the share r is at least (1 - r/2)^2 of the loss before it: for a
    positive semidefinite curvature H, slope = (Hx).d, and (x.Hd)^2 <= (x.Hx)(d.Hd) by Cauchy and Schwarz. So r above
    2 goes past the lowest point on its way, and r above 4 makes the loss rise. Empty where several optimizers share
    the steps, and where the loss is not above 0.
    """
    if len(run.optimizers) > 1:
        return {}
    slopes: dict[int, float] = defaultdict(float)
    for parameter in run.parameters.values():
        for row in run.rows("along", parameter):
            slopes[row["step"]] += row["promised"] or 0.0
    values = run.totals
    return {
        step: -slope / values[step] for step, slope in slopes.items() if values.get(step, 0.0) > 0 and isfinite(slope)
    }


def bends(run: Run) -> list[float]:
    """Slope along a step at its end over the slope at its start, for each two sampled steps that follow each other.

    1 on a plane, 0 at the lowest point, below 0 beyond it; other examples at the end make it smaller, not negative.
    """
    ends: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for parameter in run.parameters.values():
        for row in run.rows("along", parameter):
            if row["entered"] is not None and row["left"] is not None:
                ends[row["step"]][0] += row["entered"]
                ends[row["step"]][1] += row["left"]
    return [left / entered for _, (entered, left) in sorted(ends.items()) if entered]


# -- examples -------------------------------------------------------------------------------------------------


def agreement(run: Run) -> list[Row]:
    """Rows of the last layer of which examples were compared, in order of step; [] where none was."""
    ops = [op for op in run.of_kind("linear") if run.rows("agreement", op)]
    last = next((op for op in reversed(ops) if is_last_layer(op)), None)
    return [] if last is None else [row for row in run.rows("agreement", last) if row["single"]]


def entering(run: Run) -> list[tuple[Op, list[Row]]]:
    """Layers that read the user's data, with their rows of `input`; [] where some of the data enter unmeasured."""
    lookups = [op for op in run.ops if op.parameters and (op.kind == "embedding" or op.name in LOOKUPS)]
    if any(not run.rows("input", op) for op in lookups):
        return []
    return [(op, rows) for op in run.ops if (rows := run.rows("input", op))]


def one_batch(run: Run) -> bool:
    """True when what enters the first layers was the same at every sample, but for the order of the examples."""
    found = entering(run)
    return bool(found) and all(_same(rows) for _, rows in found)


def _same(rows: list[Row]) -> bool:
    first = rows[0]
    if any((row["low"], row["high"], row["rows"]) != (first["low"], first["high"], first["rows"]) for row in rows):
        return False
    return all(abs(row[name] - first[name]) <= ROUNDING * first["rms"] for row in rows for name in ("mean", "std"))


def coherence(row: Row) -> float:
    """How many times larger the square of the batch's gradient is than of examples that do not agree at all: 1 to n."""
    return float(row["whole"] / row["single"])


# -- the loss -------------------------------------------------------------------------------------------------


def end(run: Run) -> list[float]:
    """The last quarter of the losses."""
    values = curve(run)
    return values[-max(1, len(values) // TAIL) :]


def flat(run: Run) -> bool:
    """True when the last quarter of the losses does not lie below the one before it, scatter allowed for."""
    last = end(run)
    before = curve(run)[-2 * len(last) : -len(last)]
    if len(before) < 4:
        return False
    scatter = stdev([b - a for part in (before, last) for a, b in pairwise(part)]) / sqrt(2)
    return fmean(before) - fmean(last) < 2 * scatter * sqrt(2 / len(last))


def decline(run: Run) -> float:
    """Share of the loss that the last quarter has taken off the one before it; below 0 where it rose."""
    last = end(run)
    before = fmean(curve(run)[-2 * len(last) : -len(last)] or last)
    return 1 - fmean(last) / before if before > 0 else 0.0


def blind(run: Run) -> float | None:
    """Loss of the best answer that does not look at its input, by the first loss where that is known; else None.

    For classes the entropy of their frequencies, for numbers under squared error their variance.
    """
    for loss in losses(run):
        rows = targets(run, loss)
        if not rows:
            continue
        if loss.facts.get("target_kind") == "class_index":
            return _entropy(rows)
        if applies(loss) == "sigmoid" or loss.member == "bce":
            return _yes_no(rows)
        if loss.member == "mse":
            return _variance(known(rows, "std")) if guessing(run) is not None else None
    return None


def _entropy(rows: list[Row]) -> float | None:
    """Mean entropy of batches; a batch of n shows (K - 1) / 2n too little of it (G. Miller, 1955)."""
    found = [
        row["entropy"] + (row["distinct_targets"] - 1) / (2 * max(1, row["rows"]))
        for row in rows
        if row.get("entropy") is not None
    ]
    return fmean(found) if found else None


def _variance(spreads: list[float]) -> float | None:
    """Mean variance of batches; None where they are too few or differ too much for it to be known within a tenth."""
    squares = [spread**2 for spread in spreads]
    if len(squares) < FEW:
        return None
    mean = fmean(squares)
    return mean if stdev(squares) / sqrt(len(squares)) <= KNOWN * mean else None


def _yes_no(rows: list[Row]) -> float | None:
    shares = known(rows, "mean")
    if not shares or max(known(rows, "outputs"), default=1) > 1:
        return None  # several tags, each with a frequency of its own
    share = fmean(shares)
    return -share * log(share) - (1 - share) * log(1 - share) if 0 < share < 1 else None


def floors(run: Run) -> list[tuple[float, str]]:
    """Losses at which training that learns nothing, or cannot be sure, comes to stand; with what each means."""
    found = []
    classes = [max(known(targets(run, op), "outputs"), default=0) for op in losses(run) if applies(op) == "softmax"]
    if classes and classes[0] > 1:
        k = int(classes[0])
        found.append((log(k), f"ln {k}, what guessing among {k} classes gives"))
        if k > 2:
            least = f"ln(1 + {k - 1}/e), the least that two softmaxes allow for {k} classes"
            found.append((log(1 + (k - 1) / e), least))
    elif any(applies(op) == "sigmoid" or op.member == "bce" for op in losses(run)):
        found.append((log(2), "ln 2, what a coin gives"))
    lowest = blind(run)
    if lowest is not None and lowest > 0:
        kind = "variance" if any(op.member == "mse" for op in losses(run)) else "entropy"
        found.append((lowest, f"the {kind} of the targets, the best that is possible without looking at the input"))
    return found


def standing(run: Run) -> list[Evidence]:
    """At which floor the loss stands at the end, as evidence; [] where it stands at none."""
    if len(curve(run)) < TAIL:
        return []
    level = fmean(end(run))
    near = [(abs(level - floor) / floor, meaning) for floor, meaning in floors(run)]
    near = [pair for pair in near if pair[0] < NEAR]
    return [Evidence(f"last loss: {min(near)[1]}", float(say(level)), "", "below it")] if near else []


def swing(run: Run) -> float:
    """Median change of the loss from step to step in the last quarter."""
    values = end(run)
    return median(abs(b - a) for a, b in pairwise(values)) if len(values) > 1 else 0.0


def reads(run: Run, op: Op, column: str) -> float | None:
    """A column of `variety` for what a layer reads, at the first sample that measured it; None where none did."""
    return next(iter(known(run.rows("variety", op), column)), None)
