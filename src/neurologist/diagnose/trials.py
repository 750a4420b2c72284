"""What trials of treatments showed, as plain data: each arm beside the control, with the curves of both.

Filled where trials are run, and shown by every view of a diagnosis. May import: the standard library. To show
something new of an arm, add a field to `Arm`; JSON has it then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Course:
    """How one run went, for a curve.

    Attributes:
        passes: numbers of backward passes, from 1; of many a choice, evenly spread, both ends among them.
        losses: the loss at each; None where it was not finite.
        scores: the mean score of the latest ten up to each, in the `unit` of the trials; None before the first, and
            where no score is known.
        steps: optimizer steps taken.
    """

    passes: tuple[int, ...] = ()
    losses: tuple[float | None, ...] = ()
    scores: tuple[float | None, ...] = ()
    steps: int = 0


@dataclass(frozen=True)
class Arm:
    """One plan, held against the control.

    Attributes:
        label: its treatments, in a few words.
        verdict: "cured", "helped", "no effect", "worse" or "failed".
        control, treated: their scores; None where one is not finite.
        low, high: 95 % interval of the gain; None where one is not finite.
        gradient: decades that the gradient loses (below 0) or wins to the first layer: of the control, and treated.
        reached: steps in which it knew what the control knew at its end; None when it never did.
        steps: that it took. seeds: that the verdict rests on.
        whole: it ran to the program's end; False where only its first steps were run, and compared with the control's.
        error: what it failed with.
        left: rules that still speak of an error or a warning in it; None where it was not examined.
        own_loss: it minimises another function than the control, so that their losses cannot be compared.
        course: its run from the first seed.
    """

    label: str
    verdict: str
    control: float | None
    treated: float | None
    low: float | None
    high: float | None
    gradient: tuple[float | None, float | None] = (None, None)
    reached: int | None = None
    steps: int = 0
    seeds: int = 1
    whole: bool = True
    error: str | None = None
    left: tuple[str, ...] | None = None
    own_loss: bool = False
    course: Course = Course()


@dataclass(frozen=True)
class Edit:
    """A file that the cure changes, as a unified diff."""

    path: str
    diff: str


@dataclass(frozen=True)
class Trials:
    """What trials showed.

    Attributes:
        measure: "accuracy", "mean recall" or "R2": what arms are compared by.
        unit: of the scores of a course: the measure, or "1 - R2", the share of the variance left unexplained.
        arms: the best first.
        found: the first arm cures or helps, and is to be taken.
        longer: how many times as long it trains.
        why: where none was found, the reason.
        control: the program as it is. first: its first steps, where arms were run for as many.
        edits: the arm to take, as an edit of the source. by_hand: what is left to do, a text each.
        notes: what else is to be known, a sentence each.
    """

    measure: str = ""
    unit: str = ""
    arms: tuple[Arm, ...] = ()
    found: bool = False
    longer: float = 1.0
    why: str = ""
    control: Course = Course()
    first: Course = Course()
    edits: tuple[Edit, ...] = ()
    by_hand: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    writer: ClassVar[Callable[[Trials], str] | None] = None  # how they are printed; the views register theirs

    def beside(self, arm: Arm) -> Course:
        """The control that an arm is compared with."""
        return self.control if arm.whole or not self.first.passes else self.first

    def __str__(self) -> str:
        return Trials.writer(self) if Trials.writer else repr(self)
