"""What importing loads: nothing that is needed only for a proof, a plot or a table."""

import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location

import pytest
import torch

from neurologist.functional.shelf import _constant

UNASKED = {"sympy", "mpmath", "flint", "matplotlib", "pandas", "scipy", "rich", "typer", "jinja2", "IPython"}
LIGHT = {
    "the package": "import neurologist",
    "the catalogue": """
import neurologist
for family in (neurologist.activations, neurologist.losses):
    assert len(family) > 40
    for name in family:
        assert family[name].spec.formula
""",
    "its use": """
import torch, neurologist as nl
nl.gelu(torch.ones(2)), nl.gelu.derivative(0.5), nl.losses["cross_entropy"](torch.ones(1, 2), torch.zeros(1).long())
nl.gelu.traits, nl.gain("tanh"), nl.propagation("tanh", 3)
""",
}


@pytest.mark.parametrize("what", LIGHT)
def test_nothing_is_imported_that_nobody_asked_for(what):
    program = f"import sys\n{LIGHT[what]}\nprint(*sorted({UNASKED} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_the_compiler_is_imported_by_whoever_compiles():
    program = "import sys, torch, neurologist as nl\n" + (
        "x = torch.ones(2, 3, requires_grad=True)\n(nl.gelu(x) + nl.softmax(x)).sum().backward()\n"
        "nl.losses['cross_entropy'](x, torch.tensor([0, 1])).backward()\nprint('torch._dynamo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]


def test_what_is_shelved_is_marked_as_torch_marks_it():
    def function():
        return 0

    ours = _constant(lambda: 0)
    assert vars(ours) == vars(torch.compiler.assume_constant_result(function))


def test_a_diagnosis_can_be_shown_whoever_asked_for_it_first():
    program = "import neurologist as nl; nl.activations; print(sorted(nl.Diagnosis.writers))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ".json" in done.stdout


def test_the_benchmark_names_what_a_program_loads(root, tmp_path):
    spec = spec_from_file_location("imports", root / "benchmarks" / "imports.py")
    imports = module_from_spec(spec)
    spec.loader.exec_module(imports)
    imports.PROGRAMS = {"torch": ("", "import json"), "catalogue": ("import json", "import sqlite3")}
    spent, loaded = imports.measure(2, str(tmp_path))
    assert [len(seconds) for seconds in spent.values()] == [2, 2]
    assert imports.heavy("catalogue", loaded) == "sqlite3"
    assert imports.heavy("torch", loaded) == "none"
