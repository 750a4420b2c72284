"""Where the gradient stands along its way, and where it changes most: for every picture of the waterfall.

May import: `diagnose`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from neurologist.diagnose.diagnosis import Bar


def heights(bars: Sequence[Bar]) -> list[tuple[float, float]]:
    """Where the gradient stood before and after each op, in decades since the logits or predictions."""
    found, height = [], 0.0
    for bar in bars:
        end = bar.total if bar.total is not None and math.isfinite(bar.total) else height
        known = bar.decades is not None and math.isfinite(bar.decades)
        start = end - bar.decades if known and bar.decades is not None and bar.total is not None else end
        found.append((start, end))
        height = end
    return found


def heaviest(bars: Sequence[Bar]) -> int | None:
    """Index of the op that changes the gradient most, the loss itself left out; None when none changes it tenfold."""
    known = [(abs(b.decades), i) for i, b in enumerate(bars) if b.decades is not None and b.total is not None]
    known = [(size, i) for size, i in known if size >= 1 and bars[i].kind != "loss"]
    return max(known, key=lambda pair: (pair[0], -pair[1]))[1] if known else None
