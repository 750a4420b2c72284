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
# erfc(a) * exp(a ** 2) * (1 + 2 * a) in (a - 2) / (a + 2), for a from 0 to 10.5; relative error 4e-8.
ERFC = (
    *(-0.0004200622963, -0.001255413916, 0.001330044558, 0.008658470005, -0.008063874396),
    *(-0.05421322109, 0.1640556159, -0.1660304624, -0.09276398471, 1.276978377),
)
FARTHEST = 10.5  # erfc is below the least subnormal number of float32 beyond


def log1p_of_share(e: Tensor) -> Tensor:
    """log(1 + e) for e from 0 to 1."""
    t = 2 * e / (2 + e)  # log(1 + e) = 2 atanh(t / 2)
    return t * _polynomial(ATANH, 0.25 * t * t)


def erfc(x: Tensor, bell: Tensor) -> Tensor:
    """The complementary error function, given exp(-x ** 2)."""
    a = x.abs().clamp(max=FARTHEST)
    over = 1 / ((a + 2) * (1 + 2 * a))  # one division for both
    tail = bell * _polynomial(ERFC, (a - 2) * (1 + 2 * a) * over) * ((a + 2) * over)
    return torch.where(x < 0, 2 - tail, tail)


def gauss(u: Tensor, scale: float) -> Tensor:
    """exp(-scale * u ** 2), for a scale that is a power of 2."""
    near = u.clamp(-64.0, 64.0)  # beyond it is 0 in every dtype
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
