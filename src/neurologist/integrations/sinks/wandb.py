"""Weights & Biases: into the run that is active, or one of its own; findings as alerts and in the run's summary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from neurologist.integrations.sinks import sentence

if TYPE_CHECKING:
    from neurologist.diagnose.finding import Finding

TARGET = "[=PROJECT]"
PACKAGE = "wandb"
STEP = "neurologist/step"  # an axis of its own: W&B's counts the user's calls of log


class Wandb:
    """Logs to a run.

    Args:
        project: of the run that is started where none is active.
    """

    def __init__(self, project: str = "") -> None:
        import wandb

        self._api: Any = wandb
        self._project = project or "neurologist"
        self._own: Any = None
        self._known: Any = None

    @property
    def _run(self) -> Any:
        if self._own is None and self._api.run is None:  # a script starts its run after the examination began
            self._own = self._api.init(project=self._project)
        run = self._own or self._api.run
        if run is not self._known:
            run.define_metric("neurologist/*", step_metric=STEP)
            self._known = run
        return run

    def numbers(self, step: int, values: Mapping[str, float]) -> None:
        """Log them under "neurologist/", over an axis of their own."""
        self._run.log({STEP: step, **{f"neurologist/{name}": value for name, value in values.items()}})

    def finding(self, step: int, finding: Finding) -> None:
        """Raise an alert, and keep the sentence in the summary."""
        level = {"error": "ERROR", "warning": "WARN"}.get(finding.severity, "INFO")
        run = self._run
        run.summary[f"neurologist/finding/{finding.rule}"] = sentence(finding)
        run.alert(title=f"neurologist: {finding.rule}", text=sentence(finding), level=level)

    def close(self) -> None:
        """End the run if it was started here."""
        if self._own is not None:
            self._own.finish()


make = Wandb
