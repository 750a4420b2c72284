"""The polynomials of compiled code are the fits that they are said to be, and err by a few units in the last place."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
import torch

from neurologist.functional import approximations


def _atanh(square):
    s = mp.sqrt(square)
    return mp.atanh(s) / s if s else mp.mpf(1)


def _erfc(t):
    a = 2 * (1 / t - 1)
    return mp.erfc(a) * mp.exp(a * a) / t


@pytest.mark.parametrize(
    ("function", "low", "high", "stated", "error"),
    [
        (_atanh, 0, mp.mpf(1) / 9, approximations.ATANH, 2e-10),
        (_erfc, 1 / mp.mpf("6.25"), 1, approximations.ERFC, 2e-8),
    ],
)
def test_coefficients_are_the_fit(function, low, high, stated, error):
    with mp.workdps(40):
        found, worst = mp.chebyfit(function, [low, high], len(stated), error=True)
    assert worst < error
    assert [float(c) for c in found] == pytest.approx(stated, rel=1e-8)


def units(got: torch.Tensor, exact: list[float]) -> float:
    """The largest error in units in the last place of float32."""
    truth = np.array(exact)
    return float(np.max(np.abs(got.double().numpy() - truth) / np.spacing(np.abs(truth).astype(np.float32))))


def test_the_logarithm():
    e = torch.logspace(-40, 0, 2001, dtype=torch.float32)
    assert units(approximations.log1p_of_share(e), [float(mp.log1p(float(v))) for v in e]) < 4


def test_the_complementary_error_function():
    x = torch.cat([torch.linspace(-12, 9, 3001), torch.tensor([0.0, 1e-30, -1e-30])])
    bell = torch.tensor([float(mp.exp(-(mp.mpf(float(v)) ** 2))) for v in x])
    assert units(approximations.erfc(x, bell), [float(mp.erfc(float(v))) for v in x]) < 8


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_the_bell(scale):
    x = torch.linspace(-9, 9, 3001)
    truth = [float(mp.exp(-scale * mp.mpf(float(v)) ** 2)) for v in x]
    assert units(approximations.gauss(x, scale), truth) < 3
    assert approximations.gauss(torch.tensor([1e30, -torch.inf]), scale).tolist() == [0, 0]
