"""A callback for Transformers' Trainer: `Trainer(..., callbacks=[NeurologistCallback()])`.

May import: transformers, the rooms below.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

try:
    from transformers import TrainerCallback
except ImportError as error:
    raise ImportError(
        "neurologist.integrations.transformers needs transformers: try `pip install transformers accelerate`"
    ) from error

from neurologist.integrations._examination import Examination, Wishes, counts, summary

if TYPE_CHECKING:
    from neurologist.diagnose import Diagnosis
    from neurologist.watch.sinks import Sink


class NeurologistCallback(TrainerCallback):
    """Examines `train`, and reports from the main process when it ends.

    The numbers of errors and warnings, and the root cause, become the last entry of `trainer.state.log_history`.

    Args:
        budget: share of the training time that the examination may take.
        record: file for the record; None keeps it in memory.
        report: file for the report (.html, .json or .txt), in place of printing it.
        sinks: where each sample's numbers go too, e.g. "tensorboard=runs/a".
    """

    def __init__(
        self,
        budget: float = 0.01,
        record: str | Path | None = None,
        report: str | Path | None = None,
        sinks: Sequence[str | Sink] = (),
    ) -> None:
        self._wishes = Wishes(budget, record, report, sinks)
        self._examination = Examination()

    @property
    def diagnosis(self) -> Diagnosis | None:
        """Of the last run that ended."""
        return self._examination.diagnosis

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Start watching."""
        self._examination.begin(self._wishes, state.is_world_process_zero)

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Report."""

        def log(diagnosis: Diagnosis) -> None:
            entry = {**counts(diagnosis), "neurologist": summary(diagnosis)}
            state.log_history.append({**entry, "epoch": state.epoch, "step": state.global_step})

        self._examination.end(log=log)
