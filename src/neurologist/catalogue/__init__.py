"""The catalogue: what every activation function and loss is, stated once, by its formula.

`activations` and `losses` are read-only mappings by name. Nothing here imports torch or SymPy.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import Any

from neurologist.catalogue.errors import DeclarationError, FormulaError, UnknownMemberError
from neurologist.catalogue.interval import Interval
from neurologist.catalogue.registry import Registry
from neurologist.catalogue.spec import Activation, Loss, Source

__all__ = [
    "Activation",
    "DeclarationError",
    "FormulaError",
    "Interval",
    "Loss",
    "Source",
    "UnknownMemberError",
    "activations",
    "by_autograd",
    "by_function",
    "loss_by_autograd",
    "loss_by_function",
    "losses",
]

# Imported before the mappings are bound: importing a subpackage later would put the module in their place.
for _family in ("activations", "losses"):
    import_module(f"{__name__}.{_family}")

activations: Registry[Activation] = Registry("activation", f"{__name__}.activations", Activation)
losses: Registry[Loss] = Registry("loss", f"{__name__}.losses", Loss)


def by_autograd(node_name: str, node: object | None = None) -> Activation | None:
    """The activation whose torch version leaves a node of this class name on the tape; None if there is none.

    Args:
        node_name: `type(node).__name__`, such as "EluBackward0". In-place versions ("EluBackward1") count too.
        node: the node itself, where several members share a class name and its saved options tell them apart
            (ELU and SELU, the two GELUs). Without it, the general one is given.
    """
    own = node_name.removeprefix("nl_").removesuffix("Backward")
    if node_name == f"nl_{own}Backward":
        return activations.get(own)
    candidates = _by_node(activations).get(_stem(node_name), [])
    special = [spec for spec in candidates if spec.autograd_when and node is not None and _matches(spec, node)]
    general = [spec for spec in candidates if not spec.autograd_when]
    return next(iter(special + general), None)


def by_function(torch_function: str) -> Activation | None:
    """The activation that `torch.nn.functional.<torch_function>` computes; None if there is none."""
    found = [spec for spec in activations.values() if spec.torch_function == torch_function.rstrip("_")]
    return next(iter(sorted(found, key=lambda spec: len(spec.torch_arguments))), None)


def loss_by_autograd(node_name: str) -> Loss | None:
    """The loss whose torch version ends in a node of this class name; None if there is none."""
    own = node_name.removeprefix("nl_").removesuffix("Backward")
    if node_name == f"nl_{own}Backward":
        return losses.get(own)
    return next(iter(_by_node(losses).get(_stem(node_name), [])), None)


def loss_by_function(torch_function: str) -> Loss | None:
    """The loss that `torch.nn.functional.<torch_function>` computes; None if there is none."""
    return next((spec for spec in losses.values() if spec.torch_function == torch_function), None)


@lru_cache(maxsize=4)
def _by_node(family: Registry[Any]) -> dict[str, list[Any]]:
    """Members by the stems of the autograd nodes that they declare."""
    found: dict[str, list[Any]] = {}
    for spec in family.values():
        for node_name in spec.autograd:
            found.setdefault(_stem(node_name), []).append(spec)
    return found


def _stem(node_name: str) -> str:
    return node_name.rstrip("0123456789")


def _matches(spec: Activation, node: object) -> bool:
    for attribute, expected in spec.autograd_when.items():
        got = getattr(node, attribute, None)
        close = isinstance(got, float) and isinstance(expected, float) and abs(got - expected) <= 1e-6 * abs(expected)
        if got != expected and not close:
            return False
    return True
