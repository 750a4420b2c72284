"""A script must not be able to tell who runs it: each is run by `python` too, and all that comes out is compared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from neurologist.treat.script import NoProgram, module, script

Python = Callable[..., "CompletedProcess[str]"]

RUNNER = """\
import sys
from neurologist.treat import script as _script
make = _script.module if sys.argv[1] == "-m" else _script.script
program = make(sys.argv[2], sys.argv[3:]) if sys.argv[1] == "-m" else make(sys.argv[1], sys.argv[2:])
_script.enter(program)
sys.exit(_script.run(program).code)
"""

SCRIPTS = {
    "arguments": "import sys; print(sys.argv, __name__, __file__, __spec__, __package__, __doc__)",
    "names": "import sys; print(sorted(globals())); print(__builtins__.__name__, type(__loader__).__name__)",
    "main": "import sys, __main__; x = 3; print(__main__.x, sys.modules['__main__'].__dict__ is globals())",
    "path": "import sys, os; print(sys.path[0], os.getcwd())",
    "beside": "import helper; print(helper.VALUE, helper.__file__)",
    "annotations": "x: int = 1\nprint(__annotations__)",
    "future": "def f(x: undefined_name_is_evaluated_here): pass",
    "argparse": "import argparse; p = argparse.ArgumentParser(); p.add_argument('--lr'); print(p.parse_args())",
    "stdin": "import sys; print(sys.stdin.read().upper()); print(sys.stdin.isatty())",
    "exit none": "import sys; sys.exit()",
    "exit number": "import sys; sys.exit(3)",
    "exit large": "import sys; sys.exit(257)",
    "exit negative": "import sys; sys.exit(-1)",
    "exit true": "import sys; sys.exit(True)",
    "exit text": "import sys; print('out'); sys.exit('told you')",
    "exit object": "raise SystemExit([1, 2])",
    "exit at once": "import os; os._exit(4)",
    "error": "def f():\n    return 1 / 0\n\nprint('before')\nf()",
    "error chain": "try:\n    {}['a']\nexcept KeyError as e:\n    raise ValueError('b') from e",
    "error while handling": "def g():\n    raise OSError('in')\ntry:\n    g()\nexcept OSError:\n    1 / 0",
    "error group": "raise ExceptionGroup('g', [ValueError('a'), TypeError('b')])",
    "error of its own": "class Stop(BaseException): pass\nraise Stop('x')",
    "error notes": "e = ValueError('a'); e.add_note('look here'); raise e",
    "hook": "import sys\nsys.excepthook = lambda kind, error, trace: print('mine', kind.__name__)\n1 / 0",
    "broken hook": "import sys\nsys.excepthook = None\nprint('ok')",
    "import error": "import no_such_module_at_all",
    "error in import": "import broken",
    "syntax": "x = (\n",
    "syntax in import": "import unreadable",
    "latin": "# -*- coding: latin-1 -*-\nprint(ascii('é'))",
    "bom": "\ufeffprint('bom')",
    "empty": "",
    "atexit": "import atexit\nx = 5\natexit.register(lambda: print('at exit', x))\nprint('end')",
    "thread": "import threading, time\nx = 5\ndef f():\n    time.sleep(0.2); print('thread', x)\n"
    "threading.Thread(target=f).start()",
    "pool": "from concurrent.futures import ThreadPoolExecutor\n"
    "p = ThreadPoolExecutor(2)\nprint(p.submit(abs, -1).result())",
    "pickle": "import pickle\nclass A: pass\nprint(type(pickle.loads(pickle.dumps(A()))) is A, A.__module__)",
    "warning": "import warnings\nwarnings.warn('careful', DeprecationWarning)\nprint(len(warnings.filters) > 0)",
    "no file": "import sys; del sys.argv[1:]; sys.argv[0] = 'changed'; print(sys.argv)",
    "closed": "import sys; print('a'); sys.stdout.close()",
    "spawn": "import multiprocessing as m\ndef f(x): return x + 1\nif __name__ == '__main__':\n"
    "    with m.get_context('spawn').Pool(1) as p: print(p.map(f, [1, 2]))",
    "fork": "import multiprocessing as m\ndef f(x): return x + 1\nif __name__ == '__main__':\n"
    "    with m.get_context('fork').Pool(1) as p: print(p.map(f, [1, 2]))",
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_runs_as_python_runs_it(python: Python, tmp_path: Path, name: str) -> None:
    (tmp_path / "helper.py").write_text("VALUE = 7\n")
    (tmp_path / "broken.py").write_text("def f():\n    raise RuntimeError('in helper')\nf()\n")
    (tmp_path / "unreadable.py").write_text("def f(:\n")
    encoding = "latin-1" if name == "latin" else "utf-8"
    (tmp_path / "a script.py").write_text(SCRIPTS[name], encoding=encoding)
    arguments = ["a script.py", "--lr", "0.1"] if name == "argparse" else ["a script.py", "-m", "--", "--help", "x y"]
    plain = python(*arguments, stdin="some text")
    ours = python("-c", RUNNER, *arguments, stdin="some text")
    assert ours.stdout == plain.stdout
    assert ours.stderr == plain.stderr
    assert ours.returncode == plain.returncode


@pytest.mark.parametrize("name", ["../over/script.py", "./script.py", "link.py"])
def test_the_folder_of_the_script_is_searched_for_modules(python: Python, tmp_path: Path, name: str) -> None:
    (tmp_path / "over").mkdir()
    here = tmp_path / "over" / "script.py" if "over" in name else tmp_path / "script.py"
    here.write_text("import sys; print(sys.argv, sys.path[0])")
    (tmp_path / "link.py").symlink_to(here)
    name = name.replace("../over", "over")
    assert python("-c", RUNNER, name).stdout == python(name).stdout


MODULES = {
    "plain": "import sys; print(sys.argv, sys.path[0], __name__, __package__, __spec__.name, __file__)",
    "relative": "from . import other\nfrom .other import VALUE\nprint(VALUE)",
    "error": "def f(): 1 / 0\nf()",
    "spawn": SCRIPTS["spawn"],
}


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("target", ["pack.mod", "pack.sub"])
def test_a_module_runs_as_python_runs_it(python: Python, tmp_path: Path, name: str, target: str) -> None:
    if (name, target) == ("spawn", "pack.sub"):
        pytest.skip("a spawned child cannot import a package's __main__: python itself hangs")
    (tmp_path / "pack" / "sub").mkdir(parents=True)
    for folder in (tmp_path / "pack", tmp_path / "pack" / "sub"):
        (folder / "__init__.py").touch()
        (folder / "other.py").write_text("VALUE = 7\n")
    (tmp_path / "pack" / "mod.py").write_text(MODULES[name])
    (tmp_path / "pack" / "sub" / "__main__.py").write_text(MODULES[name])
    plain = python("-m", target, "--help", "-m")
    ours = python("-c", RUNNER, "-m", target, "--help", "-m")
    assert ours.stdout == plain.stdout
    assert ours.stderr.splitlines()[-1:] == plain.stderr.splitlines()[-1:]
    assert "_script.py" not in ours.stderr
    assert ours.returncode == plain.returncode


def test_what_cannot_be_run_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoProgram, match=r"no script at 'missing\.py'"):
        script("missing.py", [])
    with pytest.raises(NoProgram, match="is a folder"):
        script(str(tmp_path), [])
    for name in ("no_such_package.train", "no_such_module", ".", "a..b", ""):
        with pytest.raises(NoProgram, match="no module named"):
            module(name, []).load()
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "without_main").mkdir()
    (tmp_path / "without_main" / "__init__.py").touch()
    with pytest.raises(NoProgram, match="has no __main__"):
        module("without_main", []).load()
    (tmp_path / "failing_package.py").write_text("import not_there_either\n")
    with pytest.raises(ModuleNotFoundError, match="not_there_either"):
        module("failing_package.x", []).load()


def test_null_bytes_are_a_syntax_error(python: Python, tmp_path: Path) -> None:
    """Not compared with Python, whose patch releases disagree: some run such a file up to the null byte."""
    (tmp_path / "null.py").write_bytes(b"x = 1\0")
    ours = python("-c", RUNNER, "null.py")
    assert (ours.returncode, "SyntaxError: source code" in ours.stderr) == (1, True)
