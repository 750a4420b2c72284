"""One process of a distributed run gets data unlike those of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf

from neurologist.diagnose.across import together
from neurologist.diagnose.dynamics import entering
from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.reading import Row, say
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Op, Run

Samples = list[dict[int, Row]]


class OddRank(Rule):
    """One process sees what no other sees: values that are not numbers, constants, another scale, one batch for ever.

    What it is:
        Processes that train together each read a share of the data, which should be alike. One of them is not: a
        damaged file, a preprocessing step that is missing there, an empty share filled up, a loader that stands still.

    Why it is bad:
        The average mixes its gradients into everybody's. One NaN there is a NaN everywhere a step later, and the
        other processes show nothing that would explain it.

    How it is seen:
        What enters the first layers, and the loss, are compared step by step between all processes: the first process
        that was not finite while the others still were; constants in one alone; an RMS that is many times that of each
        other; one batch at every step while those of the others change.

    How it is cured:
        Look at the data that this process loads: its files, its share of the indices, its preprocessing. Its own
        record, beside that of rank 0, tells the rest: `neurologist diagnose run.rank1.nlr`.

    Sources:
        PyTorch documentation of torch.utils.data.distributed.DistributedSampler.
    """

    slug, code = "odd-rank", "NL703"
    cause, stage = "odd_data_on_a_rank", Stage.NUMBERS
    explains = frozenset({"non-finite", "lost-rank", "exploding-gradient", "unscaled-input", "constant-input"})
    outside = "what is wrong stands in the data that one process loads, and a trial has one process of its own"
    least = 3  # samples in which it must stand out
    times = 10.0  # of the RMS of every other's inputs

    def check(self, run: Run) -> Iterable[Finding]:
        op = next((op for op, _ in entering(run)), None)
        samples = together(run)
        broken = self._broken(run, op)
        until = run.steps if broken is None else broken.since
        whole = [sample for sample in samples if sample[0]["step"] < until]
        unlike = self._unlike(whole, op) if len(whole) >= self.least else None
        if unlike is not None:
            yield unlike
        elif broken is not None:
            yield broken

    def _unlike(self, samples: Samples, op: Op | None) -> Finding | None:
        """A process whose data differ from those of all others at all samples."""
        for number in samples[0]:
            found = self._constant(samples, number, op) or self._scaled(samples, number, op)
            found = found or self._standing(samples, number, op)
            if found is not None:
                return found
        return None

    def _broken(self, run: Run, op: Op | None) -> Finding | None:
        """The process that was not finite first, where no other was at that step."""
        first: dict[int, Row] = {}
        for number, rows in run.rank_samples.items():
            for row in rows:
                if row["finite"] == 0 or row["nonfinite"]:
                    first.setdefault(number, row)
        if not first or len(run.rank_samples) < 2:
            return None
        number = min(first, key=lambda n: first[n]["step"])
        row = first[number]
        if sum(other["step"] == row["step"] for other in first.values()) > 1:
            return None
        count = row["nonfinite"]
        return self._found(
            number,
            f"What enters the first layers of rank {number} held NaN or infinity in step {row['step']}, when no other "
            f"process had shown any. Entries among those looked at: {say(count)}."
            if count
            else f"The loss of rank {number} became NaN or infinite in step {row['step']}, when no other process had "
            f"shown any.",
            op,
            Evidence("non-finite entries of the input" if count else "finite losses", count or 0, "", "", row["step"]),
            severity="error",
            since=row["step"],
        )

    def _constant(self, samples: Samples, number: int, op: Op | None) -> Finding | None:
        if not self._alone(samples, number, lambda row: row["varying"] == 0):
            return None
        return self._found(
            number,
            f"What enters the first layers of rank {number} is constant in all {say(len(samples))} steps that were "
            f"compared; it varies on every other process.",
            op,
            Evidence(f"largest spread of a feature on rank {number}", 0.0, "", "above 0, as on the others"),
        )

    def _scaled(self, samples: Samples, number: int, op: Op | None) -> Finding | None:
        factors = [self._factor(sample, number) for sample in samples]
        low, high = min(factors), max(factors)
        if 1 / self.times < low < self.times or 1 / self.times < high < self.times or (low < 1) != (high < 1):
            return None
        factor = low if low > 1 else high
        if len(samples[0]) == 2 and number == 0:
            return None  # of two, the other is named
        return self._found(
            number,
            f"What enters the first layers of rank {number} is at least {say(factor)} times as large as on any other "
            f"process, in all {say(len(samples))} steps that were compared."
            if factor > 1
            else f"In all {say(len(samples))} steps that were compared, what enters the first layers of rank {number} "
            f"is at most {say(factor)} times as large as on any other process.",
            op,
            Evidence(f"RMS of the inputs of rank {number} over that of the others", factor, "", "near 1"),
        )

    def _factor(self, sample: dict[int, Row], number: int) -> float:
        """RMS of what enters a process over that of the other that is nearest to it; 1 where it is not known."""
        own, others = sample[number]["rms"], [row["rms"] for n, row in sample.items() if n != number]
        if not own or not all(others):
            return 1.0
        return min((own / other for other in others), key=lambda factor: max(factor, 1 / factor), default=inf)

    def _standing(self, samples: Samples, number: int, op: Op | None) -> Finding | None:
        batches = {n: [sample[n]["batch"] for sample in samples] for n in samples[0]}
        still = [n for n, seen in batches.items() if None not in seen and len(set(seen)) == 1]
        if still != [number] or any(len(set(seen)) < len(seen) for n, seen in batches.items() if n != number):
            return None
        return self._found(
            number,
            f"Rank {number} got the same batch in all {say(len(samples))} steps that were compared; all others got new "
            f"ones.",
            op,
            Evidence(f"different batches on rank {number}", 1, f"of {len(samples)}", "as many as on the others"),
        )

    def _alone(self, samples: Samples, number: int, is_so: Callable[[Row], bool]) -> bool:
        """True when something holds for one process at all samples, and for no other at any."""
        return all(is_so(row) == (n == number) for sample in samples for n, row in sample.items())

    def _found(self, number: int, message: str, op: Op | None, evidence: Evidence, **changes: object) -> Finding:
        return self.finding(
            message,
            op=op,
            advice=f"Look at the data that rank {number} loads: files, share of the indices, preprocessing. Its own "
            f"record lies beside this one.",
            evidence=[evidence],
            **{"severity": "warning", **changes},
        )
