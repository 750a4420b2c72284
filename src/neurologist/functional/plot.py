"""Drawing a function with matplotlib, which is optional.

May import: `functional.function`; matplotlib and NumPy inside the function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurologist.functional.function import Function


def plot(function: Function, lo: float, hi: float, ax: Any = None) -> Any:
    """Draw value and slope over [lo, hi] into `ax`, or into new axes; returns the axes."""
    import numpy as np

    try:
        from matplotlib import pyplot
    except ImportError:
        raise ImportError(f"plotting {function.name!r} needs matplotlib: use pip install matplotlib") from None
    if function.spec.vector:
        raise ValueError(f"plotting {function.name!r}, which maps vectors: expected a function of one number")
    x = np.linspace(lo, hi, 1001)
    axes = ax if ax is not None else pyplot.subplots()[1]
    axes.plot(x, function(x), label=function.name)
    axes.plot(x, function.derivative(x), label="slope", linestyle="--")
    axes.set_title(function.formula)
    axes.legend()
    return axes
