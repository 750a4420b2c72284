"""The words that the page's scripts write, in the reader's language.

May import: `diagnose.languages`. To let a script say something new, add a key here and use it as `words.key`.
"""

from __future__ import annotations

from neurologist.diagnose.languages import Say


def of_scripts(tr: Say) -> dict[str, str]:
    """Key -> text."""
    return {
        "step": tr("Step"),
        "loss": tr("loss"),
        "sample": tr("examined step"),
        "arrives": tr("gradient that arrives"),
        "leaves": tr("gradient handed on"),
        "decades": tr("decades"),
        "theory": tr("theory"),
        "total": tr("total"),
        "shape": tr("shape of the output"),
        "kind": tr("kind"),
        "module": tr("module"),
        "line": tr("line"),
        "gradient": tr("Size of the gradient (RMS)"),
        "factor": tr("Decades lost or won"),
        "output": tr("Values put out"),
        "median": tr("median"),
        "units": tr("units"),
        "dead": tr("dead"),
        "ratio": tr("update / weight"),
        "rms": tr("RMS of the weights"),
        "weights": tr("Update against weight (RMS)"),
        "table": tr("Numbers"),
        "shown": tr("shown"),
        "nothing": tr("There is no number to plot."),
        "zero": tr("exactly 0"),
        "saturated": tr("saturated"),
        "share": tr("share"),
        "smallest": tr("smallest"),
        "largest": tr("largest"),
        **_of_trials(tr),
        "unfed": tr(
            "This page is not fed any more: the program that fed it has ended. It shows the last that was seen."
        ),
    }


def _of_trials(tr: Say) -> dict[str, str]:
    return {
        "control": tr("control"),
        "treated": tr("treated"),
        "pass": tr("backward pass"),
        "other": tr("The treated arm minimises another function: the two losses cannot be compared."),
        "score": tr("Mean of the latest ten batches, while training; the table's score is measured after it."),
        "unscored": tr("There is no curve of the score: not every backward pass could be scored."),
    }
