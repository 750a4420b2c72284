"""TensorBoard: a curve for each number, findings as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from neurologist.integrations.sinks import sentence

if TYPE_CHECKING:
    from neurologist.diagnose.finding import Finding

TARGET = "=FOLDER"
PACKAGE = "tensorboard"


class TensorBoard:
    """Writes event files.

    Args:
        folder: where TensorBoard looks: `tensorboard --logdir FOLDER`.
    """

    def __init__(self, folder: str) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(folder)

    def numbers(self, step: int, values: Mapping[str, float]) -> None:
        """Add a point to each curve; curves are grouped by what is measured."""
        for name, value in values.items():
            self._writer.add_scalar(name.replace(" ", "_"), value, step)

    def finding(self, step: int, finding: Finding) -> None:
        """Add it to the tab of texts."""
        self._writer.add_text(f"neurologist/{finding.rule}", sentence(finding), step)

    def close(self) -> None:
        """Write what waits."""
        self._writer.close()


make = TensorBoard
