"""For loops written with Accelerate: `with examined(accelerator):` around the training.

May import: accelerate, the rooms below.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

try:
    import accelerate  # noqa: F401
except ImportError as error:
    raise ImportError("neurologist.integrations.accelerate needs accelerate: try `pip install accelerate`") from error

from neurologist.integrations._examination import Examination, Wishes, counts

if TYPE_CHECKING:
    from neurologist.diagnose import Diagnosis
    from neurologist.watch.sinks import Sink


@contextmanager
def examined(
    accelerator: Any,
    budget: float | None = None,
    record: str | Path | None = None,
    report: str | Path | None = None,
    sinks: Sequence[str | Sink] = (),
    lang: str | None = None,
) -> Iterator[Examination]:
    """Examine a block, and report from the main process when it ends.

    The numbers of errors and warnings go to the accelerator's trackers, where it has some.

    Args:
        accelerator: the `Accelerator`.
        budget: share of the training time that the examination may take; None for that of the settings, else 0.01.
        record: file for the record; None keeps it in memory.
        report: file for the report (.html, .json or .txt), in place of printing it.
        sinks: where each sample's numbers go too, e.g. "tensorboard=runs/a".
        lang: language of the report, "en" or "zh"; that of your locale by default, English for .json.

    Yields:
        The examination; after the block its `diagnosis` says what was found.
    """

    def log(diagnosis: Diagnosis) -> None:
        accelerator.log(counts(diagnosis))

    examination, kind = Examination(), None
    examination.begin(Wishes(budget, record, report, sinks, lang), accelerator.is_main_process)
    try:
        yield examination
    except BaseException as error:
        kind = type(error)
        raise
    finally:
        examination.end(log=log, error=kind)
