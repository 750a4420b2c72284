"""What a type checker sees of the package: every name that discovery finds, with the types that go in and come out."""

import ast
import re
import subprocess
import sys

import pytest

import neurologist
from neurologist.catalogue import activations

USES = """
import numpy as np
import torch
from numpy.typing import NDArray
from typing import Any
from typing_extensions import assert_type
import neurologist as nl

x = torch.ones(3)
assert_type(nl.gelu(x), torch.Tensor)
assert_type(nl.gelu(1.0), float)
assert_type(nl.gelu(1), float)
assert_type(nl.gelu(np.ones(3)), NDArray[Any])
assert_type(nl.gelu(np.float32(1.0)), np.floating[Any])
assert_type(nl.gelu.derivative(x, order=2), torch.Tensor)
assert_type(nl.gelu.traits.lipschitz, float)
assert_type(nl.elu(x, alpha=2.0), torch.Tensor)
assert_type(nl.softmax(x, dim=0), torch.Tensor)
assert_type(nl.linear(x), torch.Tensor)
assert_type(nl.prelu.module(weight=[0.1, 0.2]), torch.nn.Module)
assert_type(nl.activation("mine", "x * b", b=2.0)(x), Any)
nl.losses["mse"](x, x)
with nl.watch(budget=0.01) as session:
    assert_type(session.diagnose(), nl.Diagnosis)
"""
MISTAKES = {
    "nl.gelo(x)": "attr-defined",
    "nl.elu(x, alpah=2.0)": "call-arg",
    "nl.relu(x, alpha=2.0)": "call-arg",
    "nl.softmax(1.0)": "type-var",
    "nl.gelu('x')": "type-var",
    "nl.gelu(x, dim=1)": "call-arg",
}


@pytest.fixture(scope="module")
def stub(root):
    return root / "src" / "neurologist" / "__init__.pyi"


def test_the_stub_is_not_stale(root):
    command = [sys.executable, "tools/stubs.py", "--check"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_stale_stub_is_noticed(root, tmp_path):
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "stubs.py").write_text((root / "tools" / "stubs.py").read_text())
    package = tmp_path / "src" / "neurologist"
    package.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text((root / "pyproject.toml").read_text())
    committed = (root / "src" / "neurologist" / "__init__.pyi").read_text()
    (package / "__init__.pyi").write_text(committed.replace("gelu: _Scalar\n", "", 1))
    command = [sys.executable, "tools/stubs.py", "--check"]
    environment = {"PYTHONPATH": str(root / "src"), "PATH": ""}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "+gelu: _Scalar" in done.stdout
    assert "stale: run `make generated`" in done.stderr


def test_every_name_of_the_stub_exists_and_every_function_has_one(stub):
    tree = ast.parse(stub.read_text(encoding="utf-8"))
    declared = {node.target.id for node in tree.body if isinstance(node, ast.AnnAssign)}
    assert set(activations) <= declared
    imported = {alias.asname for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    public = {name for name in declared | imported if name}
    assert [name for name in sorted(public) if not hasattr(neurologist, name)] == []
    assert set(neurologist.__all__) <= public


@pytest.mark.slow
def test_types_go_in_and_come_out(root, tmp_path):
    program = tmp_path / "uses.py"
    lines = [*USES.splitlines(), *MISTAKES]
    program.write_text("\n".join(lines) + "\n")
    # In the repository, so that what `make lint` has read of torch need not be read again.
    command = [sys.executable, "-m", "mypy", "--no-error-summary", str(program)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    found = re.findall(r"uses\.py:(\d+): error: .*\[([a-z-]+)\]$", done.stdout, re.M)
    first = len(lines) - len(MISTAKES) + 1
    assert dict(found) == {str(first + i): kind for i, kind in enumerate(MISTAKES.values())}, done.stdout + done.stderr
