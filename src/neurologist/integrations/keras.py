"""A Keras callback, for the torch backend: `model.fit(..., callbacks=[NeurologistCallback()])`.

May import: keras, the rooms below.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

try:
    import keras
except ImportError as error:
    raise ImportError("neurologist.integrations.keras needs keras: try `pip install keras`") from error

from neurologist.integrations._examination import Examination, Wishes

if TYPE_CHECKING:
    from neurologist.diagnose import Diagnosis
    from neurologist.watch.sinks import Sink


class NeurologistCallback(keras.callbacks.Callback):
    """Examines `fit`, and reports when it ends.

    Args:
        budget: share of the training time that the examination may take.
        record: file for the record; None keeps it in memory.
        report: file for the report (.html, .json or .txt), in place of printing it.
        sinks: where each sample's numbers go too, e.g. "tensorboard=runs/a".

    Raises:
        RuntimeError: Keras runs on another backend than torch.
    """

    def __init__(
        self,
        budget: float = 0.01,
        record: str | Path | None = None,
        report: str | Path | None = None,
        sinks: Sequence[str | Sink] = (),
    ) -> None:
        super().__init__()
        if (backend := keras.backend.backend()) != "torch":
            cure = "set the environment variable KERAS_BACKEND=torch before keras is imported"
            raise RuntimeError(f"NeurologistCallback: Keras runs on {backend!r}, expected 'torch': {cure}")
        self._wishes = Wishes(budget, record, report, sinks)
        self._examination = Examination()

    @property
    def diagnosis(self) -> Diagnosis | None:
        """Of the last run that ended."""
        return self._examination.diagnosis

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Start watching."""
        self._examination.begin(self._wishes)

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Report."""
        self._examination.end()
