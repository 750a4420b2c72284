"""The user's line of code in its surroundings, read from the file as it is today.

May import: `diagnose.finding` and the standard library. To show more of the source, change `AROUND`.
"""

from __future__ import annotations

import tokenize
from pathlib import Path

from neurologist.diagnose.finding import Origin

AROUND = 2  # lines of code shown before and after the one that a finding points to
LARGEST_SOURCE = 4_000_000  # bytes; a larger file is data, not source


def surroundings(origin: Origin) -> list[tuple[int, str]] | None:
    """The lines around the one that `origin` names, or None when the file cannot be read or says something else now.

    A record may come from another machine or an older version of the file: what stands at the line today is shown
    only if it is the recorded code.
    """
    if not (origin.file and origin.line and origin.code):
        return None
    try:
        path = Path(origin.file)
        if not path.is_file() or path.stat().st_size > LARGEST_SOURCE:
            return None
        with tokenize.open(path) as source:
            lines = source.read().splitlines()
    except (OSError, SyntaxError, ValueError):
        return None
    here = lines[origin.line - 1].strip() if origin.line <= len(lines) else ""
    if not here or " ".join(here.split()) != " ".join(origin.code.splitlines()[0].split()):
        return None
    first, last = max(1, origin.line - AROUND), min(len(lines), origin.line + AROUND)
    return _trimmed([(n, lines[n - 1]) for n in range(first, last + 1)], origin.line)


def _trimmed(lines: list[tuple[int, str]], keep: int) -> list[tuple[int, str]]:
    while lines[0][0] < keep and not lines[0][1].strip():
        lines = lines[1:]
    while lines[-1][0] > keep and not lines[-1][1].strip():
        lines = lines[:-1]
    texts = [text.expandtabs(4) for _, text in lines]
    indent = min(len(text) - len(text.lstrip()) for text in texts if text.strip())
    return [(n, text[indent:]) for (n, _), text in zip(lines, texts, strict=True)]
