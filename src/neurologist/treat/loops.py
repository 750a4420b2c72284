"""Recurrences that a program writes out as a loop, found in its calls.

May import: `treat.call`, `treat.seen`.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from neurologist.treat.call import Site
from neurologist.treat.seen import Seen, Step

TURNS = 8  # readings of one layer, each behind the other, from which on it is a recurrence; as many as the rule asks


class Loop(NamedTuple):
    """An activation whose result enters one and the same layer again at each time step.

    Attributes:
        model, module, name: of the activation's site.
        start, stride: its ordinals are start, start + stride, ...: one per time step.
        units: of the state.
    """

    model: int
    module: str
    name: str
    start: int
    stride: int
    units: int

    def turn(self, site: Site) -> int | None:
        """Which time step a call is; None where it is another call."""
        turn, rest = divmod(site.ordinal - self.start, self.stride)
        mine = (site.model, site.module, site.name) == (self.model, self.module, self.name)
        return turn if mine and not rest and turn >= 0 else None


def loops(seen: Seen) -> tuple[Loop, ...]:
    """The recurrences in the models' forward passes."""
    readers: dict[tuple[int, str, str], list[Step]] = {}
    for call in seen.calls:
        if call.weighted and call.site.model >= 0 and call.site.module:
            readers.setdefault(call.site[:3], []).append(call)
    found = [_loop(seen, steps) for steps in readers.values() if len(steps) >= TURNS]
    return tuple(dict.fromkeys(loop for loop in found if loop is not None))


def _loop(seen: Seen, readers: list[Step]) -> Loop | None:
    """The activation between one reading of a layer and the next."""
    between = [_between(seen, before, after) for before, after in pairwise(readers)]
    acts = [act for act in between if act is not None]
    strides = {after.site.ordinal - before.site.ordinal for before, after in pairwise(acts)}
    kinds = {(act.site[:3], act.shape) for act in acts}
    if len(acts) < len(between) or len(strides) != 1 or len(kinds) != 1 or min(strides) < 1:
        return None
    first = acts[0]
    return Loop(*first.site[:3], first.site.ordinal, strides.pop(), first.shape[-1])


def _between(seen: Seen, before: Step, after: Step) -> Step | None:
    acts = [seen.calls[index] for index in _near(seen, after) if seen.calls[index].activates]
    return next((act for act in acts if any(seen.calls[index] is before for index in _near(seen, act))), None)


def _near(seen: Seen, step: Step) -> Iterable[int]:
    """Calls back along all sources, up to the next layers and activations, these included."""
    queue, known = list(step.sources), set(step.sources)
    for index in queue:
        yield index
        call = seen.calls[index]
        further = [] if call.weighted or call.activates else [i for i in call.sources if i not in known]
        queue += further
        known.update(further)
