"""The oracle: a formula's value at 50 digits, by mpmath, whatever its rounding in floats.

May import: `catalogue`; mpmath inside functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neurologist.catalogue.exact import Exact
from neurologist.catalogue.expression import compile_formula

# Decimal digits to try, until no sum cancels and two in a row agree; 700 hold the sum of any two floats exactly, so
# that a small term cannot vanish beside a large one unnoticed.
LADDER = (80, 700, 1500, 4000)


def exact(formula: str, values: Mapping[str, Any], digits: int = 50) -> Any:
    """The value of a formula as an mpmath number, right to `digits`; for vectors, an object array of them.

    The working precision is raised until no sum loses all its digits and two evaluations in a row agree. Agreement
    alone is not enough: a small term that cancels to nothing at both precisions would go unnoticed.

    Args:
        formula: a formula in the names of `values`.
        values: floats are taken as the exact binary numbers they are; lists and arrays as vectors.
        digits: decimal digits that must agree.
    """
    import mpmath as mp
    import numpy as np

    before: Any = None
    for working in LADDER:
        backend = Exact()
        with mp.workdps(working):
            now = compile_formula(formula, backend)({name: _lift(value) for name, value in values.items()})
            now = now if isinstance(now, np.ndarray) else mp.mpf(now)
            if before is not None and not backend.cancelled and _agree(before, now, digits):
                return now
        before = now
    return before


def _lift(value: Any) -> Any:
    import mpmath as mp
    import numpy as np

    if isinstance(value, (list, tuple, np.ndarray)):
        array = np.asarray(value)
        return array if array.dtype.kind in "iu" else np.frompyfunc(mp.mpf, 1, 1)(array.astype(object))
    return mp.mpf(value)


def _agree(before: Any, now: Any, digits: int) -> bool:
    import mpmath as mp
    import numpy as np

    pairs = zip(np.ravel(before), np.ravel(now), strict=True)
    return all(abs(b - a) <= abs(a) * mp.mpf(10) ** -digits for b, a in pairs)
