"""What a record tells of: ops, parameters and optimizers, as rules see them.

May import: the standard library.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True, eq=False)
class Parameter:
    """A trained tensor; see the `parameter` table."""

    id: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    numel: int
    optimizer: int | None
    part: bool = False

    @property
    def is_bias(self) -> bool:
        """True for one-dimensional parameters named bias."""
        return len(self.shape) <= 1 and self.name.rsplit(".", 1)[-1].startswith("bias")


@dataclass(frozen=True, eq=False)
class Optimizer:
    """An optimizer and its first options; see the `optimizer` table."""

    id: int
    name: str
    options: dict[str, Any]
    file: str | None = None
    line: int | None = None
    code: str | None = None
    step_file: str | None = None
    step_line: int | None = None
    step_code: str | None = None

    @property
    def at_step(self) -> Optimizer:
        """The same, placed where its step is called."""
        return replace(self, file=self.step_file, line=self.step_line, code=self.step_code)

    def __str__(self) -> str:
        keep = {k: v for k, v in self.options.items() if k in ("lr", "momentum", "weight_decay") and v}
        return f"{self.name}({', '.join(f'{k}={v:g}' for k, v in keep.items())})"


@dataclass(frozen=True, eq=False)
class Resting:
    """A parameter that no examined backward pass reached; see the `resting` table."""

    id: int
    name: str
    shape: tuple[int, ...]
    numel: int
    optimizer: int | None
    trainable: bool
    called: bool
    ahead: bool
    changed: bool
    rms: float | None
    high: float | None


@dataclass(frozen=True, eq=False)
class Op:
    """One op of the tape; see the `op` table. `inputs` and `consumers` follow the data."""

    id: int
    key: str
    name: str
    kind: str
    function: str | None
    member: str | None
    file: str | None
    line: int | None
    code: str | None
    module: str | None
    module_class: str | None
    position: int
    shape: tuple[int, ...]
    dtype: str
    options: dict[str, Any]
    facts: dict[str, Any]
    root: bool
    first_step: int
    inputs: dict[int, Op] = field(default_factory=dict, repr=False)
    consumers: list[Op] = field(default_factory=list, repr=False)
    parameters: list[Parameter] = field(default_factory=list, repr=False)

    @property
    def label(self) -> str:
        """A short name to show: "sigmoid", "linear model.fc2"."""
        what = (
            self.member
            or (self.function if self.kind == "loss" else None)
            or (
                self.kind
                if self.kind in ("linear", "conv", "normalisation", "attention", "recurrent")
                else self.name.lower()
            )
        )
        return f"{what} {self.module}" if self.module and self.kind != "loss" else what

    @property
    def place(self) -> str:
        """Where it stands, for a sentence: "model.fc2" or "train.py:12"."""
        return self.module or (f"{Path(self.file).name}:{self.line}" if self.file else f"op {self.position}")
