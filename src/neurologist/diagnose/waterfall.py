"""The gradient's way from the loss to the first layer, op by op, at the earliest sample that shows it whole."""

from __future__ import annotations

from math import log10

from neurologist.diagnose.diagnosis import Bar, Waterfall
from neurologist.diagnose.expected import expected_per_entry
from neurologist.diagnose.finding import Origin
from neurologist.diagnose.reading import composite, main_path
from neurologist.record import Op, Run


def waterfall(run: Run, step: int | None = None) -> Waterfall | None:
    """Bars from the loss to the first layer; None when no gradient was seen.

    Args:
        run: the record.
        step: a sampled step; the first one by default.
    """
    seen = [s for s in run.samples if step is None or s == step]
    gradients = {op.id: {r["step"]: r for r in run.rows("gradient", op)} for op in run.ops}
    for sample in seen:
        path = [op for op in main_path(run) if sample in gradients[op.id]]
        if path:
            return Waterfall(sample, _bars(run, path, {op.id: gradients[op.id][sample] for op in path}))
    return None


def _bars(run: Run, path: list[Op], rows: dict[int, dict[str, float | None]]) -> tuple[Bar, ...]:
    bars: list[Bar] = []
    total: float | None = None
    loss = {member.id for op in path if op.kind == "loss" for member in composite(op)}
    for op in path:
        row = rows[op.id]
        into, out, factor = row["rms_in"], row["rms_out"], row["factor"]
        decades = log10(factor) if factor else None
        if op.id not in loss and decades is not None:
            total = (total or 0.0) + decades
        if op.kind == "shape" and (decades is None or abs(decades) < 1e-6):
            continue  # reshaping neither wins nor loses anything
        place = Origin(op.file, op.line, op.code, op.module)
        bars.append(Bar(op.label, op.kind, place, into, out, decades, total, expected_per_entry(run, op)))
    return tuple(bars)
