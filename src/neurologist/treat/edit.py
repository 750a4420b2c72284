"""What a treatment changes in the user's source, said without knowing the source.

May import: `treat.seen`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from neurologist.treat.seen import Step


@dataclass(frozen=True)
class Swap:
    """A call of a function, or the layer that makes it, becomes another, or goes.

    Attributes:
        step: the call.
        function: name of the torch function in its place; None takes it out.
        layer: name of the class in torch.nn in its place; None takes it out.
        options: arguments of the layer, as code.
        keep: the function keeps its arguments.
    """

    step: Step
    function: str | None = None
    layer: str | None = None
    options: str = ""
    keep: bool = False


@dataclass(frozen=True)
class Option:
    """Keyword arguments of a call get other values.

    Attributes:
        callee: name of what is called: "SGD", "mse_loss".
        values: keyword -> code; "{}" in it stands for the code that is there. None takes the keyword out.
        rename: another callee, or None; it keeps the first argument and `values` only.
        position: keyword -> where it stands when it is given without its name.
    """

    callee: str
    values: dict[str, str | None] = field(default_factory=dict)
    rename: str | None = None
    position: dict[str, int] = field(default_factory=dict)


Edit = Swap | Option | str  # a text says what to do by hand
