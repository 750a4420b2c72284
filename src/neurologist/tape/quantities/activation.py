"""Distribution of every activation's output, and how much of it lies where its slope is gone."""

from __future__ import annotations

from typing import Any

import torch

from neurologist import catalogue
from neurologist.functional import functions
from neurologist.tape.graph import TapeOp
from neurologist.tape.quantity import Quantity, Row, Value, by_unit, output_of, strided
from neurologist.theory import traits

FLAT = 0.05  # of the largest slope: below it an entry counts as saturated (sigmoid at |x| > 4.4, tanh at |x| > 2.2)
QUANTILES = {"q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95}
SORTED = 1_024  # entries sorted for the quantiles


class Activation(Quantity):
    """Statistics of activations; the slope is the catalogue's own derivative, not a fixed bound on |x|."""

    name = "activation"
    columns = {
        "mean": "mean of the output",
        "std": "standard deviation of the output",
        "low": "smallest output",
        "high": "largest output",
        **{q: f"{p:.0%} quantile of the output" for q, p in QUANTILES.items()},
        "zero_share": "share of outputs that are exactly 0, in [0, 1]",
        "saturated_share": f"share of entries whose slope is below {FLAT} of the activation's largest, in [0, 1]",
        "slope": "RMS of the activation's slope over the entries",
        "units": "number of units",
        "silent": "units whose slope was exactly 0 for every observation of this sample",
        "flat": f"units whose slope stayed below {FLAT} of the largest for every observation of this sample",
        "silent_units": "BLOB, one bit per unit, lowest first: 1 where the unit was silent",
    }
    needs = frozenset({"saved"})
    plotted = {
        "mean": "activation mean",
        "std": "activation std",
        "zero_share": "activation zero share",
        "saturated_share": "activation saturated share",
    }

    def at_graph(self, op: TapeOp) -> Row | None:
        if op.kind not in ("activation", "softmax"):
            return None
        output, values = output_of(op), op.saved("self")
        if output is None and values is None:
            return None
        slope = _slope(op, output, values)  # (observations, units), thinned
        if output is None and op.member is not None and values is not None:
            output = functions[op.member](strided(values), **_parameters(op))
        row: dict[str, Value] = {}
        if output is not None:
            row |= distribution(output)
        if slope is not None:
            row |= self._slopes(op, slope)
        return row

    def _slopes(self, op: TapeOp, slope: torch.Tensor) -> dict[str, Value]:
        rows = slope.abs().float()
        largest = traits(catalogue.activations[op.member or ""]).lipschitz
        peak = rows.amax(0)
        silent = peak == 0
        part = strided(rows)
        return {
            "saturated_share": (part < FLAT * largest).float().mean(),
            "slope": part.square().mean().sqrt(),
            "units": rows.shape[1],
            "silent": silent.sum(),
            "flat": (peak < FLAT * largest).sum(),
            "silent_units": pack(silent),
        }


def distribution(output: torch.Tensor) -> dict[str, Value]:
    """Mean, spread, extremes, quantiles and zero share of a tensor."""
    part = strided(output).float()
    few = part[:: max(1, part.numel() // SORTED)].sort().values
    variance, mean = torch.var_mean(part, correction=0)
    low, high = part.aminmax()
    row: dict[str, Value] = {"mean": mean, "std": variance.sqrt(), "low": low, "high": high}
    row |= {name: few[round(p * (few.numel() - 1))] for name, p in QUANTILES.items()}
    return {**row, "zero_share": (part == 0).float().mean()}


def pack(bits: torch.Tensor) -> torch.Tensor:
    """Booleans as bytes, eight to one, lowest bit first."""
    padded = torch.zeros(-(-bits.numel() // 8) * 8, dtype=torch.uint8, device=bits.device)
    padded[: bits.numel()] = bits
    places = torch.arange(8, dtype=torch.uint8, device=bits.device)  # made there: a copy from the host would wait
    return (padded.view(-1, 8) << places).sum(1, dtype=torch.uint8)


def _parameters(op: TapeOp) -> dict[str, Any]:
    spec = catalogue.activations[op.member or ""]
    found = {name: op.options.get(node.removeprefix("_saved_")) for name, node in spec.autograd_parameters.items()}
    return {name: value for name, value in found.items() if isinstance(value, int | float)}


def _slope(op: TapeOp, output: torch.Tensor | None, values: torch.Tensor | None) -> torch.Tensor | None:
    if op.member is None or op.kind == "softmax":
        return None
    spec, function = catalogue.activations[op.member], functions[op.member]
    if values is not None:
        return function.slope(x=by_unit(op, values), **_parameters(op))
    if output is not None and spec.derivative_from_output is not None:
        return function.slope(y=by_unit(op, output), **_parameters(op))
    return None
