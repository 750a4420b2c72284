"""Gradients that are never cleared, so that every step uses the sum of all before it."""

from __future__ import annotations

from collections.abc import Iterable

from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.reading import improvement, known, say, went_nonfinite
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Optimizer, Parameter, Run


class StaleGradient(Rule):
    """Gradients of earlier steps are still there when the next backward pass adds its own.

    What it is:
        `backward()` adds to what `.grad` holds. Unless that is cleared between an optimizer's steps, each step goes
        along the sum of all gradients since the beginning.

    Why it is bad:
        The sum does not forget: it is momentum with factor 1, which overshoots and swings ever wider, and grows with
        the number of steps.

    How it is seen:
        At each sample it is measured what `.grad` holds when the first backward pass after an optimizer's step begins.
        Several backward passes before one step, as in gradient accumulation, are no fault: there it has been cleared
        after the step.

    How it is cured:
        Call `optimizer.zero_grad()` once for every `optimizer.step()`, before the backward pass or after the step.

    Sources:
        PyTorch, documentation of torch.optim.Optimizer.zero_grad.
    """

    slug, code = "stale-gradient", "NL510"
    cause, stage = "stale_gradient", Stage.OBJECTIVE
    explains = frozenset(
        {
            "lr-too-high",
            "lr-too-low",
            "exploding-gradient",
            "dead-units",
            "saturated-units",
            "oscillating-loss",
            "non-finite",
            "gradient-noise",
            "stopped-too-early",
            "capacity-too-small",
            "unrelated-labels",
        }
    )
    treatments = ("clear-gradients",)
    least = 2  # samples right after an optimizer's step, before it can be said that nothing clears
    learns = 0.5  # share of the loss taken away beyond which the network evidently learns

    def check(self, run: Run) -> Iterable[Finding]:
        for optimizer in run.optimizers.values():
            own = [p for p in run.parameters.values() if p.optimizer == optimizer.id]
            stale = [p for p in own if self._stale(run, p)]
            if stale:
                yield self._finding(run, optimizer, stale, len(own))

    def _stale(self, run: Run, parameter: Parameter) -> bool:
        rows = [row for row in run.rows("weights", parameter) if row["gradient"]]
        carried = known(rows, "carried")
        return len(carried) >= self.least and all(value > 0 for value in carried)

    def _finding(self, run: Run, optimizer: Optimizer, stale: list[Parameter], held: int) -> Finding:
        largest = max(stale, key=lambda p: p.numel)
        rows = [row for row in run.rows("weights", largest) if row["carried"] and row["gradient"]]
        last = rows[-1]
        times = last["carried"] / last["gradient"]
        harmed = went_nonfinite(run) is not None or improvement(run) < self.learns
        who = f"{len(stale)} of its {held} parameters" if len(stale) < held else "its parameters"
        return self.finding(
            f"{optimizer.name} steps, and the gradients of {who} are not cleared before the next backward pass adds to "
            f"them: at step {last['step']} what was left of {largest.name}'s was {say(times)} times as large as the "
            "new gradient. " + ("Training gets nowhere with it." if harmed else "Training copes with it so far."),
            op=optimizer.at_step,
            severity="error" if harmed else "warning",
            since=rows[0]["step"],
            advice="Call zero_grad() of this optimizer once for every step, before the backward pass.",
            evidence=[
                Evidence("gradient left over, over the new gradient", times, "", "0", last["step"]),
                Evidence("parameters whose gradients add up", len(stale), "", "0"),
            ],
        )
