"""Initial weights as code: a few lines of torch.nn.init.

May import: `catalogue`, `theory`, `treat.seen`.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

from neurologist import catalogue
from neurologist.theory.gain import gain
from neurologist.treat.places import Made
from neurologist.treat.seen import Seen

KINDS = ("Linear", "Conv1d", "Conv2d", "Conv3d")
NAMED = 4  # layers that are listed; more are found by their class
AGAIN = """\
for layer in {model}.modules():
    if hasattr(layer, "reset_parameters"):
        layer.reset_parameters()"""


def by_gain(seen: Seen, followed: Mapping[str, str | None] | None = None) -> str | None:
    """Weights normal with deviation gain / sqrt(fan_in), biases 0; None where that is no matter of a few lines.

    Args:
        seen: what the control showed.
        followed: by a layer's path, the activation that another change puts behind it.
    """
    made = {path: module for (model, path), module in seen.modules.items() if model == 0}
    layers = {path if path in made and made[path].kind != path else "": g for path, g in seen.gains.items()}
    layers |= {path: _gain(seen, path, name) for path, name in (followed or {}).items() if path in layers}
    if not layers or not all(path in made and made[path].kind in KINDS for path in layers):
        return None
    groups: dict[float, list[str]] = {}
    for path, size in layers.items():
        groups.setdefault(round(size, 3), []).append(path)
    kinds = sorted({made[path].kind for path in layers})
    every = [path for path, module in made.items() if module.kind in kinds]
    numbered = any(part.isdigit() for path in layers for part in path.split("."))
    if numbered and set(every) == set(layers) and list(layers) == every and len(groups) == 2:
        (first_gain, hidden), (last_gain, last) = groups.items()
        if last == every[-1:]:
            bodies = (_body_of(first_gain, hidden, made), _body_of(last_gain, last, made))
            return "\n".join(_but_last(kinds, *bodies))
    ordered = sorted(groups.items(), key=lambda item: -len(item[1]))
    all_at_once = len(ordered[0][1]) > NAMED and set(every) == set(layers)
    if not all_at_once and max(map(len, groups.values())) > 2 * NAMED:
        return None
    lines = []
    for index, (size, paths) in enumerate(ordered):
        of = every if all_at_once and not index else paths
        body = _body_of(size, paths, made, of)
        lines += _over_all(kinds, body) if all_at_once and not index else _over(paths, body)
    return "\n".join(lines)


def _gain(seen: Seen, path: str, name: str | None) -> float:
    last = seen.output_layer
    spec = catalogue.activations.get(name) if name is not None else None
    return gain(spec) if spec is not None and not (last is not None and last.site.module == path) else 1.0


def _body_of(size: float, paths: list[str], made: dict[str, Made], of: list[str] | None = None) -> list[str]:
    """What is done with each layer; nothing to the biases where one of `of` has none."""
    body = _body(size, paths, made)
    return body if all(made[path].sizes.get("bias") for path in of or paths) else body[:1]


def _but_last(kinds: list[str], hidden: list[str], last: list[str]) -> list[str]:
    """All layers but the last, and the last: numbers would change with each layer that is put between them."""
    chosen = f"[layer for layer in {{model}}.modules() if isinstance(layer, {_classes(kinds)})]"
    ends = [line.replace("layer.", "last.") for line in last]
    return [f"*hidden, last = {chosen}", "for layer in hidden:", *(f"    {line}" for line in hidden), *ends]


def _classes(kinds: list[str]) -> str:
    of = [f"torch.nn.{kind}" for kind in kinds]
    return of[0] if len(of) == 1 else f"({', '.join(of)})"


def _body(size: float, paths: list[str], made: dict[str, Made]) -> list[str]:
    if size in (round(sqrt(2), 3), 1.0):
        slope = "linear" if size == 1.0 else "relu"
        weight = f'torch.nn.init.kaiming_normal_(layer.weight, nonlinearity="{slope}")'
    else:
        linear = all(made[path].kind == "Linear" for path in paths)
        fan_in = "layer.in_features" if linear else "layer.weight[0].numel()"
        weight = f"torch.nn.init.normal_(layer.weight, std={size:g} / {fan_in}**0.5)"
    return [weight, "torch.nn.init.zeros_(layer.bias)"]


def _over(paths: list[str], body: list[str]) -> list[str]:
    if len(paths) == 1:
        return [line.replace("layer.", f"{accessed(paths[0])}.") for line in body]
    return [f"for layer in ({', '.join(map(accessed, paths))}):", *(f"    {line}" for line in body)]


def _over_all(kinds: list[str], body: list[str]) -> list[str]:
    head = ["for layer in {model}.modules():", f"    if isinstance(layer, {_classes(kinds)}):"]
    return [*head, *(f"        {line}" for line in body)]


def accessed(path: str) -> str:
    """A module of the model as code: "net.0" -> "{model}.net[0]"."""
    return "{model}" + "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in path.split(".") if part)
