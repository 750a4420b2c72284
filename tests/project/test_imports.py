"""Reading a record, explaining a rule and showing a report work on a machine without PyTorch."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

WITHOUT_TORCH = "import sys; sys.modules['torch'] = None\n"  # makes any `import torch` an ImportError
ROOMS = ("catalogue", "theory", "record", "diagnose", "report", "cli")


def python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("module", ["neurologist", *(f"neurologist.{room}" for room in ROOMS)])
def test_imports_without_torch(module):
    done = python(f"{WITHOUT_TORCH}import {module}")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("arguments", [["explain", "dead-units"], ["--help"]])
def test_commands_work_without_torch(arguments):
    code = f"{WITHOUT_TORCH}sys.argv[1:] = {arguments!r}\nfrom neurologist.cli import main\nsys.exit(main())"
    done = python(code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_public_names_are_few_and_exist():
    import neurologist

    assert find_spec("neurologist") is not None
    assert len(neurologist.__all__) <= 40
    assert [name for name in neurologist.__all__ if not hasattr(neurologist, name)] == []


@pytest.mark.parametrize("name", ["watch", "diagnose", "check", "activation"])
def test_a_room_never_hides_the_function_of_its_name(name):
    uses = "nl.watch, nl.diagnose, nl.check, nl.activation, nl.Session, nl.relu"
    done = python(
        f"import neurologist as nl\n{uses}\nimport neurologist.watch, neurologist.diagnose\nnl.{name}.__code__"
    )
    assert done.returncode == 0, done.stderr
