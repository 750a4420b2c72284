"""A model that is trained in evaluation mode."""

from __future__ import annotations

from collections.abc import Iterable

from neurologist.diagnose.finding import Evidence, Finding, Origin
from neurologist.diagnose.reading import Row, known
from neurologist.diagnose.rule import Rule, Stage
from neurologist.record import Op, Run


class EvalModeTraining(Rule):
    """A model is trained in evaluation mode.

    What it is:
        After `model.eval()` batch normalisation uses its running statistics and no longer updates them, and dropout
        drops nothing. Training steps go on in that mode until `model.train()` is called.

    Why it is bad:
        Running statistics that were never updated are mean 0 and variance 1: the normalisation does nothing. Where they
        come from earlier steps they no longer follow the weights. Without dropout the network overfits sooner.

    How it is seen:
        At each sample the mode is noted of every model whose ops the tape holds, and whose statistics each batch
        normalisation used. It is a fault when these were never updated, or when a whole model went from training to
        evaluation mode and never came back. A model that is fine-tuned with the statistics that it came with may be so
        on purpose: that is only worth knowing.

    How it is cured:
        Call `model.train()` before the training steps, again after each evaluation.

    Sources:
        S. Ioffe, C. Szegedy, Batch Normalization, 2015, section 3.1.
        PyTorch, documentation of torch.nn.Module.eval.
    """

    slug, code = "eval-mode-training", "NL514"
    cause, severity, stage = "eval_mode_training", "warning", Stage.ARCHITECTURE
    explains = frozenset({"exploding-gradient", "vanishing-gradient", "saturated-units", "lr-too-high"})
    treatments = ("train-mode",)
    after = 2  # samples in evaluation mode, from which on it is no passing look

    def check(self, run: Run) -> Iterable[Finding]:
        idle = [op for op in run.of_kind("normalisation") if self._idle(run.rows("norm", op))]
        if idle:
            yield self._untouched(idle)
            return
        for model, rows in run.modes.items():
            if not rows[-1]["training"] and self._parts(rows[-1]) and self._trains_on(run, model, rows[-1]["step"]):
                left = len(rows) == 2 and rows[0]["training"] and not self._off(rows[0])
                if left and self._off(rows[1]) == self._parts(rows[1]):
                    yield self._left(run, model, rows[1])
                elif len(rows) == 1:
                    yield self._from_the_start(model, rows[0])

    # -- what is seen -----------------------------------------------------------------------------------------

    def _idle(self, rows: list[Row]) -> bool:
        return bool(rows) and all(row["training"] == 0 and row["untouched"] == 1 for row in rows)

    def _parts(self, row: Row) -> int:
        return int(row["norms"] + row["dropouts"])

    def _off(self, row: Row) -> int:
        return int(row["norms_off"] + row["dropouts_off"])

    def _trains_on(self, run: Run, model: str, since: int) -> bool:
        """True when parameters of a model changed from a step on, in enough samples."""
        if sum(step >= since for step in run.samples) < self.after:
            return False
        own = [p for p in run.parameters.values() if p.name.startswith(f"{model}.")]
        return any(known([r for r in run.rows("weights", p) if r["step"] >= since], "change") for p in own)

    # -- what is said -----------------------------------------------------------------------------------------

    def _untouched(self, idle: list[Op]) -> Finding:
        others = f" The same holds for {len(idle) - 1} more." if len(idle) > 1 else ""
        return self.finding(
            f"The batch normalisation at {idle[0].place} runs in evaluation mode with running statistics that were "
            f"never updated, mean 0 and variance 1: it normalises nothing.{others}",
            op=idle[0],
            advice="Call model.train() before training.",
            evidence=[Evidence("normalisations that use untouched running statistics", len(idle), "", "0")],
        )

    def _left(self, run: Run, model: str, row: Row) -> Finding:
        samples = sum(step >= row["step"] for step in run.samples)
        return self.finding(
            f"{model} was trained in training mode at first, and from step {row['step']} at the latest in evaluation "
            f"mode, with its batch normalisations ({row['norms']}) and its dropout layers ({row['dropouts']}) off. It "
            "looks as if model.train() were not called again after an evaluation.",
            origin=Origin(module=model),
            since=row["step"],
            certainty=0.7,  # somebody may have wanted it for the last part of training
            advice="Call model.train() after each evaluation, before the next training step.",
            evidence=[Evidence("samples in evaluation mode", samples, "", "0", row["step"])],
        )

    def _from_the_start(self, model: str, row: Row) -> Finding:
        return self.finding(
            f"{model} is trained in evaluation mode: {row['norms_off']} of its {row['norms']} batch normalisations use "
            f"the statistics that they came with, and {row['dropouts_off']} of its {row['dropouts']} dropout layers "
            "drop nothing. For fine-tuning that may be meant.",
            origin=Origin(module=model),
            severity="info",
            advice="If it is not meant, call model.train() before training.",
            evidence=[Evidence("parts in evaluation mode", self._off(row), "", "0", row["step"])],
        )
