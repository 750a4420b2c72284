"""What the user says to neurologist in the program: `# neurologist: ignore[double-softmax] targets are soft`.

The comment stands at the end of the line that a finding points to; behind the last line of a statement, or alone above
it, it holds for the whole statement. It names its rules and gives a reason, or has no effect and is remarked on.
Comments are read from the source as it is today where that still says what was recorded, else from the record's lines.
May import: `diagnose.aside`, `diagnose.finding`, `diagnose.naming`, the record.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from neurologist.diagnose.aside import Remark
from neurologist.diagnose.finding import Finding, Origin
from neurologist.diagnose.naming import Names
from neurologist.record import Op, Optimizer, Run

MARK = re.compile(r"#\s*neurologist\s*:\s*(?P<said>.*)", re.I)
IGNORE = re.compile(r"ignore\s*\[(?P<rules>[^\]]*)\](?P<reason>.*)", re.I)
QUICK = re.compile(r"#\s*neurologist\s*:", re.I)
LARGEST = 4_000_000  # bytes; a larger file is data, not source
BETWEEN = frozenset({tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING})


@dataclass(frozen=True)
class Comment:
    """One comment: its place, the lines that it holds for, its text, and the rules that it ignores.

    `fault` says why it has no effect.
    """

    origin: Origin
    lines: range
    said: str
    rules: tuple[str, ...] = ()
    reason: str = ""
    fault: str = ""

    def covers(self, finding: Finding) -> bool:
        """True where it ignores the finding."""
        origin = finding.origin
        here = origin.file == self.origin.file and origin.line is not None and origin.line in self.lines
        return here and not self.fault and finding.rule in self.rules


@dataclass
class Comments:
    """All comments of a program, and which of their rules ignored something."""

    found: list[Comment] = field(default_factory=list)
    used: set[tuple[int, str]] = field(default_factory=set)

    def ignoring(self, finding: Finding) -> Comment | None:
        """The comment that ignores a finding."""
        found = next((comment for comment in self.found if comment.covers(finding)), None)
        if found is not None:
            self.used.add((id(found), finding.rule))
        return found

    def remarks(self) -> Iterator[Remark]:
        """On comments that have no effect, and on those that ignored nothing."""
        for comment in self.found:
            if comment.fault:
                said = f"This comment has no effect: {comment.fault}. Write `# neurologist: ignore[rule] reason`."
                yield Remark(said, comment.origin)
                continue
            unused = ", ".join(rule for rule in comment.rules if (id(comment), rule) not in self.used)
            if unused:
                said = f"This comment ignores {unused}, but nothing of the kind was found there: is it still needed?"
                yield Remark(said, comment.origin)


def comments(run: Run, names: Names) -> Comments:
    """The comments in the files that a run went through."""
    recorded: dict[str, dict[int, str]] = {}
    for file, line, code in _places(run):
        recorded.setdefault(file, {})[line] = code
    found = []
    for file, lines in recorded.items():
        current = _source(file)
        texts = current.splitlines() if current is not None else []
        same = {n for n, code in lines.items() if n <= len(texts) and _same(texts[n - 1], code)}
        if current is not None and same and QUICK.search(current):
            found += [_parsed(file, *spot, names) for spot in _comments(current)]
        for n, code in sorted(lines.items()):
            if n not in same and QUICK.search(code):
                found += [_parsed(file, n, range(n, n + 1), text, names) for _, _, text in _comments(code)]
    return Comments(found)


def _places(run: Run) -> Iterator[tuple[str, int, str]]:
    optimizers = list(run.optimizers.values())
    subjects: list[Op | Optimizer] = [*run.ops, *optimizers, *(optimizer.at_step for optimizer in optimizers)]
    for subject in subjects:
        if subject.file and subject.line and subject.code:
            yield subject.file, subject.line, subject.code


def _source(file: str) -> str | None:
    try:
        path = Path(file)
        if path.stat().st_size > LARGEST:
            return None
        with tokenize.open(path) as source:
            return source.read()
    except (OSError, SyntaxError, ValueError):
        return None


def _same(now: str, then: str) -> bool:
    return without_comment(now).split() == without_comment(then).split()


def without_comment(code: str) -> str:
    """A line of code without the comment at its end."""
    if "#" not in code:
        return code
    start = next((token.start for token in _tokens(code.lstrip()) if token.type == tokenize.COMMENT), None)
    if start is None or start[0] != 1:
        return code
    return code.lstrip()[: start[1]].rstrip()


def _tokens(code: str) -> Iterator[tokenize.TokenInfo]:
    """Tokens as far as they can be read: a single line may be part of a longer statement."""
    try:
        yield from tokenize.generate_tokens(io.StringIO(code).readline)
    except (tokenize.TokenError, SyntaxError, ValueError):
        return


def _comments(code: str) -> Iterator[tuple[int, range, str]]:
    """Comments to neurologist: (line, the lines that they hold for, text), statement by statement."""
    waiting: list[tuple[int, bool, str]] = []
    first = last = 0
    for token in _tokens(code):
        if token.type == tokenize.COMMENT:
            if marked := MARK.match(token.string):
                alone = not first and token.start[1] == len(token.line) - len(token.line.lstrip())
                waiting.append((token.start[0], alone, marked["said"].strip()))
        elif token.type == tokenize.NEWLINE:
            yield from _held(waiting, first, token.start[0])
            waiting, first = [], 0
        elif token.type not in BETWEEN and not first:
            first = token.start[0]
        last = token.end[0]
    yield from _held(waiting, first, last)


def _held(waiting: Iterable[tuple[int, bool, str]], first: int, last: int) -> Iterator[tuple[int, range, str]]:
    for line, alone, said in waiting:
        whole = first and (alone or line == last)
        yield line, range(first, last + 1) if whole else range(line, line + 1), said


def _parsed(file: str, line: int, lines: range, said: str, names: Names) -> Comment:
    origin = Origin(file, line)
    shape = IGNORE.fullmatch(said)
    if shape is None:
        bare = said.lower().startswith("ignore")
        why = "it does not say which rules to ignore" if bare else f"got {said!r}"
        return Comment(origin, lines, said, fault=why)
    asked, reason = (
        [name.strip() for name in shape["rules"].split(",") if name.strip()],
        shape["reason"].strip(" :-#\t"),
    )
    if not asked:
        return Comment(origin, lines, said, fault="it names no rule")
    for name in asked:
        if names.rule(name) is None:
            return Comment(origin, lines, said, fault=names.unknown(name))
    if not reason:
        return Comment(origin, lines, said, fault="it gives no reason")
    return Comment(origin, lines, said, tuple(slug for name in asked if (slug := names.rule(name))), reason)
