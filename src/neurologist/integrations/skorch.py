"""A skorch callback: `NeuralNetClassifier(..., callbacks=[NeurologistCallback()])`.

May import: skorch, the rooms below.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

try:
    from skorch.callbacks import Callback
except ImportError as error:
    raise ImportError("neurologist.integrations.skorch needs skorch: try `pip install skorch`") from error

from neurologist.integrations._examination import Examination, Wishes, summary

if TYPE_CHECKING:
    from neurologist.diagnose import Diagnosis
    from neurologist.watch.sinks import Sink


class NeurologistCallback(Callback):
    """Examines `fit`, and reports when it ends; the root cause is noted in the net's history as `neurologist`.

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
        self.budget, self.record, self.report, self.sinks = budget, record, report, sinks  # read by get_params
        self.examination_ = Examination()

    @property
    def diagnosis(self) -> Diagnosis | None:
        """Of the last run that ended."""
        return self.examination_.diagnosis

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Start watching."""
        self.examination_.begin(Wishes(self.budget, self.record, self.report, self.sinks))

    def on_train_end(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Report."""

        def log(diagnosis: Diagnosis) -> None:
            if net.history:
                net.history.record("neurologist", summary(diagnosis))

        self.examination_.end(log=log)
