"""Trackio: metrics in the run that is active, or one of its own; findings as alerts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from neurologist.integrations.sinks import sentence

if TYPE_CHECKING:
    from neurologist.diagnose.finding import Finding

TARGET = "[=PROJECT]"
PACKAGE = "trackio"


class Trackio:
    """Logs to a run.

    Args:
        project: of the run that is started where none is active.
    """

    def __init__(self, project: str = "") -> None:
        import trackio

        self._api: Any = trackio
        self._project = project or "neurologist"
        self._own: Any = None

    @property
    def _run(self) -> Any:
        from trackio.context_vars import current_run

        if self._own is None and current_run.get() is None:
            self._own = self._api.init(project=self._project, embed=False)
        return self._own or current_run.get()

    def numbers(self, step: int, values: Mapping[str, float]) -> None:
        """Log them under "neurologist/", with their step as a number of its own."""
        self._run.log({"neurologist/step": step, **{f"neurologist/{name}": value for name, value in values.items()}})

    def finding(self, step: int, finding: Finding) -> None:
        """Raise an alert of the level that the finding's severity has."""
        levels = self._api.AlertLevel
        level = {"error": levels.ERROR, "warning": levels.WARN}.get(finding.severity, levels.INFO)
        self._run.alert(title=f"neurologist: {finding.rule}", text=sentence(finding), level=level)

    def close(self) -> None:
        """End the run if it was started here."""
        if self._own is not None:
            self._own.finish()


make = Trackio
