"""Whether one batch, given at every step, could be learnt by heart: what the record says of such an examination.

May import: the record.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from neurologist.record import Run

KEY = "by_heart"  # of the record's meta


@dataclass(frozen=True)
class ByHeart:
    """One batch, learnt again and again on purpose.

    Attributes:
        learnt: True; False: it could not be; None: that cannot be told, see `why`.
        steps: optimizer steps taken, until it was learnt where it was.
        examples: rows of the batch; None where they are not known.
        loss_first, loss_last: the loss before the first step and after the last; None when not finite.
        measure: "accuracy", "R2", or "" where only the loss is known.
        score_first, score_last: likewise: accuracy as a share, R2 at most 1; None where only the loss is known.
        optimizer: the one that was chosen because none was given, e.g. "Adam(lr=0.001)"; else "".
        why: what keeps it from being told, and what to do, in plain sentences; "" where it was told.
    """

    learnt: bool | None
    steps: int
    examples: int | None = None
    loss_first: float | None = None
    loss_last: float | None = None
    measure: str = ""
    score_first: float | None = None
    score_last: float | None = None
    optimizer: str = ""
    why: str = ""


def by_heart(run: Run) -> ByHeart | None:
    """What the record says of learning one batch by heart; None for any other run."""
    found = run.meta.get(KEY)
    return ByHeart(**json.loads(found)) if found else None
