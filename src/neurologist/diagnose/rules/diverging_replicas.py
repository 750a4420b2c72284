"""Processes that were to train one model train one each."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import dropwhile

from neurologist.diagnose.across import together
from neurologist.diagnose.dynamics import entering
from neurologist.diagnose.finding import Evidence, Finding, Origin, Rival, Severity
from neurologist.diagnose.reading import Row, say
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Run


class DivergingReplicas(Rule):
    """The processes' copies of the model are not the same.

    What it is:
        Data parallel training keeps a copy of the model in each process and averages gradients, so that all copies
        take the same steps. Here the copies differ: nothing averages their gradients, or only those of a part.

    Why it is bad:
        Each process trains a model of its own on its share of the data. What rank 0 saves has learnt from that share
        alone, and the others' work is thrown away. The loss looks fine.

    How it is seen:
        RMS and mean of every parameter that moves differ between the processes, more than another order of summing
        explains, and do not come together again, as they do where weights are averaged every few steps. Each process
        has a loss of its own and parameters of the same names. Where some parameters agree and others do not, only
        those are outside; that is said as a note, for experts that live in one process each look the same.

    How it is cured:
        Wrap the model: `model = DistributedDataParallel(model)`, and call the wrapped one. Every module that trains
        belongs inside, a head or a learnt loss too. Step the optimizer in all processes, never under `if rank == 0`.

    Sources:
        PyTorch documentation of torch.nn.parallel.DistributedDataParallel.
        S. Li et al., PyTorch Distributed: Experiences on Accelerating Data Parallel Training, 2020.
    """

    slug, code = "diverging-replicas", "NL702"
    cause, stage = "unsynchronised_replicas", Stage.STEP
    severity = "warning"
    outside = "it takes all processes of the run to try a cure, and a trial has one"
    least = 3  # samples that must differ
    far = 1e-3  # relative difference at the end: a thousand times what another order of float32 sums gives

    def check(self, run: Run) -> Iterable[Finding]:
        samples = together(run)
        rest = list(dropwhile(lambda sample: not self._differ(sample), samples))
        if len(rest) < self.least or not all(self._differ(sample) for sample in rest):
            return
        last = max(rest[-1].values(), key=lambda row: row["apart"] or 0.0)
        if last["apart"] < self.far:
            return
        whole = not any(row["agreeing"] for sample in rest for number, row in sample.items() if number)
        if whole and self._each_for_itself(rest):
            yield self._found(run, rest, last, "warning", "Each trains a model of its own.")
        elif not whole and rest[0] is not samples[0]:
            yield self._found(run, rest, last, "info", "Other parameters are the same in all.")

    def _differ(self, sample: dict[int, Row]) -> bool:
        return any(row["differing"] for row in sample.values())

    def _each_for_itself(self, samples: list[dict[int, Row]]) -> bool:
        """True when every process has a loss of its own: parts of one model share theirs, or have none."""
        rows = [row for sample in samples for row in sample.values()]
        return all(row["alone"] for row in rows) and all(len(_losses(sample)) == len(sample) for sample in samples)

    def _found(self, run: Run, samples: list[dict[int, Row]], last: Row, severity: Severity, meaning: str) -> Finding:
        step, name = min(samples[0].values(), key=lambda row: row["step"])["step"], last["parameter"]
        changes = {"origin": Origin(module=name.rpartition(".")[0] or name)} if severity == "info" else {}
        return self.finding(
            f"The processes' copies of {say(last['differing'])} parameters differ, from step {step} on at the latest; "
            f"{name} of rank {last['rank']} is {say(last['apart'])} of its size from that of rank 0. {meaning}",
            op=next((op for op, _ in entering(run)), None),
            severity=severity,
            since=step,
            advice="Wrap the model in DistributedDataParallel and call the wrapped one; everything that trains "
            "belongs inside.",
            evidence=[
                Evidence(f"distance of {name} between ranks", last["apart"], "of its RMS", "0", last["step"]),
                Evidence("parameters that differ between ranks", last["differing"], "", "0", last["step"]),
            ],
            certainty=0.8 if severity == "warning" else 0.5,
            rivals=(Rival("none", "Does each process train a model of its own on purpose? Then nothing is wrong."),),
            **changes,
        )


def _losses(sample: dict[int, Row]) -> set[float]:
    return {row["loss"] for row in sample.values() if row["loss"] is not None}
