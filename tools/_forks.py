"""Commands run in forks of one process that has PyTorch loaded; used by `sessions.py`.

Reads one JSON request a line from stdin (words of the command, folder, environment) and answers with one line: exit
code, stdout, stderr.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sklearn.datasets  # noqa: F401  the examples read it
import torch

import neurologist.cli
import neurologist.report
import neurologist.treat.fix
import neurologist.watch.session


def child(words: list[str], folder: str, environment: dict[str, str]) -> None:
    """Become the command."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    torch.set_num_threads(1)
    sys.path[:0] = [folder]
    if words[0] == "python":
        sys.argv = words[1:]
        runpy.run_path(words[1], run_name="__main__")
    else:
        sys.argv = words
        neurologist.cli.main()


def answer(request: dict[str, Any]) -> tuple[int, str, str]:
    """Run one command."""
    with TemporaryDirectory() as place:
        names = [Path(place) / "stdout", Path(place) / "stderr"]
        if not (pid := os.fork()):
            code = 1
            for number, name in enumerate(names, 1):
                os.dup2(os.open(name, os.O_CREAT | os.O_WRONLY), number)
            try:
                child(**request)
                code = 0
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else int(end.code is not None)
            except BaseException as error:
                sys.excepthook(type(error), error, error.__traceback__)
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        said, complaint = (name.read_text(encoding="utf-8") for name in names)
        return code, said, complaint


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
