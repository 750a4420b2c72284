"""A callback for Transformers' Trainer: `Trainer(..., callbacks=[NeurologistCallback()])`.

May import: transformers, the rooms below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

try:
    from transformers import TrainerCallback
except ImportError as error:
    raise ImportError(
        "neurologist.integrations.transformers needs transformers: try `pip install transformers accelerate`"
    ) from error

from neurologist.integrations._examination import Examining, counts, summary

if TYPE_CHECKING:
    from neurologist.diagnose import Diagnosis


class NeurologistCallback(Examining, TrainerCallback):
    """Examines `train`, and reports from the main process when it ends.

    The numbers of errors and warnings, and the root cause, become the last entry of `trainer.state.log_history`.

    Takes what `Examining` takes.
    """

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Start watching."""
        self._begin(state.is_world_process_zero)

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Report."""

        def log(diagnosis: Diagnosis) -> None:
            entry = {**counts(diagnosis), "neurologist": summary(diagnosis)}
            state.log_history.append({**entry, "epoch": state.epoch, "step": state.global_step})

        self.examination_.end(log=log)
