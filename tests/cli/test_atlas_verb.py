"""`neurologist atlas`: one file, in the language asked for, from a process without torch."""

import pytest

from neurologist.catalogue import activations

RUN = """
import sys

sys.modules["torch"] = None
sys.argv[1:] = {arguments!r}
from neurologist import catalogue
from neurologist.catalogue.registry import Registry
Registry.values = lambda self: [self[name] for name in list(self)[:2]]  # two of each family: all take long
from neurologist.cli import main
main()
"""


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_writes_one_file(lang, python, tmp_path):
    out = tmp_path / "a.html"
    done = python("-c", RUN.format(arguments=["atlas", "--out", str(out), "--lang", lang]))
    assert done.returncode == 0, done.stderr
    text = out.read_text(encoding="utf-8")
    assert f'const LANG = "{lang}"' in text
    assert all(f'"activation/{name}"' in text for name in list(activations)[:2])
    assert "atlas written to" in done.stderr
    assert done.stdout == ""


def test_a_folder_that_is_not_there_and_a_language_that_is_not_spoken_are_told_at_once(neurologist, tmp_path):
    done = neurologist("atlas", "--out", str(tmp_path / "no" / "a.html"))
    assert done.returncode == 2
    assert "no such folder" in done.stderr
    done = neurologist("atlas", "--lang", "xx", "--out", str(tmp_path / "a.html"))
    assert done.returncode == 2
    assert "--lang" in done.stderr
