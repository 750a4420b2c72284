"""What the processes of one training saw, side by side.

Pure functions of `Run`, shared by rules; no threshold that decides a finding lives here.
May import: `diagnose.reading`, the record.
"""

from __future__ import annotations

from neurologist.diagnose.reading import Row
from neurologist.record import Run


def together(run: Run) -> list[dict[int, Row]]:
    """Samples that every process told of, each as number -> its row, in order of step; [] for one process alone."""
    told = run.rank_samples
    if len(told) < 2 or len(told) < int(run.meta.get("world", 1)):
        return []
    rows = {number: {row["step"]: row for row in found} for number, found in told.items()}
    common = set.intersection(*(set(found) for found in rows.values()))
    return [{number: rows[number][step] for number in sorted(rows)} for step in sorted(common)]
