"""A diagnosis as its views need it: relative paths, plain phrases, the user's line in its surroundings.

Everything that is decided once and shown in several forms is decided here; nothing here knows about colours or
widths. To show something new, add a field to one of the dataclasses, fill it here, and lay it out in the views; its
words stand in `tr("...")`.
May import: `diagnose`, `report.words`, `report.source`, `report.by_heart`, `report.aside`, `report.levels`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neurologist.diagnose.diagnosis import Diagnosis, Summary, Waterfall
from neurologist.diagnose.finding import Evidence, Finding, Origin
from neurologist.diagnose.languages import Say, of_report
from neurologist.report import aside, by_heart, words
from neurologist.report.levels import heaviest, heights
from neurologist.report.source import surroundings

SURE = 0.75  # certainty from which on a cause is called the root cause and not only likely


@dataclass(frozen=True)
class CodeLine:
    """One line of the user's source; `marked` is the one that the finding points to."""

    number: int | None
    text: str
    marked: bool


@dataclass(frozen=True)
class Fact:
    """One piece of evidence in words."""

    name: str
    value: str
    expected: str
    when: str


@dataclass(frozen=True)
class Sign:
    """A symptom folded under its cause."""

    rule: str
    message: str
    place: str


@dataclass(frozen=True)
class Card:
    """One finding; `title` is ROOT CAUSE, LIKELY CAUSE, ERROR, WARNING or NOTE.

    `rivals` are pairs: a cause that fits the same evidence, and what would tell it from this one.
    """

    title: str
    rule: str
    code: str
    severity: str
    message: str
    advice: str
    place: str
    lines: tuple[CodeLine, ...]
    facts: tuple[Fact, ...]
    signs: tuple[Sign, ...]
    since: str
    rivals: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Step:
    """One op of the waterfall; the gradient stood at `start` decades before it and at `end` after it.

    `expected` are the decades that theory predicts. `worst` marks the op to look at; `edge` the first and the last,
    where one of the two is not there to be measured.
    """

    label: str
    place: str
    decades: float | None
    start: float
    end: float
    rms: float | None
    worst: bool
    edge: bool
    expected: float | None = None


@dataclass(frozen=True)
class Page:
    """A whole diagnosis in words. `losses` are in order of time; `limits` say what was not measured and why.

    `aside` says what was found and is ignored or known, `remarks` what there is to say of the user's own comments.

    `by_heart` says whether one batch could be learnt by heart, and `learnt` is True, False or not to be told.
    """

    headline: str
    healthy: bool
    examined: bool
    partial: str
    cards: tuple[Card, ...]
    looked_at: tuple[Fact, ...]
    waterfall: tuple[Step, ...]
    waterfall_step: int
    losses: tuple[float | None, ...]
    loss_ends: tuple[str, str] | None
    run: tuple[str, ...]
    limits: tuple[str, ...]
    by_heart: str = ""
    learnt: bool | None = None
    aside: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def view(diagnosis: Diagnosis, base: Path | None = None, ascii_only: bool = False) -> Page:
    """The diagnosis in words, with paths relative to `base` (default: the current folder)."""
    return _Viewer(base, ascii_only, of_report(diagnosis.language)).page(diagnosis)


@dataclass(frozen=True)
class _Viewer:
    base: Path | None
    ascii_only: bool
    tr: Say

    def page(self, diagnosis: Diagnosis) -> Page:
        summary, waterfall = diagnosis.summary, diagnosis.waterfall
        steps = self._steps(waterfall, alarm=not diagnosis.healthy) if waterfall else ()
        ends = (self.tr(words.number(summary.loss_first)), self.tr(words.number(summary.loss_last)))
        return Page(
            headline=_headline(diagnosis, self.tr),
            healthy=diagnosis.healthy,
            examined=diagnosis.summary.samples > 0,
            partial=self._say(_partial(summary, self.tr)),
            cards=tuple(self._card(f, _title(f, i, self.tr)) for i, f in enumerate(diagnosis.findings)),
            looked_at=_looked_at(diagnosis, steps, self.tr),
            waterfall=steps,
            waterfall_step=waterfall.step if waterfall else 0,
            losses=tuple(loss for _, loss in summary.losses),
            loss_ends=ends if (summary.loss_first, summary.loss_last) != (None, None) else None,
            run=tuple(self._say(part) for part in self._run(summary, diagnosis.numbers)),
            limits=tuple(self._say(f"{n.what}: {n.why}") for n in diagnosis.not_measured),
            by_heart=self._by_heart(diagnosis),
            learnt=diagnosis.by_heart.learnt if diagnosis.by_heart else None,
            aside=aside.said(diagnosis, self.base, self.tr, self.ascii_only),
            remarks=aside.remarks(diagnosis, self.base, self.ascii_only),
        )

    def _by_heart(self, diagnosis: Diagnosis) -> str:
        tried = diagnosis.by_heart
        return "" if tried is None else self._say(by_heart.said(tried, _alarming(diagnosis), self.tr))

    def _say(self, text: str) -> str:
        return words.clean(text, ascii_only=self.ascii_only)

    def _card(self, finding: Finding, title: str) -> Card:
        return Card(
            title=title,
            rule=self._say(finding.rule),
            code=self._say(finding.code),
            severity=finding.severity,
            message=self._say(finding.message),
            advice=self._say(finding.advice),
            place=self._place(finding.origin),
            lines=self._lines(finding.origin),
            facts=tuple(self._fact(e) for e in finding.evidence),
            signs=tuple(Sign(self._say(s.rule), self._say(s.message), self._place(s.origin)) for s in finding.symptoms),
            since=self.tr(f"seen from step {finding.since:,} on") if finding.since else "",
            rivals=tuple((self._say(r.cause), self._say(r.test)) for r in finding.rivals),
        )

    def _fact(self, evidence: Evidence) -> Fact:
        value = f"{self.tr(words.number(evidence.value))} {evidence.unit}".strip()
        if evidence.unit == "share" and isinstance(evidence.value, (int, float)):
            value = words.share(evidence.value)
        when = "" if evidence.step is None else self.tr(f"step {evidence.step:,}")
        return Fact(self._say(evidence.name), self._say(value), self._say(evidence.expected), when)

    def _place(self, origin: Origin) -> str:
        where = words.path_text(origin.file, self.base, self.ascii_only) if origin.file else ""
        where += f":{origin.line}" if where and origin.line else ""
        module = self._say(origin.module or "")
        return f"{where} ({module})" if where and module else where or module

    def _lines(self, origin: Origin) -> tuple[CodeLine, ...]:
        found: list[tuple[int | None, str]] = list(surroundings(origin) or [])
        if not found and origin.code:
            found = [(origin.line, origin.code)]
        return tuple(
            CodeLine(n, words.code_line(text, ascii_only=self.ascii_only), n == origin.line) for n, text in found
        )

    def _steps(self, waterfall: Waterfall, alarm: bool) -> tuple[Step, ...]:
        worst = heaviest(waterfall.bars) if alarm else None
        steps = []
        for i, (bar, (start, end)) in enumerate(zip(waterfall.bars, heights(waterfall.bars), strict=True)):
            rms = bar.rms_out if bar.rms_out is not None else bar.rms_in
            label = self._say(bar.label)
            edge = i in (0, len(waterfall.bars) - 1)
            counted = None if bar.kind == "loss" and i == 0 else bar.decades  # totals begin behind the loss
            steps.append(Step(label, self._short(bar.origin), counted, start, end, rms, i == worst, edge, bar.expected))
        return tuple(steps)

    def _short(self, origin: Origin) -> str:
        name = self._say(Path(origin.file).name) if origin.file else ""
        return f"{name}:{origin.line}" if name and origin.line else name

    def _run(self, summary: Summary, numbers: tuple[str, ...]) -> list[str]:
        tr = self.tr
        parts = [tr(words.plural(summary.steps, "step")), tr(f"{summary.samples:,} examined")]
        if summary.overhead is not None:
            cost = "" if summary.seconds is None else f" ({words.number(summary.overhead * summary.seconds)} s)"
            parts.append(tr(f"{words.share(summary.overhead)} overhead{cost}"))
        if summary.seconds is not None:
            parts.append(tr(words.duration(summary.seconds)))
        if summary.parameters:
            parts.append(tr(words.plural(summary.parameters, "trained parameter")))
        if summary.world > 1:
            parts.append(tr(f"rank {summary.rank} of {summary.world}"))
            parts += [tr(f"compared in {words.plural(summary.compared, 'step')}")] if summary.compared else []
        if summary.gradient_norms:
            (_, first), (_, last) = summary.gradient_norms[0], summary.gradient_norms[-1]
            parts.append(tr(f"gradient of all ranks from {words.number(first)} to {words.number(last)}"))
        parts += summary.optimizers[:3]
        parts += [tr(f"{len(summary.optimizers) - 3} more optimizers")] if len(summary.optimizers) > 3 else []
        record = words.path_text(summary.record, self.base) if summary.record else tr("in memory only")
        mine = [tr(f"decided by your numbers: {', '.join(numbers)}")] if numbers else []
        return [*parts, tr(f"record: {record}"), *mine]


def _title(finding: Finding, position: int, tr: Say) -> str:
    if position == 0 and finding.severity != "info":
        return tr("ROOT CAUSE" if finding.certainty >= SURE else "LIKELY CAUSE")
    return {"error": tr("ERROR"), "warning": tr("WARNING")}.get(finding.severity, tr("NOTE"))


def _headline(diagnosis: Diagnosis, tr: Say) -> str:
    if diagnosis.healthy:
        nothing = tr("nothing found" if diagnosis.summary.samples else "nothing examined")
        return tr(", ").join([nothing, *aside.counts(diagnosis, tr)])
    if not _alarming(diagnosis):
        return tr("not learnt by heart")
    errors, warnings = (sum(f.severity == s for f in diagnosis.findings) for s in ("error", "warning"))
    said = (tr(words.plural(errors, "error")), tr(words.plural(warnings, "warning")))
    known = [text for text, n in zip(said, (errors, warnings), strict=True) if n]
    return tr(", ").join([*known, *aside.counts(diagnosis, tr)])


def _alarming(diagnosis: Diagnosis) -> bool:
    return any(finding.severity != "info" for finding in diagnosis.findings)


def _partial(summary: Summary, tr: Say) -> str:
    if summary.status == "finished":
        return ""
    if summary.status.startswith("stopped"):
        return tr(f"The run {summary.status}.")
    seen = tr(f"This is what had been seen after {words.plural(summary.steps, 'step')}.")
    if summary.status.startswith("failed: "):
        return f"{tr(f'The run failed: {summary.status[8:]}.')} {seen}"
    known = {"interrupted": tr("The run was interrupted."), "cut off": tr("The run was cut off: its process died.")}
    known["running"] = tr("The run goes on.")
    return f"{known.get(summary.status) or tr(f'The run {summary.status}.')} {seen}"


def _looked_at(diagnosis: Diagnosis, steps: tuple[Step, ...], tr: Say) -> tuple[Fact, ...]:
    summary = diagnosis.summary
    seen = tr(f"{summary.steps:,}, of which {summary.samples:,} examined closely")
    facts = [Fact(tr("steps"), seen, "", "")]
    if summary.loss_first is not None or summary.loss_last is not None:
        ends = tr(f"from {words.number(summary.loss_first)} to {words.number(summary.loss_last)}")
        facts.append(Fact(tr("loss"), ends, "", ""))
    known = [step for step in steps if step.decades is not None]
    if known:
        most = max(known, key=lambda step: abs(step.decades or 0))
        total = tr(f"{words.decades(steps[-1].end)} decades over {words.plural(len(known), 'op')}")
        lost = words.decades(most.decades)
        worst = tr(
            f"; most in {most.label} at {most.place}: {lost}" if most.place else f"; most in {most.label}: {lost}"
        )
        facts.append(Fact(tr("gradient"), f"{total}{worst}", "", ""))
    return tuple(facts)
