"""A Lightning callback: `Trainer(callbacks=[NeurologistCallback()])`.

May import: lightning, the rooms below.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from neurologist.integrations._examination import Examining, counts

if TYPE_CHECKING:
    from neurologist.diagnose import Diagnosis

# the same library under two names; a Trainer of one wants callbacks of that one
_OLDER = "pytorch_lightning" in sys.modules and "lightning.pytorch" not in sys.modules
try:
    Callback: Any = import_module("pytorch_lightning" if _OLDER else "lightning.pytorch").Callback
except ImportError as error:
    raise ImportError("neurologist.integrations.lightning needs lightning: try `pip install lightning`") from error


class NeurologistCallback(Examining, Callback):
    """Examines `fit`, and reports from the process of rank 0 when it ends.

    The numbers of errors and warnings go to the trainer's loggers as `neurologist/errors` and `neurologist/warnings`.

    Takes what `Examining` takes.
    """

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        """Start watching."""
        self._begin(trainer.is_global_zero)

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """Report on a run that failed or was interrupted."""
        self._end(trainer, type(exception))

    def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Report."""
        self._end(trainer)

    def _end(self, trainer: Any, error: type[BaseException] | None = None) -> None:
        def log(diagnosis: Diagnosis) -> None:
            for logger in trainer.loggers:
                logger.log_metrics(counts(diagnosis), step=trainer.global_step)

        self.examination_.end(log=log, error=error)
