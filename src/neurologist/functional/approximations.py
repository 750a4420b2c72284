"""Polynomials for what compiled code would otherwise call one entry at a time, or through slow library routines.

For float32 alone, inside torch.compile: each errs by a few units in the last place, which is what float32 arithmetic
around it loses anyway. Coefficients are Chebyshev fits, highest power first; a test makes them again.
May import: torch.
"""

from __future__ import annotations

import torch
from torch import Tensor

# atanh(s) / s in s ** 2, for s ** 2 from 0 to 1/9; relative error 2e-10.
ATANH = (0.1219695404, 0.1069928025, 0.143101037, 0.1999935563, 0.3333333951, 0.9999999999)
# erfc(a) * exp(a ** 2) / t in t = 1 / (1 + a / 2), for a from 0 to 10.5; error 2e-8, where it is 0.3 to 1.
ERFC = (
    *(0.01746174829, -0.1496864409, 0.4867898911, -0.7410372159, 0.4748955776),
    *(-0.1240305577, 0.233335382, 0.2372115944, 0.283001592, 0.2820584224),
)
FARTHEST = 10.5  # erfc is below the least subnormal number of float32 beyond


def log1p_of_share(e: Tensor) -> Tensor:
    """log(1 + e) for e from 0 to 1."""
    t = 2 * e / (2 + e)  # log(1 + e) = 2 atanh(t / 2)
    return t * _polynomial(ATANH, 0.25 * t * t)


def erfc(x: Tensor, bell: Tensor) -> Tensor:
    """The complementary error function, given exp(-x ** 2)."""
    t = 2 / (2 + x.abs().clamp(max=FARTHEST))
    tail = bell * _polynomial(ERFC, t) * t
    return torch.where(x < 0, 2 - tail, tail)


def gauss(u: Tensor, scale: float) -> Tensor:
    """exp(-scale * u ** 2), for a scale of 1 or 0.5."""
    near = u.abs().clamp(max=FARTHEST if scale == 1 else 1.5 * FARTHEST)
    high = (near.view(torch.int32) & -4096).view(torch.float32)  # half the digits, so that its square is exact
    square = near * near
    rest = (near - high) * (near + high) + (high * high - square)  # what rounding took from the square
    rough = torch.exp(-scale * square)
    return rough - scale * rough * rest


def _polynomial(coefficients: tuple[float, ...], x: Tensor) -> Tensor:
    found = coefficients[0] * x + coefficients[1]
    for coefficient in coefficients[2:]:
        found = found * x + coefficient
    return found
