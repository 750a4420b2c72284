"""A penalty that shrinks the weights to nothing."""

from __future__ import annotations

from collections.abc import Iterable

from neurologist.diagnose.finding import Evidence, Finding
from neurologist.diagnose.reading import known, say, through
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Op, Optimizer, Parameter, Run


class OverRegularised(Rule):
    """A penalty on the weights outweighs the data.

    What it is:
        Weight decay, or a penalty such as the sum of absolute weights added to the loss, pulls the weights to 0 harder
        than the data pull them anywhere else.

    Why it is bad:
        The weights shrink until the layer passes no signal. The loss falls, but only because the penalty does.

    How it is seen:
        A weight matrix loses most of its size during the run, and the loss has a branch that reads parameters without
        any data, or the optimizer decays weights.

    How it is cured:
        A penalty 10 to 100 times smaller; then look whether any is needed.

    Sources:
        I. Goodfellow, Y. Bengio, A. Courville, Deep Learning, 2016, section 7.1.
    """

    slug, code = "over-regularised", "NL503"
    cause, stage = "over_regularised", Stage.STEP
    explains = frozenset({"vanishing-gradient", "dead-units", "lr-too-low", "stopped-too-early", "lr-too-high"})
    treatments = ("lower-weight-decay",)
    shrunk = 0.1  # of its first RMS: training from scratch makes weights grow, a useful decay takes a few per cent

    def check(self, run: Run) -> Iterable[Finding]:
        shrunk = [p for p in run.parameters.values() if len(p.shape) > 1 and self._left(run, p) < self.shrunk]
        if not shrunk:
            return
        penalty, decay = _penalty(run), _decay(run)
        if penalty is None and decay is None:
            return
        parameter = min(shrunk, key=lambda p: self._left(run, p))
        left = self._left(run, parameter)
        by = "a penalty on the weights is added to the loss" if penalty else f"{decay} decays the weights"
        yield self.finding(
            f"{parameter.name} shrank to {say(100 * left)} % of its first size during the run, and {by}: the penalty "
            "outweighs the data.",
            op=penalty or decay,
            advice="Make the penalty 10 to 100 times smaller, or leave it out.",
            evidence=[Evidence(f"RMS of {parameter.name}, last over first", left, "", "above 0.5")],
        )

    def _left(self, run: Run, parameter: Parameter) -> float:
        sizes = known(run.rows("weights", parameter), "rms")
        return sizes[-1] / sizes[0] if len(sizes) > 1 and sizes[0] else 1.0


def _penalty(run: Run) -> Op | None:
    """The first op of a branch of the loss that reads parameters and no data."""
    fed: dict[int, bool] = {}  # op -> reads parameters only
    for op in run.ops:
        alone = op.kind in ("arithmetic", "reduction", "shape") and bool(op.inputs or op.parameters)
        fed[op.id] = alone and all(fed[below.id] for below in op.inputs.values())
    branches = [op for op in run.ops if fed[op.id] and op.kind != "shape" and through(op) is op]
    return next((op for op in branches if any(not fed[c.id] and c.kind == "arithmetic" for c in op.consumers)), None)


def _decay(run: Run) -> Optimizer | None:
    return next((o for o in run.optimizers.values() if o.options.get("weight_decay")), None)
