"""Run the code of the documentation: what a page shows is what happens.

    python tools/sessions.py docs/tutorials/*.md            write the outputs on these pages anew
    python tools/sessions.py --check docs/tutorials/*.md    exit code 1, and what differs, where one is stale

A page is read from top to bottom, in an empty folder that holds a copy of `examples/`; where it writes into `src/`, a
copy of the sources. Its fences are

- `python`: run, all of a page in one namespace; a `text` fence right below is what it prints;
- `{code-block} python` with a `:caption:`: a file of that name;
- `console`, or in the READMEs no name: commands after `$ `, each followed by what it prints.

A line `...` stands for any lines. Bars and what a clock said are not compared, and other numbers to 10 % or one of the
last shown place: what they are depends a little on the processor.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```$", re.M | re.S)
CAPTION = re.compile(r":caption: (\S+)\n(?::\w[^\n]*\n)*\n")
CLOCK = re.compile(
    r"[\d.]+(?= % overhead)|(?<=开销 )[\d.]+|\([\d.]+ s\)|│ [\d.]+ s\b|[\d,]+(?= examined\b)|(?<=检查了 )[\d,]+"
    r"|-\d{8}-\d{6}(?=\.nlr)"
)
DRAWN = re.compile(r"[▁-█│─]+")
NUMBER = re.compile(r"(?<![\w.])[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")
ANY = "..."
SET_BY_OTHERS = {
    "COLUMNS",
    "FORCE_COLOR",
    "LANGUAGE",
    "LANG",
    "CI",
    "BUILD_NUMBER",
}  # programs print otherwise by these
ASKED = '; echo "exit code $?"'
CLOSE = 0.1  # relative: float32 after hundreds of steps differs between processors, samples by what they cost
Word = tuple[str, int]  # and its line


class Block(NamedTuple):
    """One fence that is run, and where in the page what it prints stands."""

    kind: str  # "python", "console" or "file"
    code: str
    printed: tuple[int, int] | None = None
    name: str = ""


def blocks(page: str) -> Iterator[Block]:
    """The fences of a page, in order."""
    for fence in FENCE.finditer(page):
        info, body = fence["info"].strip(), fence["body"]
        caption = CAPTION.match(body)
        if info.startswith("{code-block}") and caption:
            yield Block("file", body[caption.end() :], name=caption[1])
        elif info == "console" or (not info and body.startswith("$ ")):
            yield from _commands(body, fence.start("body"))
        elif info == "python":
            after = FENCE.search(page, fence.end())
            below = after and after["info"].strip() == "text" and not page[fence.end() : after.start()].strip()
            yield Block("python", body, after.span("body") if after and below else None)


def _commands(body: str, start: int) -> Iterator[Block]:
    """The commands of a session, each with the place of its output."""
    for command in re.finditer(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", body, re.M):
        yield Block("console", command[1], (start + command.start(2), start + command.end(2)))


def words(text: str) -> list[Word]:
    """What is compared of a text."""
    found = []
    for number, line in enumerate(text.splitlines()):
        found += [(word, number) for word in DRAWN.sub(" ", CLOCK.sub("#", line)).split()]
    return found


def alike(one: str, other: str) -> bool:
    """Whether two words say the same: their numbers nearly, the rest exactly."""
    if NUMBER.sub("#", one) != NUMBER.sub("#", other):
        return False
    return all(map(_close, NUMBER.findall(one), NUMBER.findall(other)))


def _close(one: str, other: str) -> bool:
    first, second = (float(text.replace(",", "")) for text in (one, other))
    mantissa = one.partition("e")[0].partition(".")[2]
    last_place = 1.01 * 10.0 ** -len(mantissa) if mantissa and "e" not in one else 0.0
    return abs(first - second) <= max(CLOSE * max(abs(first), abs(second)), last_place)


def renewed(shown: str, printed: str) -> str | None:
    """What is printed, with lines left out where they are on the page; None where the two do not fit."""
    chunks = re.split(r"^ *\.\.\.\n", shown, flags=re.M)
    lines, got, at, parts = printed.splitlines(keepends=True), words(printed), 0, []
    for number, chunk in enumerate(chunks):
        wanted = [word for word, _ in words(chunk)]
        last = number == len(chunks) - 1
        if not wanted:
            if last and len(chunks) == 1 and got:
                return None
            parts.append("")
            continue
        starts = [at] if number == 0 else range(at, len(got) - len(wanted) + 1)
        if last and number:
            starts = [len(got) - len(wanted)]
        fits = (s for s in starts if s >= at and _fits(wanted, got[s : s + len(wanted)]))
        start = next(fits, None)
        if start is None or (len(chunks) == 1 and start + len(wanted) != len(got)):
            return None
        at = start + len(wanted)
        parts.append(_whole(chunk, lines[got[start][1] : got[at - 1][1] + 1]))
    marks = re.findall(r"^ *\.\.\.\n", shown, flags=re.M)
    return "".join(part + mark for part, mark in zip(parts, [*marks, ""], strict=True))


def _whole(chunk: str, lines: list[str]) -> str:
    """Lines with the empty ones around them that the page has."""
    before = len(chunk) - len(chunk.lstrip("\n"))
    after = len(chunk) - len(chunk.rstrip("\n")) - 1
    return "\n" * before + "".join(line.rstrip() + "\n" for line in lines) + "\n" * after


def _fits(wanted: list[str], got: list[Word]) -> bool:
    return len(wanted) == len(got) and all(alike(a, b) for a, (b, _) in zip(wanted, got, strict=True))


def outputs(page: str, folder: Path, names: dict[str, Any] | None = None) -> Iterator[tuple[Block, str]]:
    """Run a page in a folder: each block, and what it printed."""
    found = list(blocks(page))
    inside = any(block.name.startswith("src/") for block in found)
    for part in ("examples", "src", "tests") if inside else ("examples",):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shell = Shell(folder)
    space = {"__name__": "__main__", **(names or {})}
    for block in found:
        if block.kind == "file":
            path = folder / block.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.code, encoding="utf-8")
        elif block.kind == "console":
            yield block, shell(block.code)
        else:
            yield block, _python(block.code, folder, space)


class Shell:
    """Runs commands as in a terminal 100 columns wide.

    `neurologist ...` and `python FILE` run in forks of one process that has PyTorch loaded: most of a small example's
    time is else the import. Anything else, and all of a page that changes the sources, runs in a process of its own.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.own = (folder / "src").exists()
        tools = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        source = str((folder if self.own else ROOT) / "src")
        plain = {k: v for k, v in os.environ.items() if k not in SET_BY_OTHERS}
        threads = {"OMP_NUM_THREADS": "1", "LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "utf-8"}
        plugins = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "neurologist.pytest_plugin"}
        python = {"PATH": tools, "PYTHONPATH": f"{folder}{os.pathsep}{source}"}
        self.environment = {**plain, **threads, **plugins, **python}

    def __call__(self, command: str) -> str:
        """What a command prints on stdout; the exit codes of neurologist for "found" and "not found" are both right."""
        plain = command.removesuffix(ASKED)
        code, said, complaint = self._fork(plain) if self._simple(plain) else self._bash(plain)
        if code not in (0, 1) or "Traceback" in complaint:
            raise RuntimeError(f"$ {command} ended with {code}:\n{said}{complaint}")
        return said + (f"exit code {code}\n" if plain != command else "")

    def _simple(self, command: str) -> bool:
        return not self.own and re.match(r"(neurologist|python \w+\.py)\b[^|;&<>*$]*$", command) is not None

    def _bash(self, command: str) -> tuple[int, str, str]:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def _fork(self, command: str) -> tuple[int, str, str]:
        server = _server()
        request = {"words": shlex.split(command), "folder": str(self.folder), "environment": self.environment}
        server.stdin.write(json.dumps(request) + "\n")
        server.stdin.flush()
        code, said, complaint = json.loads(server.stdout.readline())
        return code, said, complaint


@cache
def _server() -> Any:
    command = [sys.executable, str(Path(__file__).with_name("_forks.py"))]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment, encoding="utf-8")


def end() -> None:
    """End the process whose forks ran the commands."""
    if _server.cache_info().currsize:
        server = _server()
        server.stdin.close()  # it ends by itself then
        server.stdout.close()
        server.wait()
        _server.cache_clear()


def _python(code: str, folder: Path, space: dict[str, Any]) -> str:
    before, said = Path.cwd(), io.StringIO()
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    try:
        file = folder / f"block{len(space)}.py"  # so that a report can show its lines
        file.write_text(code, encoding="utf-8")
        with contextlib.redirect_stdout(said):
            exec(compile(code, str(file), "exec"), space)
    finally:
        sys.path.remove(str(folder))
        os.chdir(before)
        for name, module in list(sys.modules.items()):
            if (getattr(module, "__file__", None) or "").startswith(f"{folder}{os.sep}"):
                del sys.modules[name]  # another page's file may have the same name
    return said.getvalue()


def renew(page: str, names: dict[str, Any] | None = None) -> tuple[str, list[str]]:
    """The page with what its code prints now, and what does not fit what it shows."""
    changes, wrong = [], []
    with TemporaryDirectory() as folder:
        for block, printed in outputs(page, Path(folder).resolve(), names):
            if block.printed is None:
                continue
            shown = page[slice(*block.printed)]
            new = renewed(shown, printed)
            if new is None:
                wrong.append(f"{block.code.strip()}\n--- shown\n{shown}--- printed\n{printed}")
            changes.append((block.printed, printed if new is None else new))
    for (start, end), text in reversed(changes):
        page = page[:start] + text + page[end:]
    return page, wrong


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--check", action="store_true", help="change nothing; fail where an output is stale")
    given = parser.parse_args(arguments)
    found = 0
    for path in given.pages:
        page, wrong = renew(path.read_text(encoding="utf-8"))
        found += len(wrong)
        print(f"{path}: {len(wrong)} outputs {'stale' if given.check else 'written anew as a whole'}")
        if given.check:
            print(*wrong, sep="\n")
        else:
            path.write_text(page, encoding="utf-8")
    end()
    return int(bool(found and given.check))


if __name__ == "__main__":
    sys.exit(main())
