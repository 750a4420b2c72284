"""Drawing functions with matplotlib, which is optional.

May import: `functional.curves`; matplotlib inside functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurologist.functional.curves import Curve, curve

if TYPE_CHECKING:
    from neurologist.functional.function import Function
    from neurologist.functional.loss import LossFunction

FORMATS = (".svg", ".png", ".pdf")
SIZE = (6.0, 4.0)  # inches of one panel
STYLES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (1, 1)), (0, (5, 2, 1, 2)), (0, (3, 2)))  # none hides another quite
WIDTH = 2.0  # points


def plot(function: Function | LossFunction, lo: float | None = None, hi: float | None = None, ax: Any = None) -> Any:
    """Draw value and slope over [lo, hi] into `ax`, or into new axes; returns the axes."""
    drawn = _curves([function], lo, hi)[0]
    if ax is None:
        ax = _matplotlib(function.name).pyplot.subplots()[1]
    ax.plot(drawn.x, drawn.value, label=drawn.labels[0])
    ax.plot(drawn.x, drawn.slope, label=drawn.labels[1], linestyle="--")
    ax.set_title(drawn.name)
    _dress(ax, drawn.axis, drawn.note)
    return ax


def compared(functions: Sequence[Function | LossFunction], lo: float | None = None, hi: float | None = None) -> Any:
    """A figure with all values in one panel and all slopes in another."""
    figure = _figure(", ".join(function.name for function in functions), 2)
    panels = figure.subplots(1, 2)
    curves = _curves(functions, lo, hi)
    for place, drawn in enumerate(curves):
        look = {"label": drawn.name, "linestyle": STYLES[place % len(STYLES)], "linewidth": WIDTH}
        panels[0].plot(drawn.x, drawn.value, **look)
        panels[1].plot(drawn.x, drawn.slope, **look)
    below = ", ".join(dict.fromkeys(drawn.axis for drawn in curves))
    for panel, title in zip(panels, ("value", "slope"), strict=True):
        panel.set_title(title)
        _dress(panel, below, "")
    return figure


def save(functions: Sequence[Function | LossFunction], path: str | Path) -> None:
    """Draw one function, or several beside each other, into a file; its suffix says how.

    The same functions give the same bytes, so that a page with the picture changes only when they do.
    """
    path = Path(path)
    if path.suffix.lower() not in FORMATS:
        expected = ", ".join(FORMATS)
        raise ValueError(f"plot got the file name {path.name!r}: expected one that ends in {expected}")
    figure = compared(functions) if len(functions) > 1 else _figure(functions[0].name, 1)
    if len(functions) == 1:
        plot(functions[0], ax=figure.subplots())
    undated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(path.suffix.lower())
    with _matplotlib(functions[0].name).rc_context({"svg.hashsalt": "neurologist"}):
        figure.savefig(path, bbox_inches="tight", dpi=150, metadata=undated)


def _curves(functions: Sequence[Function | LossFunction], lo: float | None, hi: float | None) -> list[Curve]:
    found = [curve(function, lo, hi) for function in functions]
    for function, drawn in zip(functions, found, strict=True):
        if drawn is None:
            raise ValueError(
                f"plotting {function.name!r}, whose formula has no single prediction to vary: leave it out"
            )
    return [drawn for drawn in found if drawn is not None]


def _figure(subject: str, panels: int) -> Any:
    """An empty figure; not pyplot's, which would keep it and open windows."""
    return _matplotlib(subject).figure.Figure(figsize=(SIZE[0] * panels, SIZE[1]), layout="constrained")


def _matplotlib(subject: str) -> Any:
    try:
        import matplotlib.figure
        import matplotlib.pyplot
    except ImportError:
        raise ImportError(f"plotting {subject!r} needs matplotlib: use pip install 'neurologist[plot]'") from None
    return matplotlib


def _dress(axes: Any, below: str, note: str) -> None:
    axes.axhline(0.0, color="0.7", linewidth=0.8, zorder=0)
    axes.axvline(0.0, color="0.7", linewidth=0.8, zorder=0)
    axes.set_xlabel(f"{below}  ({note})" if note else below)
    axes.legend()
