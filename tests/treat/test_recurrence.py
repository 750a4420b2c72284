"""A gated state in place of a plain one, in loops written out and in torch's layers: as if it had been written so."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from neurologist.treat.call import Site
from neurologist.treat.loops import Loop, loops
from neurologist.treat.program import run

from .programs import train, weights
from .test_injection import one, seen, sgd

STEPS, UNITS = 9, 5


class Written(nn.Module):
    """A recurrence in a loop; `joined` reads input and state as one; `layers` of them run on top of each other."""

    def __init__(self, joined: bool = False, layers: int = 1, gated: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.joined, self.gates = joined, None
        self.enter = nn.ModuleList(nn.Linear(UNITS if i else 3, UNITS) for i in range(layers))
        self.recur = nn.ModuleList(nn.Linear(UNITS + 3 * joined, UNITS) for _ in range(layers))
        self.out = nn.Linear(UNITS, 2)
        if gated:
            with torch.random.fork_rng():
                self.gates = nn.ModuleList(nn.Linear(2 * UNITS, UNITS) for _ in range(layers))
            for gate in self.gates:
                nn.init.constant_(gate.bias, 2.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        states = [x.new_zeros(len(x), UNITS) for _ in self.recur]
        for step in range(x.shape[1]):
            below = x[:, step]
            for i, (enter, recur) in enumerate(zip(self.enter, self.recur, strict=True)):
                a = recur(torch.cat([below, states[i]], 1)) if self.joined else enter(below) + recur(states[i])
                new = torch.tanh(a)
                if self.gates is not None and step:
                    z = torch.sigmoid(self.gates[i](torch.cat([states[i], a], -1)))
                    new = z * states[i] + (1 - z) * new
                states[i] = below = new
        return self.out(states[-1])


class Layered(nn.Module):
    """A recurrent layer of torch."""

    def __init__(self, kind: type[nn.Module], **options: object) -> None:
        super().__init__()
        torch.manual_seed(0)
        plain = nn.RNN(3, UNITS, **options)  # so that the other layers draw the same numbers
        self.out = nn.Linear(UNITS, 2)
        with torch.random.fork_rng():
            self.rnn = plain if kind is nn.RNN else kind(3, UNITS, **options)
        if kind is nn.GRU:
            for name, parameter in self.rnn.named_parameters():
                if "bias_ih" in name:
                    nn.init.constant_(parameter[UNITS : 2 * UNITS], 2.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.rnn(x)[0][:, -1])


def program(make: Callable[[], nn.Module], kept: list[nn.Module] | None = None) -> Callable[[], SimpleNamespace]:
    def go() -> SimpleNamespace:
        model = make()
        if kept is not None:
            kept.append(model)
        draw = torch.Generator().manual_seed(1)
        x = torch.randn(96, STEPS, 3, generator=draw)
        return train(model, sgd(model), data=(x, (x[:, 0, 0] > 0).long()), epochs=3)

    return go


CASES = {
    "state and input apart": (Written, lambda: Written(gated=True)),
    "state and input joined": (lambda: Written(joined=True), lambda: Written(joined=True, gated=True)),
    "two layers": (lambda: Written(layers=2), lambda: Written(layers=2, gated=True)),
    "nn.RNN": (
        lambda: Layered(nn.RNN, batch_first=True, num_layers=2),
        lambda: Layered(nn.GRU, batch_first=True, num_layers=2),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_gated_state_is_what_it_would_be_if_it_were_written_so(case):
    plain, gated = CASES[case]
    treated: list[nn.Module] = []
    treatment = one("gated-cell", "recurrent_depth", program(plain))
    assert run(program(plain, treated), [treatment]).error is None
    edited = program(gated)().model
    found, wanted = ({tuple(w.shape): [] for w in weights(model)} for model in (treated[0], edited))
    for model, shapes in ((treated[0], found), (edited, wanted)):
        for weight in weights(model):
            shapes[tuple(weight.shape)].append(weight)
    for shape, expected in wanted.items():
        assert all(torch.equal(a, b) for a, b in zip(found[shape], expected, strict=True)), shape


def test_loops_are_told_from_deep_networks():
    assert loops(seen(program(Written))) == (Loop(0, "", "tanh", 0, 1, UNITS),)
    two = loops(seen(program(lambda: Written(layers=2))))
    assert {(loop.start, loop.stride) for loop in two} == {(0, 2), (1, 2)}
    deep = lambda: nn.Sequential(*[m for _ in range(10) for m in (nn.Linear(6, 6), nn.Tanh())])  # noqa: E731
    assert loops(seen(lambda: train(m := deep(), sgd(m), epochs=1))) == ()


def test_sequences_may_differ_in_length():
    loop = Loop(0, "", "tanh", 1, 2, UNITS)
    site = Site(0, "", "tanh", 0)
    assert [loop.turn(site._replace(ordinal=n)) for n in range(6)] == [None, 0, None, 1, None, 2]
    assert loop.turn(site._replace(ordinal=2001)) == 1000
    assert loop.turn(site._replace(ordinal=1, module="other")) is None
