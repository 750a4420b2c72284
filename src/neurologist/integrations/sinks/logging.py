"""Python's own logging: findings as warnings and errors, samples for debugging."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from neurologist.integrations.sinks import sentence

if TYPE_CHECKING:
    from neurologist.diagnose.finding import Finding

TARGET = "[=LOGGER]"
PACKAGE = None
LEVELS = {"error": logging.ERROR, "warning": logging.WARNING, "info": logging.INFO}


class Logger:
    """Writes to a logger.

    Args:
        name: of the logger; "neurologist" where it is empty.
    """

    def __init__(self, name: str = "") -> None:
        self._logger = logging.getLogger(name or "neurologist")

    def numbers(self, step: int, values: Mapping[str, float]) -> None:
        """Log all numbers at level DEBUG."""
        self._logger.debug("step %d: %s", step, ", ".join(f"{name} {value:.4g}" for name, value in values.items()))

    def finding(self, step: int, finding: Finding) -> None:
        """Log at the level that the finding's severity has."""
        self._logger.log(LEVELS[finding.severity], "step %d: %s", step, sentence(finding))

    def close(self) -> None:
        """Nothing waits."""


make = Logger
