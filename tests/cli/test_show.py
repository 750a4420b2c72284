"""`neurologist show`: a card in every format, from a process without torch where none is needed."""

import json
import sys

import pytest

WITHOUT = "import sys; sys.modules[{module!r}] = None; sys.argv[1:] = {arguments!r}\n"
RUN = "from neurologist.cli import main\nsys.exit(main())"


@pytest.fixture
def without(python):
    """Run the command in a process in which a module cannot be imported."""
    return lambda module, *arguments: python("-c", WITHOUT.format(module=module, arguments=list(arguments)) + RUN)


def test_shows_a_function(neurologist):
    done = neurologist("show", "GELU")
    assert done.returncode == 0, done.stderr
    for part in ("Traits", "f'(x) =", "1.129 at x = 1.414", "Plot", "⣀", "import torch", "import numpy", "Hendrycks"):
        assert part in done.stdout
    assert "unstable" in done.stdout


def test_shows_a_loss_with_its_derivation(neurologist):
    done = neurologist("show", "cross-entropy")
    assert done.returncode == 0, done.stderr
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert lines.index("dL/dz_i = exp(z) / sum(exp(z)) - y") < lines.index("dL/dz_i = p - y")


def test_needs_no_torch(without):
    for name in ("tanh", "mse", "softmax", "nt_xent"):
        done = without("torch", "show", name)
        assert done.returncode == 0, done.stderr
        assert "Plot" in done.stdout


def test_formats(neurologist):
    card = json.loads(neurologist("show", "tanh", "--format", "json").stdout)
    assert card["traits"]["lipschitz"] == 1.0
    page = neurologist("show", "tanh", "--format", "markdown").stdout
    assert page.startswith("# tanh\n")
    assert "```python" in page


def test_without_unicode(python):
    ascii_only = "import io, sys\nsys.stdout = io.TextIOWrapper(sys.stdout.buffer, 'ascii')\n"
    done = python("-c", f"{ascii_only}sys.argv[1:] = ['show', 'elu']\n{RUN}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
    assert "\\u" not in done.stdout  # nothing had to be escaped


def test_an_unknown_name_offers_the_nearest(neurologist):
    done = neurologist("show", "sofmax")
    assert done.returncode == 2
    assert "no activation or loss is called 'sofmax': did you mean softmax" in done.stderr
    assert done.stdout == ""


def test_lists_everything(neurologist):
    done = neurologist("show")
    assert done.returncode == 0, done.stderr
    assert "Activations (" in done.stdout
    assert "Losses (" in done.stdout
    listed = json.loads(neurologist("show", "--format", "json").stdout)
    assert {("relu", "activation"), ("mse", "loss")} <= {(row["name"], row["kind"]) for row in listed}


def test_cost_is_measured_when_asked_for(neurologist):
    assert json.loads(neurologist("show", "relu", "-f", "json").stdout)["cost"] is None
    card = json.loads(neurologist("show", "relu", "-f", "json", "--cost").stdout)
    assert card["cost"]["ratio"] > 0
    assert "forward and backward" in card["cost"]["measured"]
    done = neurologist("show", "mse", "--cost")
    assert done.returncode == 2
    assert "only activations are measured" in done.stderr


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_draws_into_a_file(neurologist, tmp_path, suffix):
    pytest.importorskip("matplotlib")
    done = neurologist("show", "gelu", "--plot", f"gelu.{suffix}", "-f", "markdown")
    assert done.returncode == 0, done.stderr
    start = (tmp_path / f"gelu.{suffix}").read_bytes()[:200]
    assert start.startswith(b"\x89PNG" if suffix == "png" else b"<?xml")


def test_says_what_is_wrong_with_a_plot(neurologist, without):
    done = neurologist("show", "gelu", "--plot", "gelu.bmp")
    assert done.returncode == 2
    assert "got the file name 'gelu.bmp': expected one that ends in .svg, .png, .pdf" in done.stderr
    done = neurologist("show", "gelu", "--plot", "nowhere/gelu.svg")
    assert done.returncode == 2
    assert "no such folder" in done.stderr
    done = without("matplotlib", "show", "gelu", "--plot", "gelu.svg")
    assert done.returncode == 2
    assert "plotting 'gelu' needs matplotlib: use pip install 'neurologist[plot]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_runs_from_a_pipe_that_closes(start):
    with start("-m", "neurologist", "show") as process:
        process.stdout.readline()
        process.stdout.close()
        process.stdin.close()
        assert "Traceback" not in process.stderr.read()
    assert sys.platform == "win32" or process.returncode is not None
