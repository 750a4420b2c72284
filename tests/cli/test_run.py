"""`run` and `check` as a user meets them, each in a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[..., "subprocess.CompletedProcess[str]"]
Start = Callable[..., "subprocess.Popen[str]"]


def records(folder: Path) -> list[Path]:
    return sorted((folder / ".neurologist").glob("*.nlr"))


def test_a_sick_script_is_run_to_its_end_and_reported(neurologist: Command, sick: Path, tmp_path: Path) -> None:
    ran = neurologist("run", "train.py", "--steps", "20")
    output, _, report = ran.stdout.partition("done\n")
    assert output.splitlines() == [f"step {i}" for i in range(20)]
    assert ran.stderr == ""
    assert ran.returncode == 1
    assert report.index("ROOT CAUSE") < report.index("double-softmax") < report.index("train.py:12")
    assert "▶ 12 │ model = nn.Sequential" in report
    assert "20 steps" in report
    (record,) = records(tmp_path)
    assert record.name.startswith("train-")
    assert f"record: .neurologist/{record.name}" in report.replace("\n", " ")
    assert (tmp_path / ".neurologist" / ".gitignore").read_text() == "*\n"

    later = neurologist("diagnose", str(record))
    assert later.returncode == 1
    assert later.stdout.split("Gradient")[0] == report.split("Gradient")[0]
    later = neurologist("diagnose", str(record), "--format", "json")
    assert json.loads(later.stdout)["findings"][0]["rule"] == "double-softmax"


def test_a_failing_script_keeps_its_traceback_and_its_code(
    neurologist: Command, python: Command, sick: Path, tmp_path: Path
) -> None:
    plain = python("train.py", "--fail", "8")
    ran = neurologist("run", "-o", "report.txt", "train.py", "--fail", "8")
    assert ran.stdout == plain.stdout
    assert ran.stderr.startswith(plain.stderr)
    assert (
        ran.stderr[len(plain.stderr) :] == "neurologist: double-softmax (NL101) found; report written to report.txt\n"
    )
    assert ran.returncode == plain.returncode == 1
    report = " ".join((tmp_path / "report.txt").read_text(encoding="utf-8").split())
    assert "The run failed: ValueError: no more data. This is what had been seen after 9 steps." in report
    assert "ROOT CAUSE double-softmax" in report


def test_an_error_out_of_backward_shows_no_frame_of_ours(neurologist: Command, python: Command, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(
        "import torch\nw = torch.ones(3, requires_grad=True)\nloss = w.sum()\nloss.backward()\nloss.backward()\n"
        "torch.ones(3).sum().backward()\n"
    )
    plain = python("train.py")
    ran = neurologist("run", "train.py")
    assert ran.stderr == plain.stderr
    assert ran.returncode == 1


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_cut_short_leaves_a_readable_record(
    start: Start, neurologist: Command, sick: Path, tmp_path: Path, how: signal.Signals
) -> None:
    with start("-m", "neurologist", "run", "train.py", "--steps", "100000000") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line == "step 12\n":
                process.send_signal(how)
                break
        out, err = process.communicate(timeout=60)
    assert process.returncode == (130 if how is signal.SIGINT else -how)
    if how is not signal.SIGKILL:
        assert "The run was interrupted." in out
        assert "ROOT CAUSE" in out
        assert "neurologist/" not in err
        assert err.rstrip().endswith("KeyboardInterrupt" if how is signal.SIGINT else "")
    (record,) = records(tmp_path)
    data = json.loads(neurologist("diagnose", str(record), "-f", "json").stdout)
    assert data["summary"]["status"] == ("cut off" if how is signal.SIGKILL else "interrupted")
    assert data["findings"][0]["rule"] == "double-softmax"


def test_steps_stops_the_script_cleanly(neurologist: Command, tmp_path: Path, sick: Path) -> None:
    tail = "    try:\n        main()\n    except Exception:\n        print('no')\n    finally:\n        print('tidy')\n"
    stubborn = sick.read_text().replace("    main()\n", tail)
    sick.write_text(stubborn)
    ran = neurologist("run", "--steps", "5", "train.py", "--steps", "50")
    assert ran.stdout.startswith("step 0\nstep 1\nstep 2\nstep 3\ntidy\n")
    assert "The run stopped after 5 steps, as asked." in ran.stdout
    assert (ran.returncode, ran.stderr) == (1, "")


def test_with_shadow_compiled_code_runs_as_compiled_in_examined_steps_too(
    neurologist: Command, tmp_path: Path, sick: Path
) -> None:
    told = "(lambda graph, _: lambda *given: (print('as compiled'), graph(*given))[1])"
    text = sick.read_text().replace("F.cross_entropy(model(x), y)", "F.cross_entropy(run(x), y)")
    text = text.replace("def main():", f"run = torch.compile(model, backend={told})\n\ndef main():")
    (tmp_path / "compiled.py").write_text(text)
    result = neurologist("run", "--shadow", "compiled.py", "--steps", "6")
    assert result.returncode == 1
    assert "double-softmax" in result.stdout
    assert result.stdout.count("as compiled") == 6


def test_check_looks_at_three_steps_even_without_an_optimizer(neurologist: Command, tmp_path: Path) -> None:
    (tmp_path / "by_hand.py").write_text(
        "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n"
        "torch.manual_seed(0)\nm = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3), nn.Softmax(1))\n"
        "for step in range(100_000):\n"
        "    loss = F.cross_entropy(m(torch.randn(32, 8)), torch.arange(32) % 3)\n"
        "    m.zero_grad(); loss.backward()\n"
        "    with torch.no_grad():\n        for p in m.parameters(): p -= 0.1 * p.grad\n"
    )
    ran = neurologist("check", "-f", "json", "by_hand.py")
    data = json.loads(ran.stdout)
    assert data["findings"][0]["rule"] == "double-softmax"
    assert data["summary"]["status"] == "stopped after 3 steps, as asked"
    assert (ran.returncode, ran.stderr) == (1, "")


def test_json_on_stdout_is_json_and_nothing_else(neurologist: Command, sick: Path) -> None:
    ran = neurologist("run", "--format", "json", "train.py", "--steps", "4")
    assert json.loads(ran.stdout)["summary"]["steps"] == 4
    assert ran.stderr.splitlines() == ["step 0", "step 1", "step 2", "step 3", "done"]


def test_annotations_for_github(neurologist: Command, sick: Path) -> None:
    ran = neurologist("check", "--format", "github", "train.py")
    assert "::error file=train.py,line=12,title=double-softmax NL101::" in ran.stdout


def test_a_believable_script_works(neurologist: Command, tmp_path: Path) -> None:
    pytest.importorskip("tqdm")
    (tmp_path / "code").mkdir()
    for ours in ("rich", "statistics", "report"):  # names that the examination uses too
        (tmp_path / "code" / f"{ours}.py").write_text("raise RuntimeError('a module of the program')\n")
    (tmp_path / "code" / "helper.py").write_text(
        "from torch import nn\ndef net():\n    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))\n"
    )
    (tmp_path / "code" / "train.py").write_text(
        "import sys, torch\nfrom torch.utils.data import DataLoader, Dataset\nfrom tqdm import tqdm\n"
        "from helper import net\n\n"
        "class Points(Dataset):\n"
        "    def __len__(self): return 64\n"
        "    def __getitem__(self, i):\n"
        "        g = torch.Generator().manual_seed(i)\n        x = torch.randn(4, generator=g)\n"
        "        return x, x.sum(0, keepdim=True)\n\n"
        "if __name__ == '__main__':\n"
        "    torch.manual_seed(0)\n    model = net()\n    opt = torch.optim.Adam(model.parameters(), lr=0.01)\n"
        "    for how in ('fork', 'spawn'):\n"
        "        loader = DataLoader(Points(), 16, num_workers=1, multiprocessing_context=how)\n"
        "        for x, y in tqdm(loader, desc=how):\n"
        "            loss = torch.nn.functional.mse_loss(model(x), y)\n"
        "            opt.zero_grad(); loss.backward(); opt.step()\n"
        "    print(sys.stdin.read())\n    torch.save(model, 'model.pt')\n    sys.exit(5)\n"
    )
    ran = neurologist("run", "code/train.py", stdin="from stdin")
    assert ran.stdout.startswith("from stdin\n")
    assert "100%" in ran.stderr
    assert "fork: 100%" in ran.stderr
    assert "spawn: 100%" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.returncode == 5
    assert "8 steps" in ran.stdout
    assert (tmp_path / "model.pt").exists()


def test_a_healthy_script_is_clean(neurologist: Command, tmp_path: Path) -> None:
    (tmp_path / "well").mkdir()
    (tmp_path / "well" / "__init__.py").touch()
    (tmp_path / "well" / "train.py").write_text(
        "import torch\nfrom torch import nn\ntorch.manual_seed(0)\n"
        "x = torch.randn(256, 8)\ny = (x[:, 0] * x[:, 1] > 0).long()\n"
        "model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 2))\n"
        "opt = torch.optim.Adam(model.parameters(), lr=0.01)\n"
        "for step in range(150):\n"
        "    loss = nn.functional.cross_entropy(model(x), y)\n"
        "    opt.zero_grad(); loss.backward(); opt.step()\n"
    )
    ran = neurologist("run", "-m", "well.train")
    assert "NOTHING FOUND" in ran.stdout
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize(
    ("source", "said", "code"),
    [
        ("print('hello')", "neurologist: nothing to examine: train.py never called .backward()", 2),
        ("import sys; sys.exit(7)", "neurologist: nothing to examine: train.py ended before its first .backward()", 7),
        ("x = (", "SyntaxError: '(' was never closed", 1),
    ],
)
def test_a_script_with_nothing_to_examine(
    neurologist: Command, tmp_path: Path, source: str, said: str, code: int
) -> None:
    (tmp_path / "train.py").write_text(source)
    ran = neurologist("run", "train.py")
    assert ran.stderr.splitlines()[-1] == said
    assert ran.returncode == code
    assert records(tmp_path) == []


def test_without_a_place_for_the_record_the_run_goes_on(neurologist: Command, sick: Path, tmp_path: Path) -> None:
    (tmp_path / ".neurologist").write_text("a file is in the way")
    ran = neurologist("check", "train.py")
    assert "kept in memory only" in ran.stderr
    assert "ROOT CAUSE" in ran.stdout
    assert "record: in memory only" in ran.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "missing.py"], "no script at 'missing.py'"),
        (["run", "."], "'.' is a folder, not a script"),
        (["run", "-o", "nowhere/report.txt", "train.py"], "cannot write the report to 'nowhere/report.txt'"),
        (["run", "--record", "nowhere/x.nlr", "train.py"], "cannot write the record 'nowhere/x.nlr'"),
        (["run", "--record", "train.py", "train.py"], "cannot write the record 'train.py'"),
        (["run", "-m", "no_such_module"], "no module named 'no_such_module'"),
        (["train.py"], "did you mean `neurologist run train.py`?"),
    ],
)
def test_bad_input_is_one_clear_line(neurologist: Command, sick: Path, arguments: list[str], said: str) -> None:
    before = sick.read_text()
    ran = neurologist(*arguments)
    assert len(ran.stderr.splitlines()) == 1
    assert ran.stderr.startswith("neurologist: ")
    assert said in ran.stderr
    assert (ran.returncode, ran.stdout) == (2, "")
    assert sick.read_text() == before


@pytest.mark.parametrize(
    "arguments", [["run"], ["run", "--stepz", "3", "train.py"], ["run", "--steps", "0", "train.py"], ["nonsense"], []]
)
def test_wrong_usage_is_exit_code_2(python: Command, arguments: list[str]) -> None:
    ran = python("-m", "neurologist", *arguments)
    assert ran.returncode == 2
    assert "Usage: neurologist" in ran.stderr + ran.stdout


@pytest.mark.parametrize(
    "line",
    ["--help", "--version", "run --help", "explain dead-units", "explain", "show gelu", "compare relu gelu --no-cost"],
)
def test_what_needs_no_torch_does_not_import_it(python: Command, line: str) -> None:
    arguments = line.split()
    ran = python(
        "-c",
        "import sys\nfrom neurologist.cli import main\n"
        f"sys.argv[1:] = {arguments!r}\n"
        "try:\n    main()\nexcept SystemExit as e:\n    assert not e.code, e.code\n"
        "unasked = [name for name in sys.modules if name == 'torch' or name.startswith('neurologist.watch')]\n"
        "assert not unasked, unasked",
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout


def test_help_teaches_by_example(python: Command) -> None:
    assert "neurologist run --steps 500 train.py --lr 0.1" in python("-m", "neurologist", "run", "--help").stdout


def test_an_unknown_rule_gets_the_nearest_names(python: Command) -> None:
    ran = python("-m", "neurologist", "explain", "dead-unit")
    assert ran.stderr.startswith("neurologist: no rule is called 'dead-unit': did you mean dead-units")
    assert ran.returncode == 2


@pytest.mark.parametrize("content", [None, b"", b"not a record", b"SQLite format 3\0" + b"x" * 100])
def test_a_bad_record_is_one_clear_line(neurologist: Command, tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "run.nlr").write_bytes(content)
    ran = neurologist("diagnose", "run.nlr")
    assert len(ran.stderr.splitlines()) == 1
    assert "run.nlr" in ran.stderr
    assert (ran.returncode, ran.stdout) == (2, "")


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes of this kind")
def test_a_reader_that_leaves_early_is_no_error(start: Start, neurologist: Command, sick: Path, tmp_path: Path) -> None:
    neurologist("check", "--quiet", "train.py")
    with start("-m", "neurologist", "diagnose", str(records(tmp_path)[0])) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 1
