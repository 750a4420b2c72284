"""Functions in processes of their own: whatever becomes of the process, there is an answer, and no harm here."""

from __future__ import annotations

import ctypes
import multiprocessing as mp
import os
import signal
import subprocess
import sys
import time
import warnings
from functools import partial
from pathlib import Path

import pytest
import torch
from torch.utils.data import DataLoader

from neurologist.treat.apart import Lost, Setting, apart
from neurologist.treat.crew import BACKENDS, Crew, NoBackend, crew


def crashes() -> None:
    ctypes.string_at(0)


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def hangs() -> None:
    time.sleep(600)


def leaves() -> None:
    print("the disk is gone", file=sys.stderr)
    warnings.warn("beware", stacklevel=1)
    os._exit(3)


def square(number: int) -> int:
    return number * number


@pytest.mark.parametrize(
    ("function", "seconds", "reason"),
    [
        (crashes, None, "killed by SIGSEGV"),
        (killed, None, "killed by SIGKILL, as when memory runs out"),
        (hangs, 1.0, "no end within 1 s"),
        (leaves, None, "its process ended with exit code 3: the disk is gone"),
    ],
)
def test_a_process_that_gives_no_answer_says_how_it_ended(function, seconds, reason):
    lost = apart(function, Setting(seconds=seconds))
    assert isinstance(lost, Lost)
    assert lost.reason.startswith(reason)


def test_one_that_is_lost_costs_no_other():
    calls = [partial(square, 2), killed, partial(square, 3), crashes, partial(square, 4)]
    got = dict(Crew(2).results(calls))
    assert {index: value for index, value in got.items() if not isinstance(value, Lost)} == {0: 4, 2: 9, 4: 16}
    assert all(isinstance(got[index], Lost) for index in (1, 3))


def test_an_error_comes_through():
    with pytest.raises(ZeroDivisionError):
        apart(lambda: 1 / 0)


def test_threads_are_limited_and_workers_start_as_here():
    def loaded() -> list[int]:
        joined = DataLoader(range(6), 3, num_workers=1, collate_fn=lambda rows: len(rows))  # no other process gets it
        return list(joined)

    assert apart(torch.get_num_threads, Setting(threads=1)) == 1
    if mp.get_start_method() == "fork":
        assert apart(loaded) == [3, 3]
    assert apart(mp.get_start_method) == mp.get_start_method()


def test_each_has_its_own_copy_of_the_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("data.txt").write_text("kept")

    def spoils() -> str:
        read = Path("data.txt").read_text()
        Path("data.txt").write_text("spoilt")
        Path("new.txt").write_text("")
        return read

    assert [apart(spoils, Setting(isolate=True)) for _ in range(2)] == ["kept", "kept"]
    assert Path("data.txt").read_text() == "kept"
    assert [path.name for path in Path().iterdir()] == ["data.txt"]
    assert apart(spoils) == "kept"
    assert Path("data.txt").read_text() == "spoilt"


def test_a_script_without_a_guard_is_not_run_again(tmp_path):
    script = tmp_path / "ask.py"
    script.write_text(
        "from neurologist.treat.apart import apart\nprint('here')\ndef f(): return 7\nprint(apart(f), apart(f))\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert done.stdout == "here\n7 7\n"


def test_the_current_folder_hides_no_module_and_the_environment_is_todays(tmp_path):
    (tmp_path / "random.py").write_text("raise SystemExit('the wrong random')\n")
    code = (
        "import os\nfrom neurologist.treat.apart import apart\n"
        "print(apart(lambda: os.environ.get('PYTHONSAFEPATH')))\n"
        "os.environ['NOW'] = 'here'\nprint(apart(lambda: os.environ.get('NOW')))\n"
    )
    (tmp_path / "folder").mkdir()
    script = tmp_path / "folder" / "ask.py"
    script.write_text(code)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout == "None\nhere\n"


def test_processes_end_with_the_one_that_asked(tmp_path):
    code = (
        "import os, time\nfrom neurologist.treat.apart import apart\n"
        f"def f():\n    open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(600)\napart(f)\n"
    )
    asking = subprocess.Popen([sys.executable, "-c", code])
    pid = tmp_path / "pid"
    _until(lambda: pid.exists() and pid.read_text())
    asking.kill()
    asking.wait()
    _until(lambda: not _running(int(pid.read_text())))


def _until(condition) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "waited for a minute in vain"
        time.sleep(0.05)


def _running(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False


def test_what_does_not_go_together_is_refused(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="address got 'here:1' without a backend"):
        crew(1, scripted=True, address="here:1")
    with pytest.raises(ValueError, match="backend got 'spark': expected one of ray, dask"):
        crew(1, scripted=True, backend="spark")
    monkeypatch.chdir(tmp_path)
    with Path("large").open("wb") as file:
        file.truncate(3 * 1024**3)
    with pytest.raises(ValueError, match="would copy 3 GB or more for each arm"):
        crew(1, scripted=True, isolate=True)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_cluster_that_is_not_there_is_said(backend, monkeypatch):
    monkeypatch.setitem(sys.modules, {"ray": "ray.util.joblib", "dask": "distributed"}[backend], None)
    with pytest.raises(NoBackend, match=rf"pip install 'neurologist\[{backend}\]'"), Crew(1, backend):
        pass
