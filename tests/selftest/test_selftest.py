"""The self-test over every stack, and that it sees numbers which are wrong."""

from __future__ import annotations

import subprocess
import sys

import pytest
from torch import nn

from neurologist.selftest import stacks, unchanged, witnessed
from neurologist.tape.quantities.gradient import Gradient
from neurologist.tape.quantities.parameter import Parameter
from neurologist.watch.scaler import ScalerDoor

STACKS = sorted(stacks())


def rows_of(name):
    return {row.number: row for row in witnessed(stacks()[name].train)}


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")  # of the compiler itself
@pytest.mark.parametrize("name", STACKS)
def test_each_number_is_right_or_said_to_be_missing(name):
    rows = rows_of(name).values()
    assert [line for row in rows for line in row.wrong] == []
    assert sum(row.right for row in rows) > 40
    assert any(row.missing for row in rows) == bool(stacks()[name].missing)


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")  # of the compiler itself
@pytest.mark.parametrize("name", STACKS)
def test_training_is_unchanged(name):
    assert unchanged(stacks()[name].train)


def test_the_page_names_every_stack(root):
    page = (root / "docs" / "stacks.md").read_text()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("| ")]
    assert [row[0] for row in rows[1:]] == [stack.title for stack in stacks().values()]
    assert {row[3] for row in rows[1:]} == {"0"}
    for stack in stacks().values():
        assert stack.missing in page


def test_a_program_that_is_changed_is_seen():
    assert not unchanged(lambda: nn.Linear(2, 2))  # other weights in every call


@pytest.mark.parametrize(
    ("quantity", "method", "column", "number"),
    [
        (Gradient, "at_gradient", "rms_in", "gradient at a layer's output, RMS"),
        (Parameter, "at_update", "gradient", "gradient that backward gave a parameter, RMS"),
        (Parameter, "at_update", "received", "gradient that the optimizer's step got, RMS"),
        (Parameter, "at_update", "change", "change of a parameter, RMS"),
    ],
)
def test_a_wrong_number_is_called_wrong(monkeypatch, quantity, method, column, number):
    true = getattr(quantity, method)

    def off(self, *arguments):
        row = dict(true(self, *arguments))
        return row | {column: row[column] * 1.0001}

    monkeypatch.setattr(quantity, method, off)
    rows = rows_of("eager")
    assert rows[number].verdict == "wrong"
    assert "in truth" in rows[number].wrong[0]
    assert {row.verdict for name, row in rows.items() if name != number} == {"right"}


def test_a_scale_that_is_not_divided_out_is_seen(monkeypatch):
    monkeypatch.setattr(ScalerDoor, "_scale", lambda self, original: original)
    rows = rows_of("grad-scaler")
    for number in ("gradient at a layer's output, RMS", "gradient that backward gave a parameter, RMS"):
        assert rows[number].verdict == "wrong"
    assert rows["change of a parameter, RMS"].verdict == "right"


SCRIPT = """
import sys
import torch
from torch import nn
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(int(sys.argv[1])):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(torch.randn(32, 8)), torch.randint(3, (32,))).backward()
    optimizer.step()
print("end")
"""


def ran(folder, *arguments):
    command = [sys.executable, "-m", "neurologist", "selftest", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200)


def test_a_script_is_compared_and_stopped(tmp_path):
    (tmp_path / "train.py").write_text(SCRIPT)
    done = ran(tmp_path, "train.py", "50")
    assert (done.returncode, done.stderr) == (0, "")
    assert "end" not in done.stdout
    table = [line.split() for line in done.stdout.splitlines() if " RMS " in line or "activation" in line]
    assert [line[-1] for line in table] == ["right"] * 6
    assert list(tmp_path.iterdir()) == [tmp_path / "train.py"]  # no record of it is left


@pytest.mark.parametrize(("text", "code"), [("import nothing_of_this_name", 1), ("print('no training')", 2)])
def test_a_script_that_cannot_be_compared(tmp_path, text, code):
    (tmp_path / "train.py").write_text(text)
    done = ran(tmp_path, "train.py")
    assert done.returncode == code
    assert "nothing_of_this_name" in done.stderr or "nothing to compare" in done.stderr


def test_a_script_that_is_not_there(tmp_path):
    done = ran(tmp_path, "nowhere.py")
    assert done.returncode == 2
    assert "nowhere.py" in done.stderr
