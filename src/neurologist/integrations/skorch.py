"""A skorch callback: `NeuralNetClassifier(..., callbacks=[NeurologistCallback()])`.

May import: skorch, the rooms below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

try:
    from skorch.callbacks import Callback
except ImportError as error:
    raise ImportError("neurologist.integrations.skorch needs skorch: try `pip install skorch`") from error

from neurologist.integrations._examination import Examining, summary

if TYPE_CHECKING:
    from neurologist.diagnose import Diagnosis


class NeurologistCallback(Examining, Callback):
    """Examines `fit`, and reports when it ends; the root cause is noted in the net's history as `neurologist`.

    Takes what `Examining` takes.
    """

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Start watching."""
        self._begin()

    def on_train_end(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Report."""

        def log(diagnosis: Diagnosis) -> None:
            if net.history:
                net.history.record("neurologist", summary(diagnosis))

        self.examination_.end(log=log)
