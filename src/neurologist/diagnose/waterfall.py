"""The gradient's way from the loss to the first layer, op by op, at the samples that show it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
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
    return next((way for way in waterfalls(run) if step is None or way.step == step), None)


def waterfalls(run: Run) -> Iterator[Waterfall]:
    """The same at every sample that shows a gradient, in order of time."""
    way = main_path(run)
    gradients = {op.id: {row["step"]: row for row in run.rows("gradient", op)} for op in way}
    loss = {member.id for op in way if op.kind == "loss" for member in composite(op)}
    theory = cache(lambda op: expected_per_entry(run, op))
    for step in sorted({step for rows in gradients.values() for step in rows}):
        path = [(op, gradients[op.id][step]) for op in way if step in gradients[op.id]]
        bars: list[Bar] = []
        total: float | None = None
        for op, row in path:
            decades = log10(row["factor"]) if row["factor"] else None
            if op.id not in loss and decades is not None:
                total = (total or 0.0) + decades
            if op.kind == "shape" and (decades is None or abs(decades) < 1e-6):
                continue  # reshaping neither wins nor loses anything
            bars.append(_bar(op, row, decades, total, theory(op)))
        yield Waterfall(step, tuple(bars))


def _bar(
    op: Op, row: dict[str, float | None], decades: float | None, total: float | None, expected: float | None
) -> Bar:
    place = Origin(op.file, op.line, op.code, op.module)
    return Bar(op.label, op.kind, place, row["rms_in"], row["rms_out"], decades, total, expected, op.id, op.shape)
