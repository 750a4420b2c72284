"""Discovery: a file is a member; names, aliases, nodes; what importing the catalogue does not import."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from neurologist import catalogue
from neurologist.catalogue import DeclarationError, UnknownMemberError, activations, losses

MEMBER = """
from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="{name}", formula="x / sqrt(1 + x ** 2)", range=Interval(-1.0, 1.0), source=Source("test", 2026, "test"),
)
"""
NODES = {
    "elu": F.elu,
    "selu": F.selu,
    "relu6": F.relu6,
    "hardtanh": F.hardtanh,
    "glu": lambda x: F.glu(x.repeat(2)),
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "rrelu": lambda x: F.rrelu(x, training=True),
    "prelu": lambda x: F.prelu(x, torch.tensor([0.2])),
    "softmax": lambda x: F.softmax(x, dim=0),
    "log_softmax": lambda x: F.log_softmax(x, dim=0),
    **{
        name: getattr(F, name) for name in ("sigmoid", "tanh", "relu", "leaky_relu", "silu", "mish", "softplus", "celu")
    },
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    package = importlib.import_module("neurologist.catalogue.activations")
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    yield tmp_path
    monkeypatch.undo()
    for name in ("isru_test", "badly_named"):
        sys.modules.pop(f"neurologist.catalogue.activations.{name}", None)
    activations.refresh()


def test_a_new_file_is_a_new_member(folder: Path) -> None:
    (folder / "isru_test.py").write_text(MEMBER.format(name="isru_test"))
    importlib.invalidate_caches()
    activations.refresh()
    from neurologist.functional import functions
    from neurologist.theory import traits

    assert "isru_test" in list(activations)
    assert traits(activations["isru_test"]).odd
    x = torch.tensor([0.75], dtype=torch.float64, requires_grad=True)
    assert functions["isru_test"](x).item() == pytest.approx(0.6)
    assert functions["isru_test"].derivative(0.75) == pytest.approx(0.512)


def test_a_file_that_holds_another_name_is_an_error(folder: Path) -> None:
    (folder / "badly_named.py").write_text(MEMBER.format(name="other"))
    importlib.invalidate_caches()
    activations.refresh()
    with pytest.raises(DeclarationError, match="found other: expected exactly one Activation named 'badly_named'"):
        activations["badly_named"]


def test_an_unknown_name_offers_the_nearest() -> None:
    with pytest.raises(UnknownMemberError, match=r"^activation 'gelou' is not in the catalogue: nearest are gelu"):
        activations["gelou"]
    with pytest.raises(KeyError, match="loss 'crossentropy'"):
        losses["crossentropy"]
    assert "nosuch" not in activations
    assert activations.get("nosuch") is None


def test_aliases_lead_to_members_and_collide_with_nothing() -> None:
    for family in (activations, losses):
        aliases = [alias for spec in family.values() for alias in spec.aliases]
        assert len(set(aliases)) == len(aliases)
        assert not set(aliases) & set(family)
        assert all(alias in family for alias in aliases)
    assert activations["linear"] is activations["identity"]


@pytest.mark.parametrize("name", NODES)
def test_members_are_known_by_their_autograd_node(name: str) -> None:
    node = NODES[name](torch.ones(3, requires_grad=True)).grad_fn
    spec = catalogue.by_autograd(type(node).__name__, node)
    assert spec is activations[name]
    for attribute in spec.autograd_parameters.values():
        assert hasattr(node, attribute)


def test_our_own_nodes_are_known_too() -> None:
    from neurologist.functional import functions

    for name, spec in activations.items():
        node = functions[name](torch.ones(4, requires_grad=True)).grad_fn
        found = catalogue.by_autograd(type(node).__name__, node)
        assert found is spec or name in ("softsign", "identity"), name
    assert catalogue.by_autograd("nl_nosuchBackward") is None
    assert catalogue.by_autograd("MulBackward0") is None


@pytest.mark.parametrize("name", [name for name, spec in losses.items() if spec.torch_function])
def test_losses_are_known_by_their_torch_function(name: str) -> None:
    assert catalogue.loss_by_function(losses[name].torch_function) is losses[name]
    assert hasattr(F, losses[name].torch_function)


def test_losses_are_known_by_their_autograd_node() -> None:
    x = torch.ones(2, 3, requires_grad=True)
    node = F.nll_loss(x, torch.tensor([0, 1])).grad_fn
    assert catalogue.loss_by_autograd(type(node).__name__) is losses["nll"]
    assert catalogue.loss_by_autograd(type(F.mse_loss(x, x.detach()).grad_fn).__name__) is losses["mse"]
    assert catalogue.loss_by_autograd("MeanBackward0") is None


def test_reading_the_catalogue_imports_neither_torch_nor_sympy() -> None:
    program = """
import sys
import neurologist.catalogue, neurologist.theory, neurologist.functional
from neurologist.catalogue import activations, losses
from neurologist.theory import traits, fits
[traits(spec) for spec in activations.values()]
[fits(activations["sigmoid"], loss) for loss in losses.values()]
from neurologist.functional import functions
functions["gelu"](0.5), functions["gelu"].derivative(0.5)
print(sorted({"torch", "sympy", "mpmath"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
