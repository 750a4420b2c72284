"""Predicted against measured: what a layer does to the gradient's size, at initialisation, in real networks.

    python benchmarks/propagation.py                          # every function of one number, 30 layers x 512, 5 seeds
    python benchmarks/propagation.py --names tanh gelu        # these only
    python benchmarks/propagation.py --norm layer --residual  # other stacks
    python benchmarks/propagation.py --format markdown        # for a page

A layer is z -> W f(z), weights normal with standard deviation gain / sqrt(width), biases 0; with `--norm` and
`--residual` as `nl.propagation` describes them. The input and the gradient by the last layer are standard normal, of
`--batch` samples. In float64.

How it is averaged. The theory speaks of variances, so squares are averaged: a layer's factor is the mean square of the
gradient before it over that behind it, over units and samples in one network; these quotients are averaged over seeds
(not their roots or logarithms, whose means are smaller), and the root is taken last.

- per layer: the geometric mean of all layers' factors, predicted and measured. "off" is the second over the first; +-
  is its standard error over seeds. The project promises 2 % wherever Q'(1) <= 1.
- one layer: the root mean square of single layers' departures from their predictions. Width and seeds are few for a
  single layer: in saturating functions all samples end at one point, and only units and seeds are left to average over.
- all: the product of all layers' factors, predicted and measured.

Two things make a finite network depart from the theory, and `nl.propagation` warns of both; rows that it warns of stand
in tables of their own.

- Q'(1) > 1: a departure of the signal's size, which each layer of finite width makes anew, grows from layer to layer.
- Q'(1)^2 > chi_1: a gradient has a component along the signal itself, of a share of 1/width. It changes by Q'(1) per
  layer, the rest by sqrt(chi_1). Where it fades more slowly, it takes over on the way back, the later the wider the
  layers are, and the factor becomes Q'(1).
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass

import torch
from rich.console import Console
from rich.table import Table, box
from torch import Tensor

import neurologist as nl
from neurologist.functional import Function

LIMIT = 0.02  # relative departure per layer that the project allows itself
COLUMNS = (
    "activation",
    "Q'(1)",
    "chi_1",
    "predicted",
    "measured",
    "off",
    "+-",
    "one layer",
    "all, predicted",
    "measured",
)


@dataclass
class Row:
    """One activation: gradient factors of each layer, squared."""

    name: str
    q_slope: float
    chi: float
    warning: str
    predicted: Tensor  # (depth,)
    measured: Tensor  # (seeds, depth)

    @property
    def mean(self) -> Tensor:
        """Measured, averaged over seeds."""
        return self.measured.mean(0)

    @property
    def off(self) -> float:
        """Relative departure per layer."""
        return per_layer(self.mean) / per_layer(self.predicted) - 1

    @property
    def error(self) -> float:
        """Standard error of `off` over seeds."""
        each = self.measured.log().mean(1) / 2
        return float(each.std() / math.sqrt(len(each)))

    @property
    def single(self) -> float:
        """Root mean square of single layers' relative departures."""
        return float(((self.mean / self.predicted).sqrt() - 1).square().mean().sqrt())


def per_layer(squares: Tensor) -> float:
    """The geometric mean of factors given as squares."""
    return math.exp(float(squares.log().mean()) / 2)


def whole(squares: Tensor) -> float:
    """The product of factors given as squares."""
    return math.exp(float(squares.log().sum()) / 2)


def normalised(z: Tensor, norm: str | None) -> Tensor:
    """What stands before the activation, at initialisation."""
    if norm is None:
        return z
    dim = 1 if norm == "layer" else 0
    return (z - z.mean(dim, keepdim=True)) / z.std(dim, correction=0, keepdim=True)


def measure(f: Function, weight_std: float, seed: int, options: argparse.Namespace) -> Tensor:
    """Each layer's squared factor in one network."""
    drawn = torch.Generator().manual_seed(seed)
    shape = (options.batch, options.width)
    z = torch.randn(shape, generator=drawn, dtype=torch.float64, requires_grad=True)
    signals = [z]
    for _ in range(options.depth):
        weight = torch.randn(options.width, options.width, generator=drawn, dtype=torch.float64)
        new = f(normalised(z, options.norm)) @ weight.T * (weight_std / math.sqrt(options.width))
        z = z + new if options.residual else new
        signals.append(z)
    end = torch.randn(shape, generator=drawn, dtype=torch.float64)
    squares = torch.stack([g.square().mean() for g in torch.autograd.grad(z, signals, end)])
    return squares[:-1] / squares[1:]


def row(name: str, options: argparse.Namespace) -> Row:
    """One activation, predicted and measured."""
    f = nl.activations[name]
    deep = nl.propagation(f, options.depth, norm=options.norm, residual=options.residual)
    measured = torch.stack([measure(f, f.gain, seed, options) for seed in range(options.seeds)])
    predicted = torch.tensor(deep.factors, dtype=torch.float64).square()
    return Row(name, f.traits.q_slope, f.traits.chi_1, deep.warning or "", predicted, measured)


def cells(found: Row) -> list[str]:
    """A row of the table."""
    measured = ["overflow", "", "", "", f"{whole(found.predicted):.3g}", ""]
    if found.measured.isfinite().all():
        shown = (per_layer(found.mean), found.off, found.error, found.single)
        ends = (whole(found.predicted), whole(found.mean))
        measured = [
            f"{shown[0]:.4f}",
            f"{shown[1]:+.2%}",
            f"{shown[2]:.2%}",
            f"{shown[3]:.1%}",
            *(f"{e:.3g}" for e in ends),
        ]
    return [
        found.name,
        f"{found.q_slope:.3f}",
        f"{found.chi:.3f}",
        f"{per_layer(found.predicted):.4f}",
        *measured,
    ]


def table(title: str, rows: list[Row], style: str) -> Table:
    """All rows under a title."""
    markdown = style == "markdown"
    made = Table(title=title, box=box.MARKDOWN if markdown else box.SIMPLE, title_justify="left", show_edge=markdown)
    for number, name in enumerate(COLUMNS):
        made.add_column(name, justify="left" if number == 0 else "right", no_wrap=True)
    for found in rows:
        made.add_row(*cells(found))
    return made


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--names", nargs="+", help="activations; all functions of one number by default")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--depth", type=int, default=30)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--norm", choices=("layer", "batch"))
    parser.add_argument("--residual", action="store_true")
    parser.add_argument("--format", choices=("text", "markdown"), default="text")
    return parser.parse_args()


def main() -> None:
    options = parsed()
    console = Console()
    if not console.is_terminal:
        console = Console(width=120)  # a file has no width of its own
    names = options.names or [name for name, f in nl.activations.items() if not f.spec.vector]
    rows = sorted((row(name, options) for name in names), key=lambda found: found.q_slope)
    groups = {
        f"{options.depth} layers x {options.width}, {options.seeds} seeds, batch {options.batch}": "",
        "warned of: the gradient along the signal fades more slowly than the rest": "the gradient along",
        "warned of: the signal's size is unstable": "unstable",
    }
    for title, warning in groups.items():
        chosen = [found for found in rows if found.warning.startswith(warning) and bool(found.warning) == bool(warning)]
        if chosen:
            within = sum(abs(found.off) <= LIMIT for found in chosen)
            console.print(table(f"{title}: {within} of {len(chosen)} within {LIMIT:.0%}", chosen, options.format))
    low = [found for found in rows if found.q_slope <= 1 + 1e-9]
    outside = ", ".join(f"{found.name} {found.off:+.1%}" for found in low if not abs(found.off) <= LIMIT)
    console.print(f"Q'(1) <= 1: {len(low)} functions; outside {LIMIT:.0%} per layer: {outside or 'none'}")


if __name__ == "__main__":
    main()
