"""Every process of a distributed run gets the same batches."""

from __future__ import annotations

from collections.abc import Iterable

from neurologist.diagnose.across import together
from neurologist.diagnose.dynamics import entering
from neurologist.diagnose.finding import Evidence, Finding, Rival
from neurologist.diagnose.reading import say
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Run


class SameDataOnRanks(Rule):
    """All processes that train one model together see one and the same batch at each step.

    What it is:
        Data parallel training averages the gradients of processes that each see other examples. Here what enters the
        first layers is the same in all of them, step by step: the loader has no DistributedSampler, or every process
        shuffles with the same seed and takes everything.

    Why it is bad:
        The average of equal gradients is the gradient of one of them. All processes together learn exactly what one
        would learn alone, at many times the price, and an epoch takes as long as on one.

    How it is seen:
        Extremes, mean, spread and size of what enters the first layers are equal in all processes at every sample,
        while the weights of all are equal too, as they are where gradients are averaged. Processes that hold parts of
        a model (tensor parallelism, pipelines) share their batches on purpose, and differ in their weights.

    How it is cured:
        Give the loader `sampler=DistributedSampler(dataset)` and call its `set_epoch(epoch)` at each epoch; or let
        each process read its own share of the files, by its rank. Lightning, Accelerate and Transformers do this by
        themselves, as long as the loader is handed to them.

    Sources:
        PyTorch documentation of torch.utils.data.distributed.DistributedSampler.
        S. Li et al., PyTorch Distributed: Experiences on Accelerating Data Parallel Training, 2020.
    """

    slug, code = "same-data-on-ranks", "NL701"
    cause, stage = "duplicated_data", Stage.DATA
    severity = "warning"
    of_data = True
    outside = "which examples a process gets is decided where the loader is made, and by how many processes there are"
    least = 3  # samples that must be equal

    def check(self, run: Run) -> Iterable[Finding]:
        samples = together(run)
        if len(samples) < self.least:
            return
        rows = [row for sample in samples for row in sample.values()]
        if any(row["differing"] or not row["agreeing"] or row["batch"] is None for row in rows):
            return
        if any(len({row["batch"] for row in sample.values()}) > 1 for sample in samples):
            return
        ranks, count = len(samples[0]), len(samples)
        yield self.finding(
            f"All {say(ranks)} processes got the same examples in each of the {say(count)} steps that were compared: "
            f"together they learn what one of them would learn alone.",
            op=next((op for op, _ in entering(run)), None),
            advice="Give the loader sampler=DistributedSampler(dataset), and call set_epoch(epoch) at each epoch.",
            evidence=[
                Evidence("steps in which all processes saw the same batch", count, f"of {count}", "none"),
                Evidence("processes", ranks, "", "each with examples of its own"),
            ],
            certainty=0.9,
            rivals=(Rival("none", "Is this a test that feeds every process alike on purpose? Then nothing is wrong."),),
        )
