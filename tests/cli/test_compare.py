"""`neurologist compare`: one table in four formats, with costs measured unless they are not wanted."""

import json

import pytest

NAMES = ("sigmoid", "tanh", "relu", "leaky_relu", "softmax")


def test_compares_with_measured_costs(neurologist):
    done = neurologist("compare", *NAMES)
    assert done.returncode == 0, done.stderr
    assert "cost / ReLU" in done.stdout
    assert "ReLU by itself gave" in " ".join(done.stdout.split())


def test_formats_without_costs(neurologist):
    table = json.loads(neurologist("compare", *NAMES, "--no-cost", "-f", "json").stdout)
    assert [row["name"] for row in table["rows"]] == list(NAMES)
    assert "cost / ReLU" not in table["columns"]
    assert neurologist("compare", *NAMES, "--no-cost", "-f", "markdown").stdout.count("\n| `") == 5
    page = neurologist("compare", *NAMES, "--no-cost", "-f", "latex").stdout
    assert r"\begin{tabular}" in page
    assert r"leaky\_relu" in page


def test_a_name_twice_is_one_row(neurologist):
    done = neurologist("compare", "relu", "ReLU", "logistic", "--no-cost", "-f", "json")
    assert [row["name"] for row in json.loads(done.stdout)["rows"]] == ["relu", "sigmoid"]


def test_needs_torch_for_costs_only(python):
    code = "import sys; sys.modules['torch'] = None; sys.argv[1:] = ['compare', 'relu', 'gelu']\n"
    done = python("-c", f"{code}from neurologist.cli import main\nsys.exit(main())")
    assert done.returncode == 0, done.stderr
    assert "costs are not measured: that needs torch" in done.stderr
    assert "cost / ReLU" not in done.stdout


def test_draws_into_a_file(neurologist, tmp_path):
    pytest.importorskip("matplotlib")
    done = neurologist("compare", "mse", "l1", "huber", "--plot", "losses.svg")
    assert done.returncode == 0, done.stderr
    assert "huber" in done.stdout
    assert (tmp_path / "losses.svg").read_text(encoding="utf-8").startswith("<?xml")


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("relu", "mse"), "the activation 'relu' and the loss 'mse': expected activations only, or losses only"),
        (("relu", "sofmax"), "did you mean softmax"),
        (("mse", "ctc", "--plot", "x.svg"), "plotting 'ctc', whose formula has no single prediction to vary"),
    ],
)
def test_says_what_is_wrong(neurologist, names, said):
    done = neurologist("compare", *names)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
