"""Trials in words: one row per arm, with the texts that every view shows and the reason for its verdict.

Texts from the user's program are clean here. May import: `diagnose`, `report.words`. To show one more number of an
arm, add a heading to `headings` and its text to `_cells`, in the same place.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neurologist.diagnose.languages import Say
from neurologist.diagnose.trials import Arm, Trials
from neurologist.report import words


@dataclass(frozen=True)
class Row:
    """One arm. `cells` stand under the headings after the first two; `why` says what its verdict rests on.

    `same` says whether the losses of arm and control can be compared; `curveless` why there is no curve, where so.
    """

    label: str
    verdict: str
    word: str
    cells: tuple[str, ...]
    why: str
    same: bool
    curveless: str


@dataclass(frozen=True)
class Page:
    """All trials: what came of them in a sentence, the rows, and the cure as an edit of the source."""

    outcome: str
    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    edits: tuple[tuple[str, tuple[str, ...]], ...]
    by_hand: tuple[str, ...]
    notes: tuple[str, ...]


def view(trials: Trials, tr: Say, base: Path | None = None, ascii_only: bool = False) -> Page:
    """The trials in words, with paths relative to `base`."""

    def clean(text: str) -> str:
        return words.clean(text, ascii_only=ascii_only)

    return Page(
        clean(outcome(trials, tr)),
        headings(trials.measure, tr),
        tuple(_row(trials, arm, tr, ascii_only) for arm in trials.arms),
        tuple((words.path_text(e.path, base, ascii_only), _lines(e.diff, ascii_only)) for e in trials.edits),
        tuple(
            "\n".join(words.code_line(line, ascii_only=ascii_only) for line in t.splitlines()) for t in trials.by_hand
        ),
        tuple(map(clean, trials.notes)),
    )


def outcome(trials: Trials, tr: Say) -> str:
    """The result in one or two sentences."""
    if not trials.found or not trials.arms:
        return f"{tr('No cure: ')}{trials.why}{tr('.')}"
    best = trials.arms[0]
    seeds = tr(words.plural(best.seeds, "seed"))
    numbers = f"{measured(trials.measure, tr)} {_score(best.control, tr)} -> {_score(best.treated, tr)}"
    word = tr("Cured by: ") if best.verdict == "cured" else tr("Helped by: ")
    said = f"{word}{best.label} ({numbers}{tr(', ')}{seeds}){tr('.')}"
    return f"{said} {tr(f'Train {trials.longer:g} times as long.')}" if trials.longer > 1 else said


def measured(name: str, tr: Say) -> str:
    """A measure's name in the reader's language."""
    return {"accuracy": tr("accuracy"), "mean recall": tr("mean recall")}.get(name, name)


def headings(measure: str, tr: Say) -> tuple[str, ...]:
    """Of the columns."""
    effects = (tr("gain, 95 %"), tr("gradient, decades"), tr("as good at"))
    return (tr("treatment"), tr("verdict"), measured(measure, tr), *effects, tr("seeds"))


def _row(trials: Trials, arm: Arm, tr: Say, ascii_only: bool) -> Row:
    said = {"cured": tr("cured"), "helped": tr("helped"), "no effect": tr("no effect"), "worse": tr("worse")}
    short = "" if arm.whole else tr(f" (first {arm.steps:,} steps)")
    cells = _cells(arm, trials.measure, tr) if arm.error is None else ("",) * 5
    return Row(
        words.clean(f"{arm.label}{short}", ascii_only=ascii_only),
        arm.verdict,
        said.get(arm.verdict) or tr("failed"),
        cells,
        words.clean(_why(trials, arm, tr), ascii_only=ascii_only),
        not arm.own_loss,
        words.clean(_curveless(arm, tr), ascii_only=ascii_only),
    )


def _cells(arm: Arm, measure: str, tr: Say) -> tuple[str, ...]:
    gain = tr("diverged")
    if arm.low is not None and arm.high is not None:
        gain = tr(f"{arm.low:+.2f} to {arm.high:+.2f}")
        gain = tr(f"{gain} decades") if measure == "R2" else gain
    reached = tr("never") if arm.reached is None else tr(f"step {arm.reached:,}")
    before, after = map(words.decades, arm.gradient)
    score = f"{_score(arm.control, tr)} -> {_score(arm.treated, tr)}"
    return score, gain, f"{before} -> {after}", reached, str(arm.seeds)


def _score(value: float | None, tr: Say) -> str:
    """Four digits, or what it is instead of a number."""
    if value is None:
        return tr("diverged")
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.1e}"


def _why(trials: Trials, arm: Arm, tr: Say) -> str:
    if arm.error is not None:
        return f"{tr('It failed: ')}{arm.error}"
    meant = {
        "cured": tr("Nothing of error or warning severity is found in it any more."),
        "helped": tr("It learns better."),
        "no effect": tr("What it gains could be chance."),
        "worse": tr("It learns less."),
    }
    said = [meant[arm.verdict]]
    if arm.left:
        said.append(tr(f"Still found in it: {', '.join(dict.fromkeys(arm.left))}."))
    if not arm.whole:
        said.append(tr("It was not among the best after its first steps, so it was not run to the end."))
    elif arm.verdict in ("cured", "helped") and arm is not trials.arms[0] and arm.seeds < trials.arms[0].seeds:
        said.append(tr("From one seed only: another one was better, and was run from more."))
    return tr(" ").join(said)


def _curveless(arm: Arm, tr: Say) -> str:
    if any(loss is not None for loss in arm.course.losses):
        return ""
    if arm.course.losses:
        return tr("There is no curve: its loss was not finite at any step.")
    return tr("There is no curve: it ended before its first backward pass.")


def _lines(text: str, ascii_only: bool) -> tuple[str, ...]:
    return tuple(words.source_line(line, ascii_only=ascii_only) for line in text.rstrip("\n").split("\n"))
