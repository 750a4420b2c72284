"""Judging whether one batch, given at every step, is learnt by heart: after each forward pass, and at the end.

Dropout is no reason to fail: where the pass that trains does not know the batch, one without dropout is asked from
time to time. May import: torch, `diagnose.by_heart`, `treat.pair`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import inf, isfinite, log
from statistics import fmean

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from neurologist.diagnose.by_heart import ByHeart
from neurologist.treat.pair import Aim, Pair

LEAST = 3  # steps, also where the batch is known at once: a fault may show in them
STEPS = 200  # of a trial, and as many more as a batch that is still being learnt needs, up to
MOST = 2_000
LITTLE = 0.05  # of its first value: a loss of unknown kind that small stands for a batch known by heart
UNMOVED = 0.9  # a gap above which next to nothing was learnt
FEW = 50  # steps that are too few to say that a batch cannot be learnt
PATIENCE = 10.0  # times the steps taken: what would need more is not on its way
HALF, CREEPS = 0.5, 0.01  # a gap at which much is known, and the share of it that a quarter of the steps still takes
ASKED = 10  # steps between two passes without dropout
BROKEN = 3  # losses in a row that are not finite
DENSE = (0.97, 0.1)  # share of right answers, and gap, where the past of a target may not tell it
NEARLY = (0.95, 0.2)  # the same, where it cannot be told what is missing
ALIKE = 0.02  # relative: the compared losses make up all of what is differentiated, up to a scale


class Judge:
    """Told of each step, it knows when to stop and what to say.

    Args:
        steps: when to stop; None: after 200, later while it is still being learnt.
        scalars: counts the trained numbers of the model when it is asked; None where that cannot be told.
    """

    def __init__(self, steps: int | None = None, scalars: Callable[[], int | None] = lambda: None) -> None:
        self.limit, self.scalars = steps, scalars
        self.losses: list[float] = []
        self.gaps: list[float] = []
        self.scores: list[float] = []
        self._aims: list[Aim] = []
        self._ratio: float | None = None
        self.composite = self.learnt = False

    @property
    def steps(self) -> int:
        """Optimizer steps before the latest forward pass."""
        return max(0, len(self.losses) - 1)

    @property
    def done(self) -> bool:
        """True when there is nothing more to see."""
        if (self.learnt and self.steps >= LEAST) or self._broken:
            return True
        if self.limit is not None:
            return self.steps >= self.limit
        return self.steps >= MOST or (self.steps >= STEPS and not self.falling)

    @property
    def _broken(self) -> bool:
        return len(self.losses) >= BROKEN and not any(map(isfinite, self.losses[-BROKEN:]))

    # -- each step --------------------------------------------------------------------------------------------

    def saw(self, total: float, pairs: Sequence[Pair]) -> None:
        """A forward pass was made, and its loss is about to be differentiated.

        Args:
            total: that loss.
            pairs: what was compared for it.
        """
        if not self.losses:
            self._aims = [Aim(pair) for pair in pairs]
        self._sums(total, pairs)
        known = self._judged(pairs)
        alone = pairs[0].loss if len(pairs) == 1 and not self.composite else None
        gap = self._gap(pairs) if known else self._of_loss(total)
        score = [min(aim.score(pair) for aim, pair in zip(self._aims, pairs, strict=True))] if known else []
        self.losses.append(total if alone is None else alone)
        self.gaps.append(gap)
        self.scores += score
        self.learnt = self._knows(pairs) if known else self.losses[0] > 0 and abs(self.gaps[-1]) <= LITTLE

    @property
    def curious(self) -> bool:
        """True when a pass without dropout should be made, before the parameters change."""
        due = self.steps % ASKED == 0 or self.done
        return due and not self.learnt and not self._broken and len(self.scores) == len(self.losses) > 0

    def heard(self, pairs: Sequence[Pair]) -> None:
        """What the same batch compares without dropout: it counts where it is known by heart."""
        if self._judged(pairs) and self._knows(pairs):
            self.learnt = True
            self.scores[-1] = min(aim.score(pair) for aim, pair in zip(self._aims, pairs, strict=True))
            if len(pairs) == 1 and not self.composite and pairs[0].loss is not None:
                self.losses[-1] = pairs[0].loss

    def _judged(self, pairs: Sequence[Pair]) -> bool:
        if not pairs or len(pairs) != len(self._aims) or not all(aim.known for aim in self._aims):
            return False
        weighed = self.composite and not all(pair.reduced for pair in pairs)
        return not weighed and all(aim.fits(pair) for aim, pair in zip(self._aims, pairs, strict=True))

    def _gap(self, pairs: Sequence[Pair]) -> float:
        return max(aim.gap(pair) for aim, pair in zip(self._aims, pairs, strict=True))

    def _knows(self, pairs: Sequence[Pair]) -> bool:
        return all(_knows(aim, pair) for aim, pair in zip(self._aims, pairs, strict=True))

    def _of_loss(self, total: float) -> float:
        first = self.losses[0] if self.losses else total
        return total / first if first > 0 and isfinite(total) else inf if not isfinite(total) else 1.0

    def _sums(self, total: float, pairs: Sequence[Pair]) -> None:
        """Notice terms of the loss that no pair accounts for; a constant factor is no term."""
        known = sum(pair.loss or 0.0 for pair in pairs)
        ratio = total / known if known and isfinite(total / known) else None
        if ratio is not None and self._ratio is None:
            self._ratio = ratio
        if ratio is None or self._ratio is None or abs(known) < 1e-6 * abs(total) or not pairs:
            return
        if abs(ratio - self._ratio) > ALIKE * abs(self._ratio) and abs(ratio - 1) > ALIKE:
            self.composite = True

    @property
    def falling(self) -> bool:
        """True while the batch is on its way: half known and still falling, or there soon at the present pace."""
        size = len(self.gaps) // 4
        if size < 2:
            return True
        before, last = fmean(self.gaps[-2 * size : -size]), fmean(self.gaps[-size:])
        goal = min([aim.goal for aim in self._aims], default=LITTLE)
        if not (isfinite(before) and isfinite(last)) or last >= before:
            return False
        if last <= HALF and last <= (1 - CREEPS) * before:
            return True
        needed = 0.0 if last <= goal else size * log(last / goal) / log(before / last)
        return needed <= PATIENCE * len(self.gaps)

    # -- the end ----------------------------------------------------------------------------------------------

    def verdict(self, chosen: str = "", why: str = "") -> ByHeart:
        """What to say of it.

        Args:
            chosen: the optimizer, where it was not the user's.
            why: the word for what kept it from being tried, if something did.
        """
        why = why or ("" if self.learnt else self._doubt())
        one = len(self._aims) == 1 and self._aims[0].known and len(self.scores) == len(self.losses) > 0
        return ByHeart(
            learnt=None if why else self.learnt,
            steps=self.steps,
            examples=self._aims[0].examples if self._aims else None,
            loss_first=_finite(self.losses[0]) if self.losses else None,
            loss_last=_finite(self.losses[-1]) if self.losses else None,
            measure=self._aims[0].measure if one else "",
            score_first=_finite(self.scores[0]) if one else None,
            score_last=_finite(self.scores[-1]) if one else None,
            optimizer=chosen,
            why=why,
        )

    @property
    def _few_parameters(self) -> bool:
        scalars, targets = self.scalars(), sum(aim.task.mean.numel() * aim.rows for aim in self._aims)
        return scalars is not None and scalars < targets

    def _doubt(self) -> str:
        """The word for why it cannot be told that the batch cannot be learnt; "" where it can."""
        if self._broken:
            return ""
        if not self.losses:
            return "nothing-seen"
        known = bool(self._aims) and all(aim.known for aim in self._aims)
        if self.falling or self.steps < FEW:
            return "more-steps"
        moved, numbers = min(self.gaps) < UNMOVED, any(aim.task.kind == "numbers" for aim in self._aims)
        if not known and min(self.losses) < 0 and self.losses[-1] < self.losses[0]:
            return "unknown-floor"
        if moved and (not known or (self.composite and numbers)):
            return "unknown-floor"
        if not numbers and self.scores and self.scores[-1] == 1:
            return "bounded"
        if (moved or numbers) and known and self._few_parameters:
            return "few-parameters"
        score, gap = NEARLY
        nearly = self.scores and max(self.scores[-FEW:]) >= score and min(self.gaps[-FEW:]) <= gap
        return "nearly" if nearly else ""


def _knows(aim: Aim, pair: Pair) -> bool:
    score, gap = aim.score(pair), aim.gap(pair)
    if aim.dense:
        return score >= DENSE[0] and gap <= DENSE[1]
    return gap <= aim.goal and (aim.task.kind == "numbers" or score == 1)


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None


@contextmanager
def without_dropout(model: nn.Module) -> Iterator[None]:
    """Inside, nothing in the model is dropped and normalisations still read the batch; all is put back after."""
    modes = [(part, part.training) for part in model.modules()]
    kept = [(buffer, buffer.clone()) for buffer in model.buffers()]
    states = random.getstate(), np.random.get_state()
    for part, _ in modes:
        part.training = part.training and isinstance(part, _NormBase)
    try:
        with torch.random.fork_rng(), torch.no_grad():
            yield
    finally:
        for part, mode in modes:
            part.training = mode
        with torch.no_grad():
            for buffer, entries in kept:
                buffer.copy_(entries)
        random.setstate(states[0])
        np.random.set_state(states[1])
