"""A process of a distributed run ended before the others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Run

Known = dict[str, Any]


class LostRank(Rule):
    """A process failed, was killed, or had fewer batches than the others.

    What it is:
        Processes that train together wait for each other at every step. When one is gone, the others fail or hang
        there, and what they say ("Connection closed by peer", a time-out) names the wrong process.

    Why it is bad:
        The run is over, and the error to look at stands in another process's output.

    How it is seen:
        Every process tells how its run ended, and in which order. Named is the first that failed; or the one that
        told nothing while rank 0 failed or was stopped; or the one that ended well after fewer steps than the others
        had to take.

    How it is cured:
        Failed: read that process's own traceback; `torchrun --log-dir logs --redirects 3` keeps each one's output.
        Killed: the system does so when memory runs out. Fewer steps: give every process as many batches, with
        DistributedSampler or `drop_last=True`, or let the model's `join()` stand in for those that are through.

    Sources:
        PyTorch documentation of torch.distributed.algorithms.Join and of torchrun.
    """

    slug, code = "lost-rank", "NL704"
    cause, stage = "lost_rank", Stage.CONSEQUENCE
    outside = "it takes all processes of the run to try a cure, and a trial has one"

    def check(self, run: Run) -> Iterable[Finding]:
        ranks = run.ranks
        if len(ranks) < 2 or ranks.get(0, {}).get("status") is None:
            return
        failed = [known for known in ranks.values() if (known["status"] or "").startswith("failed")]
        silent = [known for known in ranks.values() if known["status"] is None]
        first = min(failed, key=lambda known: known["place"], default=None)
        if first is not None and (early := self._early(run, first)) is not None:
            yield self._ran_out(early, first)
        elif first is not None and first["rank"]:
            yield self._failed(first)
        elif silent and ranks[0]["status"] != "finished":
            yield self._silent(min(silent, key=lambda known: known["last"]))

    def _early(self, run: Run, failed: Known) -> Known | None:
        """A process that ended well, and did not take a step that the one which failed after it had begun."""
        done = [k for k in run.ranks.values() if k["status"] == "finished" and k["place"] < failed["place"]]
        begun = max(failed["steps"], run.losses[-1][0] + 1 if run.losses else 0)
        alone = failed["status"].startswith("failed: Dist")  # what torch.distributed raises
        return next((k for k in done if k["steps"] < begun or alone), None)

    def _failed(self, known: Known) -> Finding:
        number, steps, error = known["rank"], known["steps"], known["status"].removeprefix("failed: ")
        return self.finding(
            f"Rank {number} was the first to fail, after {steps} steps, with {error}. What others say came after it.",
            since=known["last"],
            advice=f"Read the traceback of rank {number}; torchrun --log-dir logs --redirects 3 keeps each process's "
            f"output.",
            evidence=[Evidence(f"steps that rank {number} took", steps, "", "as many as the others")],
        )

    def _silent(self, known: Known) -> Finding:
        number, last = known["rank"], known["last"]
        return self.finding(
            f"Rank {number} was last heard of at step {last} and did not say how it ended: it was killed, or it hangs.",
            since=last,
            advice=f"Look at what rank {number} wrote last, and whether its machine ran out of memory.",
            evidence=[Evidence(f"last step that rank {number} told of", last, "", "the last sample of all")],
            certainty=0.8,
        )

    def _ran_out(self, known: Known, failed: Known) -> Finding:
        number, steps = known["rank"], known["steps"]
        return self.finding(
            f"Rank {number} was through after {steps} steps; rank {failed['rank']} had more to take and failed alone.",
            since=known["last"],
            advice="Give every process as many batches (DistributedSampler, drop_last=True), or train inside the "
            "model's join().",
            evidence=[Evidence(f"steps that rank {number} took", steps, "", "as many as the others")],
            certainty=0.9,
        )
