"""Size of every parameter, of its gradient and of its update, and whether its units are told apart."""

from __future__ import annotations

import torch

from neurologist.tape.quantity import Quantity, Row, Update, rms, strided

UNITS = 64  # rows compared when looking for equal units


class Parameter(Quantity):
    """Norms of a parameter around one optimizer step; the update-to-weight ratio is about 1e-3 in healthy training."""

    name = "weights"
    subject = "parameter"
    columns = {
        "rms": "RMS of the parameter's entries before the step",
        "mean": "mean of its entries before the step",
        "low": "smallest entry before the step",
        "high": "largest entry before the step",
        "gradient": "RMS of the gradient that backward gave it; NULL when it got none",
        "received": "RMS of the gradient that the optimizer's step got: summed over backward passes, averaged over "
        "processes, unscaled, clipped; NULL where that is not known",
        "square": "this process's share of the squared L2 norm of that gradient, over all entries: the sum over "
        "processes is that of the whole; NULL in a run of one process",
        "carried": "RMS of what .grad still held from before the optimizer's last step when this step's backward "
        "passes began; 0 where it had been cleared; NULL where that is not known",
        "change": "RMS of the change that the optimizer made",
        "still": "share of the entries with a non-zero gradient that the step left as they were; NULL without any",
        "ratio": "change / rms; NULL when the parameter was all zero",
        "twins": "share of its units whose weights equal the first unit's exactly, in [0, 1]; NULL for vectors",
        "gradient_twins": "the same for rows of its gradient; 1 when all units get the same gradient",
    }
    needs = frozenset({"update"})
    updated = ("received", "square", "change", "still", "ratio")
    plotted = {"rms": "weight", "gradient": "weight gradient", "ratio": "update ratio"}

    def at_update(self, update: Update) -> Row:
        before = update.before.abs() if update.before.is_complex() else update.before
        size, low_high = rms(before), before.float().aminmax()
        change, gradient = rms(update.change), update.gradient
        return {
            "rms": size,
            "mean": before.double().mean(),
            "low": low_high[0],
            "high": low_high[1],
            "gradient": update.arrived,
            "received": update.received,
            "square": update.square,
            "carried": update.carried,
            "change": change,
            "still": None if gradient is None or gradient.shape != update.before.shape else still(update, gradient),
            "ratio": change / size,
            "twins": twins(update.weight),
            "gradient_twins": None if update.grad is None else twins(update.grad),
        }


def twins(weight: torch.Tensor) -> torch.Tensor | None:
    """Share of units (rows) that equal the first one; None for vectors and single units."""
    if weight.dim() < 2 or weight.shape[0] < 2 or weight.is_sparse:
        return None
    rows = weight.detach()[:UNITS].flatten(1)
    rows = rows[:, : max(1, 4 * 16_384 // rows.shape[0])]
    return (rows[1:] == rows[:1]).all(1).double().mean()


def still(update: Update, gradient: torch.Tensor) -> torch.Tensor:
    """Share of the entries with a non-zero gradient that did not change; NaN when no gradient is non-zero."""
    moving = gradient != 0
    return (moving & (update.after == update.before)).sum() / moving.sum()


def selection(tensor: torch.Tensor) -> torch.Tensor:
    """The entries of a parameter that a sample looks at."""
    return strided(tensor.detach(), sizes=False)
