"""A new activation is one new file: the one that CONTRIBUTING shows gets all that the others have."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import neurologist as nl
from neurologist import catalogue
from neurologist.catalogue import activations as package_of
from neurologist.report.card import card, markdown

ROOT = Path(__file__).parents[2]
NAME = "cubic_softsign"
MADE_OF_ALL = [  # test files with a case for every activation
    f"tests/catalogue/test_{what}.py"
    for what in ("activations_edges", "balls", "certify", "code", "compiled", "functions", "latex")
]


@pytest.fixture(scope="module")
def _added(tmp_path_factory):
    """The file of CONTRIBUTING in a folder of its own, which the catalogue finds beside its own folder."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (source,) = re.findall(r"```python\n(.*?)```", text.split("## An activation")[1].split("## A loss")[0], re.DOTALL)
    folder = tmp_path_factory.mktemp("activations")
    (folder / f"{NAME}.py").write_text(source, encoding="utf-8")
    package = importlib.import_module("neurologist.catalogue.activations")
    package.__path__.append(str(folder))
    catalogue.activations.refresh()
    yield
    package.__path__.remove(str(folder))
    catalogue.activations.refresh()
    sys.modules.pop(f"neurologist.catalogue.activations.{NAME}", None)


pytestmark = pytest.mark.usefixtures("_added")


def test_it_is_found_by_name():
    assert NAME in nl.activations
    assert len(package_of) == len(list(package_of))
    assert getattr(nl, NAME) is nl.activations[NAME]
    assert NAME in dir(nl)


def test_it_computes_for_every_kind_with_exact_slopes():
    function = nl.activations[NAME]
    x = torch.linspace(-3, 3, 13, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(function, x.detach().requires_grad_())
    np.testing.assert_allclose(function(x.detach().numpy()), function(x).detach().numpy(), rtol=1e-15)
    assert function(2.0) == pytest.approx(8 / 9)
    assert function.derivative(2.0) == pytest.approx(12 / 81)


def test_it_has_traits_a_module_and_a_gain():
    function = nl.activations[NAME]
    traits = function.traits
    assert traits.odd
    assert traits.direction == "increasing"
    assert traits.saturates_left
    assert traits.saturates_right
    assert function.gain == pytest.approx(traits.gain)
    assert function.module()(torch.zeros(2)).tolist() == [0, 0]


def test_it_has_a_card_a_page_and_a_place_in_show(capsys, monkeypatch):
    found = card(NAME)
    page = markdown(found)
    assert found["name"] == NAME
    assert "Softsign of the cube" in page
    assert "The neurologist authors" in page

    from neurologist.cli import main

    monkeypatch.setattr(sys, "argv", ["neurologist", "show", NAME])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    assert "flat around 0" in capsys.readouterr().out


PLUGIN = """
import importlib
package = importlib.import_module("neurologist.catalogue.activations")
package.__path__.append({folder!r})
importlib.import_module("neurologist.catalogue").activations.refresh()
"""


def test_the_catalogue_s_tests_take_it_up(tmp_path):
    """Every test that runs over the catalogue runs for it, and passes."""
    folder = importlib.import_module("neurologist.catalogue.activations").__path__[-1]
    (tmp_path / "one_more.py").write_text(PLUGIN.format(folder=folder), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "one_more", "-p", "no:cacheprovider", "-k", NAME, *MADE_OF_ALL],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    passed = int(re.search(r"(\d+) passed", done.stdout)[1])
    assert passed >= len(MADE_OF_ALL), done.stdout
