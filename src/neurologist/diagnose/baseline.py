"""Findings that were known before: a file of them, so that only new ones fail.

A finding is known again by its rule, the text of its line and its module, not by the line's number, so that edits above
it change nothing. One that has become worse, a warning that is an error now, is new.
May import: `diagnose.aside`, `diagnose.comments`, `diagnose.finding`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from neurologist.diagnose.comments import without_comment
from neurologist.diagnose.finding import SEVERITIES, Finding, Origin, Severity

FORMAT, VERSION = "neurologist-baseline", 1


class BaselineError(ValueError):
    """The file is no baseline."""


@dataclass(frozen=True)
class Baseline:
    """What was known: `known` maps an identity to the severity that it had; `path` is its file."""

    path: Path
    known: Mapping[tuple[str, ...], Severity] = field(default_factory=dict)

    def knows(self, finding: Finding) -> bool:
        """True for what was found before, and was as bad then."""
        severity = self.known.get(identity(finding, self.path.parent))
        return severity is not None and SEVERITIES.index(finding.severity) >= SEVERITIES.index(severity)


def identity(finding: Finding, base: Path) -> tuple[str, ...]:
    """Rule, file, line of code and module; the file relative to `base`, the code without its comment."""
    return (finding.rule, *_place(finding.origin, base))


def fingerprint(finding: Finding, base: Path) -> str:
    """The identity as a short number that stays the same from run to run."""
    return sha256("\0".join(identity(finding, base)).encode(errors="surrogatepass")).hexdigest()[:32]


def _place(origin: Origin, base: Path) -> tuple[str, str, str]:
    code = " ".join(without_comment(origin.code or "").split())
    return _relative(origin.file, base), code, origin.module or ""


def _relative(file: str | None, base: Path) -> str:
    if not file:
        return ""
    try:
        return Path(os.path.relpath(file, base)).as_posix()
    except ValueError:  # another drive
        return Path(file).as_posix()


def write(path: Path, findings: Iterable[Finding]) -> int:
    """Write a baseline of findings and of what they explain; how many findings it holds."""
    base = path.absolute().parent
    rows: dict[tuple[str, ...], Severity] = {}
    count = 0
    for finding in findings:
        count += 1
        rows[identity(finding, base)] = finding.severity
        for symptom in finding.symptoms:
            rows.setdefault((symptom.rule, *_place(symptom.origin, base)), finding.severity)
    keys = ("rule", "file", "code", "module")
    listed = [{**dict(zip(keys, row, strict=True)), "severity": severity} for row, severity in sorted(rows.items())]
    data = {"format": FORMAT, "version": VERSION, "findings": listed}
    path.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    return count


def read(path: Path) -> Baseline:
    """A baseline from its file.

    Raises:
        BaselineError: there is no such file, or it is none.
    """
    advice = f"write it with `neurologist run --write-baseline {path.name} SCRIPT`"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != FORMAT or data["version"] != VERSION:
            raise BaselineError(
                f"baseline {str(path)!r}: is {data['format']!r} of version {data['version']!r}, expected {FORMAT!r} "
                f"of version {VERSION}; {advice}"
            )
        rows = {tuple(str(row[key]) for key in ("rule", "file", "code", "module")): row for row in data["findings"]}
        known = {key: SEVERITIES[SEVERITIES.index(row["severity"])] for key, row in rows.items()}
    except OSError as error:
        raise BaselineError(f"baseline {str(path)!r}: {error.strerror or error}; {advice}") from None
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, BaselineError):
            raise
        raise BaselineError(f"baseline {str(path)!r}: cannot be read as one ({error}); {advice}") from None
    return Baseline(path.absolute(), known)
