"""The result of an examination: ranked findings, what was not measured, and the gradient's waterfall.

Plain data with `to_dict`; how it looks is decided in `report`, which registers its writers here, so that
`diagnosis.save("report.html")` works without this room knowing any format.
May import: `diagnose.aside`, `diagnose.by_heart`, `diagnose.finding`, `diagnose.trials`; `diagnose.languages` when
asked for another language.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from neurologist.diagnose.aside import Aside, Remark
from neurologist.diagnose.by_heart import ByHeart
from neurologist.diagnose.finding import SEVERITIES, Finding, Origin
from neurologist.diagnose.trials import Trials


@dataclass(frozen=True)
class NotMeasured:
    """Something that the examination could not see, and why: `what` and `why` are short plain texts."""

    what: str
    why: str


@dataclass(frozen=True)
class Bar:
    """One op of the waterfall, in the order the gradient flows: from the loss to the input.

    Attributes:
        label: short name to show: "sigmoid", "linear fc2".
        kind: the op's kind: "linear", "activation", "loss", ...
        origin: its line.
        rms_in: RMS of the gradient that arrives at the op's output (per entry).
        rms_out: RMS of the gradient that it hands on to its data input; None at the end of the path.
        decades: log10(rms_out / rms_in): below 0 the op loses gradient; None when it cannot be told.
        total: sum of decades since the logits or predictions (the loss itself not counted); None as above.
        expected: decades that theory predicts from the weights' RMS, or of an activation whose inputs have variance
            1; None where it predicts nothing.
        op: the op's number in the record, None where it came from none.
        shape: shape of the op's output when it was first seen.
    """

    label: str
    kind: str
    origin: Origin
    rms_in: float | None
    rms_out: float | None
    decades: float | None
    total: float | None
    expected: float | None = None
    op: int | None = None
    shape: tuple[int, ...] = ()


@dataclass(frozen=True)
class Waterfall:
    """The gradient on its way from the loss to the first layer, at one step."""

    step: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Track:
    """What was seen of one op or parameter over the samples.

    Attributes:
        label: short name to show: "relu model.1", "model.fc1.weight".
        origin: its line, where it has one.
        op: number of the op, of a parameter that of the first op which reads it; None where there is none.
        numbers: what was measured -> its value at each of the history's steps, None where there is none.
    """

    label: str
    origin: Origin
    op: int | None
    numbers: dict[str, tuple[float | None, ...]]


@dataclass(frozen=True)
class History:
    """What was seen over time, for plots. Of a long run a choice of its samples, so that it stays small.

    Attributes:
        steps: the steps that it tells of.
        losses: the loss at each.
        gradients: of the waterfall's ops: rms_in, rms_out, decades, total, as in `Bar`.
        activations: of activations: low, high, q05, q25, q50, q75, q95, zero_share, saturated_share as in the record's
            table; units, and of them dead: silent in this sample, in all that follow, and in the last three.
        weights: of parameters: rms, gradient and ratio (update to weight) as in the record's table.
    """

    steps: tuple[int, ...] = ()
    losses: tuple[float | None, ...] = ()
    gradients: tuple[Track, ...] = ()
    activations: tuple[Track, ...] = ()
    weights: tuple[Track, ...] = ()


@dataclass(frozen=True)
class Summary:
    """What was run and how much of it was seen.

    Attributes:
        status: "finished", "interrupted", "stopped ...", "failed: <error>", or "cut off" when the process died.
        steps: optimizer steps taken (backward passes, when no optimizer stepped).
        samples: steps examined in detail.
        loss_first, loss_last: mean loss over the first and the last few steps; None when never seen.
        losses: up to 200 (step, loss) pairs over the run, for a sparkline.
        parameters: number of trained scalars.
        optimizers: e.g. ("SGD(lr=0.1, momentum=0.9)",).
        seconds: wall-clock time of the run; overhead: share of it spent examining, 0 to 1.
        record: path of the record, or None when it was kept in memory.
        versions: name -> version of neurologist, torch, python.
        rank, world: this process among those that train together, counted from 0, and how many there are.
        compared: steps of which all of them told what they saw; 0 for one alone.
        gradient_norms: L2 norm of the whole gradient, as optimizers got it, at these steps: (step, norm) pairs.
        gained: share of the first loss that training took away, or of the loss of guessing where that is known and
            lower; below 0 it rose; None when fewer than two losses were seen.
    """

    status: str = "finished"
    steps: int = 0
    samples: int = 0
    loss_first: float | None = None
    loss_last: float | None = None
    losses: tuple[tuple[int, float | None], ...] = ()
    parameters: int = 0
    optimizers: tuple[str, ...] = ()
    seconds: float | None = None
    overhead: float | None = None
    record: str | None = None
    versions: dict[str, str] = field(default_factory=dict)
    rank: int = 0
    world: int = 1
    compared: int = 0
    gradient_norms: tuple[tuple[int, float], ...] = ()
    gained: float | None = None


@dataclass(frozen=True)
class Diagnosis:
    """What an examination found, ranked: the first finding is the root cause.

    Attributes:
        findings: ranked, most important first; symptoms are folded under their cause.
        not_measured: what could not be seen, with the reason.
        waterfall: the gradient from loss to input, or None when no gradient was seen.
        summary: what was run.
        by_heart: whether one batch could be learnt by heart, where that was tried; else None.
        language: in which the texts are, "en" or "zh"; keys, names and codes are English in each.
        history: what was seen over time, for plots.
        trials: of treatments, where they were tried; else None.
        aside: findings that the user ignores or knew before, each with the reason.
        remarks: on the user's own comments to neurologist: those without effect, and those without use.
        numbers: that rules decided by, where the user set them: "dead-units.many = 0.7 (0.6)".
    """

    findings: tuple[Finding, ...] = ()
    not_measured: tuple[NotMeasured, ...] = ()
    waterfall: Waterfall | None = None
    summary: Summary = field(default_factory=Summary)
    by_heart: ByHeart | None = None
    language: str = "en"
    history: History = field(default_factory=History, repr=False)
    trials: Trials | None = field(default=None, repr=False)
    aside: tuple[Aside, ...] = ()
    remarks: tuple[Remark, ...] = ()
    numbers: tuple[str, ...] = ()

    writers: ClassVar[dict[str, Callable[[Diagnosis], str]]] = {}
    notebook: ClassVar[Callable[[Diagnosis], str] | None] = None  # how notebooks show it

    @property
    def healthy(self) -> bool:
        """True when nothing of error or warning severity was found, and a batch to be learnt by heart could be."""
        failed = self.by_heart is not None and self.by_heart.learnt is False
        return not failed and all(f.severity == "info" for f in self.findings)

    @property
    def serious(self) -> tuple[Finding, ...]:
        """Findings of error or warning severity."""
        return tuple(f for f in self.findings if f.severity != "info")

    def in_language(self, lang: str | None = None) -> Diagnosis:
        """The same diagnosis with its texts in `lang`, or in the language of your locale: print it, save it.

        Raises:
            ValueError: there are no texts in that language, or the diagnosis has been translated before.
        """
        from neurologist.diagnose import languages

        return languages.translated(self, languages.language(lang))

    def to_dict(self) -> dict[str, Any]:
        """The diagnosis as plain JSON data; keys are stable English words. The history stays in the record."""
        data = asdict(replace(self, history=History()))
        del data["history"]
        return data

    def save(self, path: str | Path) -> None:
        """Write the diagnosis to `path`, in the format that its suffix names.

        Raises:
            ValueError: no writer is known for the suffix.
        """
        path = Path(path)
        if path.suffix not in self.writers:
            known = ", ".join(sorted(s for s in self.writers if s))
            raise ValueError(f"cannot save a diagnosis to {str(path)!r}: expected a name ending in {known}")
        path.write_text(self.writers[path.suffix](self), encoding="utf-8")

    def _repr_html_(self) -> str | None:
        return Diagnosis.notebook(self) if Diagnosis.notebook else None

    def __str__(self) -> str:
        if ".txt" in self.writers:
            return self.writers[".txt"](self)
        counts = [f"{sum(f.severity == s for f in self.findings)} {s}" for s in SEVERITIES]
        return "Diagnosis: " + ", ".join(counts)
