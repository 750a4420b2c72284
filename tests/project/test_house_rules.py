"""Rules of the house that no linter knows: sizes, and text that makes sense to an outsider."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
FILE_LIMIT = 300  # lines
FUNCTION_LIMIT = 40  # lines of code, without docstring

TEXT = {".py", ".md", ".toml", ".cff", ".txt", ".html", ".js", ".css", ".json", ".yaml", ".yml", ""}
FOLDERS = ("src", "tests", "examples", "docs", "benchmarks", "tools", ".ci")
INSIDE = re.compile(
    r"\bissues? #?[0-9]+\b"  # a tracker that the reader does not have
    r"|\(#[0-9]+\)"
    r"|/(?:work|root|opt|home|Users)/\w"  # one machine's folders
    r"|/tmp/\w"
)


def texts():
    for folder in FOLDERS:
        yield from (path for path in sorted((ROOT / folder).rglob("*")) if "__pycache__" not in path.parts)
    yield from sorted(path for path in ROOT.iterdir() if path.name not in {".git", ".venv"})


def short(path):
    return path.relative_to(ROOT).as_posix()


def length(function):
    """Lines of a function from its `def` on, less its docstring."""
    lines = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is not None:
        lines -= first.end_lineno - first.lineno + 1
    return lines


@pytest.mark.parametrize("path", SOURCES, ids=short)
def test_files_and_functions_are_short(path):
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= FILE_LIMIT
    functions = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert {f.name: length(f) for f in functions if length(f) > FUNCTION_LIMIT} == {}


def test_text_names_nothing_that_the_reader_lacks():
    found = []
    for path in texts():
        if path.is_file() and path.suffix in TEXT and path != Path(__file__).resolve():
            lines = path.read_text(encoding="utf-8").splitlines()
            found += [f"{short(path)}:{n}: {line.strip()}" for n, line in enumerate(lines, 1) if INSIDE.search(line)]
    assert found == []
