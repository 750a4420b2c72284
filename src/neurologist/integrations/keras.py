"""A Keras callback, for the torch backend: `model.fit(..., callbacks=[NeurologistCallback()])`.

May import: keras, the rooms below.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

try:
    import keras
except ImportError as error:
    raise ImportError("neurologist.integrations.keras needs keras: try `pip install keras`") from error

from neurologist.integrations._examination import Examining


class NeurologistCallback(Examining, keras.callbacks.Callback):
    """Examines `fit`, and reports when it ends.

    Takes what `Examining` takes.

    Raises:
        RuntimeError: Keras runs on another backend than torch.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if (backend := keras.backend.backend()) != "torch":
            cure = "set the environment variable KERAS_BACKEND=torch before keras is imported"
            raise RuntimeError(f"NeurologistCallback: Keras runs on {backend!r}, expected 'torch': {cure}")

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Start watching."""
        self._begin()

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Report."""
        self.examination_.end()
