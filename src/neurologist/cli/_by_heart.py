"""Letting a script learn its first batch by heart, for `check --overfit`.

May import: `watch`, `diagnose` and `treat`, which need torch, inside functions only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from neurologist.treat.script import Stop

if TYPE_CHECKING:
    from neurologist.watch.session import Session


@contextmanager
def learning(session: Session, wanted: bool, steps: int | None) -> Iterator[Callable[[str], None]]:
    """Inside the block every step of the program gets the data of its first.

    What it gives is to be told, at the end of the block, how the program ended; then the record says what became of it.

    Args:
        session: watches the program.
        wanted: without, nothing is done.
        steps: after how many to give up; None: as long as it learns.
    """
    if not wanted:
        yield lambda status: None
        return
    from neurologist.diagnose.by_heart import KEY
    from neurologist.treat.feed import Feed
    from neurologist.treat.judge import Judge

    judge = Judge(steps)
    feed = Feed(lambda: session.steps, judge, _enough)
    judge.scalars = lambda: feed.scalars

    def ended(status: str) -> None:
        verdict = judge.verdict(why=feed.why if status == "finished" else "failed")
        if verdict.why == "more-steps" and not judge.done:
            verdict = replace(verdict, why="ended")
        session.facts[KEY] = json.dumps(asdict(verdict))

    with feed:
        yield ended


def _enough() -> None:
    raise Stop("finished")
