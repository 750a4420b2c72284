"""Where a run's numbers go besides its record: to whatever the user already looks at.

A sink gets what a sample saw after that was written to the record, and findings as they appear. What goes wrong in it
never reaches training: it is kept and told with the diagnosis.
May import: `record`, `diagnose`, `tape.quantities`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from neurologist.diagnose import Finding, Settings, examine
from neurologist.record import Run, Store
from neurologist.tape.quantities import quantities

TELLING = frozenset(
    {"linear", "conv", "normalisation", "recurrent", "attention", "embedding"}
)  # more than autograd's names
AGAIN = 4  # times as many samples as at the last look for findings: a look costs as much as several samples


class Sink(Protocol):
    """Something that shows a run: a dashboard, a file, a logger."""

    def numbers(self, step: int, values: Mapping[str, float]) -> None:
        """Take what was measured at a step: "loss", "lr", "update ratio/model.fc1.weight", ..."""

    def finding(self, step: int, finding: Finding) -> None:
        """Take a finding; `step` is where it was first seen."""

    def close(self) -> None:
        """Write what waits; the run is over."""


class Sinks:
    """All sinks of a session.

    Args:
        sinks: them.
        store: the record, which is read.
        attempt: runs a function and keeps its errors from the user: `attempt(what, function, *arguments)`.
        settings: of the user, by which the record is diagnosed.
    """

    def __init__(self, sinks: Sequence[Sink], store: Store, attempt: Callable[..., Any], settings: Settings) -> None:
        self._sinks, self._store, self._attempt, self._settings = sinks, store, attempt, settings
        self._samples, self._look = 0, AGAIN
        self._told: set[tuple[str, str]] = set()

    def sample(self, step: int) -> None:
        """Hand on what was written about a step."""
        values = numbers(self._store, step)
        for sink in self._sinks:
            self._attempt(_of(sink, "numbers"), sink.numbers, step, values)
        self._samples += 1
        if self._samples >= self._look:
            self._look *= AGAIN
            self._findings(step, ("error",))

    def end(self) -> None:
        """Hand on what the whole run shows, and close."""
        last = self._store.connection.execute("SELECT max(step) FROM step").fetchone()[0]
        self._attempt("the findings for sinks", self._findings, last or 0, ("error", "warning", "info"))
        for sink in self._sinks:
            self._attempt(_of(sink, "its end"), sink.close)

    def _findings(self, step: int, severities: Sequence[str]) -> None:
        for finding in examine(Run(self._store.connection), False, self._settings).findings:
            which = finding.rule, str(finding.origin)
            if finding.severity in severities and which not in self._told:
                self._told.add(which)
                for sink in self._sinks:
                    self._attempt(_of(sink, "a finding"), sink.finding, step, finding)


def _of(sink: Sink, what: str) -> str:
    return f"{what} for {type(sink).__name__}"


def numbers(store: Store, step: int) -> dict[str, float]:
    """What a record holds of a sampled step that is worth a plot, by name.

    Names are "loss", "lr", and "<what>/<of which op or parameter>" for the columns that quantities name in `plotted`.
    """
    ask = store.connection.execute
    loss = ask("SELECT avg(loss) FROM step WHERE step = ? AND pass = 0", (step,)).fetchone()[0]
    rate = ask("SELECT json_extract(lr, '$[0]') FROM rate WHERE step <= ? ORDER BY step DESC", (step,)).fetchone()
    found = {"loss": loss, "lr": rate[0] if rate else None}
    for quantity in quantities():
        if quantity.plotted:
            of = _labels(store, quantity.subject)
            columns = ", ".join(quantity.plotted)
            for subject, *row in ask(
                f"SELECT {quantity.subject}, {columns} FROM {quantity.name} WHERE step = ?", (step,)
            ):
                if subject in of:
                    found |= {f"{n}/{of[subject]}": v for n, v in zip(quantity.plotted.values(), row, strict=True)}
    return {name: float(value) for name, value in found.items() if value is not None}


def _labels(store: Store, subject: str) -> dict[int, str]:
    """Number -> name, of what computes something; where several ops have the same name, the second has "#2"."""
    if subject == "parameter":
        return dict(store.connection.execute("SELECT id, name FROM parameter"))
    seen: Counter[str] = Counter()
    labels = {}
    rows = store.connection.execute("SELECT id, module, file, line, member, kind, name FROM op ORDER BY id")
    for number, module, file, line, member, kind, name in rows:
        if kind == "shape":
            continue
        place = module or (f"{Path(file).name}:{line}" if file else "")
        label = f"{place} {member or (kind if kind in TELLING else name.lower())}".strip()
        seen[label] += 1
        labels[number] = label if seen[label] == 1 else f"{label} #{seen[label]}"
    return labels
