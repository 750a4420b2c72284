"""MLflow: metrics in the run that is active, or one of its own; findings as tags."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from neurologist.integrations.sinks import sentence

if TYPE_CHECKING:
    from neurologist.diagnose.finding import Finding

TARGET = "[=URI]"
PACKAGE = "mlflow"
FORBIDDEN = re.compile(r"[^\w\-. /]")  # what MLflow takes in no name
LONGEST = 5000  # characters of a tag


class Mlflow:
    """Logs to a run.

    Args:
        uri: of the tracking server or store; where it is empty, the one that MLflow is set to.
    """

    def __init__(self, uri: str = "") -> None:
        import mlflow

        self._api: Any = mlflow
        self._own: Any = None
        if uri:
            mlflow.set_tracking_uri(uri)

    @property
    def _run(self) -> str:
        if self._own is None and (active := self._api.active_run()) is not None:
            return str(active.info.run_id)
        self._own = self._own or self._api.MlflowClient().create_run(self._experiment())
        return str(self._own.info.run_id)

    def _experiment(self) -> str:
        found = self._api.get_experiment_by_name("neurologist")
        return str(found.experiment_id if found else self._api.create_experiment("neurologist"))

    def numbers(self, step: int, values: Mapping[str, float]) -> None:
        """Log them under "neurologist/"."""
        named = {"neurologist/" + FORBIDDEN.sub("_", name): value for name, value in values.items()}
        self._api.log_metrics(named, step=step, run_id=self._run)

    def finding(self, step: int, finding: Finding) -> None:
        """Set a tag with its sentence."""
        text = sentence(finding)[:LONGEST]
        self._api.MlflowClient().set_tag(self._run, f"neurologist.{finding.rule}", text)

    def close(self) -> None:
        """End the run if it was started here."""
        if self._own is not None:
            self._api.MlflowClient().set_terminated(self._own.info.run_id)


make = Mlflow
