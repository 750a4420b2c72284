"""Small training scripts as users write them, and what a treatment makes of their sources."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import torch

import neurologist as nl
from neurologist.treat.program import run
from neurologist.treat.script import rerun, script
from neurologist.treat.seen import Seen
from neurologist.treat.source import Edited, edited
from neurologist.treat.tracing import Tracer
from neurologist.treat.treatment import Treatment, treatments

from .test_injection import Finding

HEAD = """\
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(256, 6)
y = x[:, :4].argmax(1)

"""
LOOP = """
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(4):
    for rows in torch.arange(256).split(64):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x[rows]), y[rows])
        loss.backward()
        optimizer.step()
"""
NET = """
class Net(nn.Module):
    def __init__(self, hidden=16):
        super().__init__()
        self.one = nn.Linear(6, hidden)
        self.two = nn.Linear(hidden, hidden)
        self.three = nn.Linear(hidden, 4)

    def forward(self, x):
        x = torch.tanh(self.one(x))
        x = torch.tanh(self.two(x))
        return self.three(x)


model = Net()
"""

ROW = """
model = nn.Sequential(
    nn.Linear(6, 16),
    nn.Tanh(),  # kept
    nn.Linear(16, 16),
    nn.Tanh(),
    nn.Linear(16, 4),
)
"""


def loss(old: str, new: str, loop: str = LOOP) -> str:
    assert old in loop
    return loop.replace(old, new)


def proposed(path: Path, slug: str, cause: str, which: int = 0) -> tuple[Treatment, Seen]:
    """A treatment that is proposed for a script, and what the control showed of it."""
    tracer = Tracer()
    ending = run(lambda: rerun(script(str(path), ())), observer=tracer)
    assert ending.error is None
    seen = tracer.finish()
    seen.optimizers, seen.ended, seen.steps = ending.optimizers, ending.ended, ending.steps
    return list(treatments()[slug].proposals(Finding("", "", cause, "error", ""), seen))[which], seen


def edit(treatment: Treatment, seen: Seen) -> Edited:
    with nl.treat(treatment) as plan:
        pass
    return edited(plan, seen)


def tried(path: Path, text: str, slug: str, cause: str, which: int = 0) -> SimpleNamespace:
    """A script treated while it runs, and its source edited and run: the globals that both end with."""
    path.write_text(text, encoding="utf-8")
    treatment, seen = proposed(path, slug, cause, which)
    with nl.treat(treatment):
        treated = runpy.run_path(str(path))
    plain = runpy.run_path(str(path))
    found = edit(treatment, seen)
    assert not found.by_hand, found.by_hand
    for change in found.changes:
        change.write()
    after = path.read_text(encoding="utf-8")
    return SimpleNamespace(treated=treated, plain=plain, edited=runpy.run_path(str(path)), after=after, found=found)


def changed(text: str, after: str) -> list[str]:
    """The lines that a change takes out and puts in, with their signs."""
    from difflib import unified_diff

    lines = list(unified_diff(text.splitlines(), after.splitlines(), lineterm="", n=0))[2:]
    return [line for line in lines if not line.startswith("@@")]


def close(one: dict, other: dict, **few: float) -> bool:
    pairs = zip(one["model"].parameters(), other["model"].parameters(), strict=True)
    return all(torch.allclose(a.float(), b.float(), **few) for a, b in pairs)
