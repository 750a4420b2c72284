"""Showing a diagnosis: the views, and the formats that they can be written in.

`FORMATS` is what the command line offers; importing this package registers those that have a file suffix, so that
`print(diagnosis)` and `diagnosis.save("report.json")` work. No torch here. To add a format, add a module with a
`text(diagnosis)` and name it here.
"""

from __future__ import annotations

import sys

from neurologist.diagnose.diagnosis import Diagnosis
from neurologist.diagnose.trials import Trials
from neurologist.report import github, html, json, sarif, terminal, terminal_trials

__all__ = ["FORMATS", "github", "html", "json", "sarif", "terminal"]

FORMATS = ("text", "json", "sarif", "github", "html")  # what `--format` offers


def _plain(diagnosis: Diagnosis) -> str:
    # print(diagnosis) must not fail on a terminal without Unicode; a file can always be read in ASCII
    return terminal.text(diagnosis, ascii_only=not terminal.speaks_unicode(sys.stdout))


Diagnosis.writers.update({".txt": _plain, ".json": json.text, ".html": html.text, ".sarif": sarif.text})
Diagnosis.notebook = html.notebook
Trials.writer = terminal_trials.text
