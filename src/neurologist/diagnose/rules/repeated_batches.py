"""The same batch at every step."""

from __future__ import annotations

from collections.abc import Iterable

from neurologist.diagnose.dynamics import entering, one_batch
from neurologist.diagnose.finding import Evidence, Finding, Rival
from neurologist.diagnose.reading import Row, say
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Op, Run


class RepeatedBatches(Rule):
    """Every step sees one and the same batch.

    What it is:
        The inputs of all steps that were examined are the same to the last digit, and as many as a loader is usually
        asked for: 16, 32, 64, ... One reason is `next(iter(loader))` inside the loop, which begins the loader anew
        each time; another is a batch taken out once, for a test.

    Why it is bad:
        The network learns these few examples by heart; the loss falls nicely and says nothing.

    How it is seen:
        Extremes, mean, standard deviation and size of what enters the first layers are exactly equal at every sample.
        Training on all data at once looks the same, and is only told by the number of examples: data sets are
        seldom a power of two.

    How it is cured:
        Let the loop run over the loader: `for x, y in loader:`. To overfit one batch on purpose is a good test, and
        then this is as it should be.

    Sources:
        PyTorch documentation of torch.utils.data.DataLoader: each call of iter begins a new pass over the data.
    """

    slug, code = "repeated-batches", "NL205"
    cause, stage = "repeated_batches", Stage.DATA
    severity = "info"
    of_data = True
    outside = "which examples come is decided by the loop over the loader, and other batches cannot be compared"
    least = 4  # samples that must be equal
    steps = 20  # steps of the run
    smallest, largest = 8, 1024  # examples in a batch that a loader gives

    def check(self, run: Run) -> Iterable[Finding]:
        found = entering(run)
        if not found or run.steps < self.steps or len(run.samples) < self.least:
            return
        if not one_batch(run) or any(len(rows) < self.least for _, rows in found):
            return
        op, rows = max(found, key=lambda pair: pair[1][0]["varying"] or 0.0)  # positions are the same for all
        size = int(rows[0]["rows"])
        if not self.smallest <= size <= self.largest or size & (size - 1) or self._empty(found):
            return
        yield self.finding(
            f"The {say(size)} examples that enter {op.place} were the same in all {len(rows)} steps looked at, of "
            f"{run.steps}. If these are all your data, or you overfit one batch as a test, this is as it should be.",
            op=op,
            advice="If there is a loader, let the loop run over it: next(iter(loader)) begins it anew at every step.",
            evidence=[Evidence("different batches among those looked at", 1, f"of {len(rows)}", "most of them")],
            certainty=0.5,
            rivals=(Rival("none", f"Count your data: if there are {size} examples in all, nothing is wrong."),),
        )

    def _empty(self, found: list[tuple[Op, list[Row]]]) -> bool:
        """True when nothing but constants enters: that is another fault."""
        return not any(row.get("varying") for _, rows in found for row in rows[:1])
