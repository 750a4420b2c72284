"""Processes agree on steps to look at and tell what they saw through a store, and none ever waits for another."""

import threading

import pytest
import torch.distributed as dist

from neurologist.record import Run, Store
from neurologist.watch.comparing import Comparing, apart
from neurologist.watch.names import Names
from neurologist.watch.peers import LEAVING, PATIENCE, Agreed, Peers, join
from neurologist.watch.ranks import Rank
from neurologist.watch.recorder import Recorder
from neurologist.watch.sampler import Sampler, Spaced, milestone


@pytest.fixture
def store():
    return dist.HashStore()


def processes(store, world=2):
    return [Peers(store, Rank(number, world), "session") for number in range(world)]


def steps_of(sampler, plan, until=400, seconds=0.1):
    """A training of one process: which steps it looks at; a step at a time, for others to go beside it."""
    sampler.plan = plan
    for step in range(until):
        why = sampler.wants(step)
        sampler.after(seconds + (0.02 if why else 0.0), why is not None, 0.02 if why else 0.0)
        yield step if why else None


def side_by_side(*trainings):
    return [[step for step in seen if step is not None] for seen in zip(*zip(*trainings, strict=True), strict=True)]


def test_all_look_at_the_steps_that_the_first_can_afford(store):
    first, second, third = (Agreed(peers) for peers in processes(store, 3))
    slow = {"seconds": 5.0}  # what others take does not matter
    seen = side_by_side(
        steps_of(Sampler(), first), steps_of(Sampler(), second, **slow), steps_of(Sampler(budget=1.0), third)
    )
    assert seen[0] == seen[1] == seen[2]
    assert len(seen[0]) > 5
    alone = [step for step in steps_of(Sampler(), None) if step is not None]
    assert len(seen[0]) <= len(alone) + 1  # the budget holds


def test_the_plan_stands_before_anybody_needs_it(store):
    """The first plans a step only when it has done the one before: the others ask a step later, and find it."""
    first, second = (Agreed(peers) for peers in processes(store))
    seen = []
    for step in range(1, 200):
        others = second.due(step, lambda _: 1 / 0)  # the others come first, and never plan
        seen.append((first.due(step, lambda step: step + 1), others))
    assert {own for own, _ in seen} == {True, False}
    assert all(own == other for own, other in seen[1:])


def test_one_that_finds_no_plan_looks_by_itself_where_others_do_too(store):
    _, second = processes(store)
    seen = [step for step in steps_of(Spaced(), Agreed(second), until=1000) if step is not None]
    assert seen[0] == 0
    assert seen[1] > PATIENCE
    assert len(seen) > 5
    assert all(step == milestone(step) for step in seen)


def test_milestones_are_what_a_first_process_prefers(store):
    first, _ = processes(store)
    seen = [step for step in steps_of(Sampler(budget=1.0), Agreed(first), until=2000) if step is not None]
    wanted = {step for step in range(2000) if step == milestone(step)}
    assert len(wanted & set(seen)) > 0.8 * len(wanted)
    assert len(seen) > len(wanted)


def test_what_is_told_is_heard_once_and_in_order(store):
    first, second = processes(store)
    assert first.heard() == {}
    second.tell({"step": 0})
    second.tell({"step": 3})
    held = store.num_keys()
    assert first.heard() == {1: [{"step": 0}, {"step": 3}]}
    assert first.heard() == {}
    assert store.num_keys() == held - 2  # what was read need not be kept


def test_who_left_first_is_known(store):
    first, second = processes(store)
    assert second.leave(end="failed: ValueError")["place"] == 0
    assert first.leave(end="finished")["place"] == 1
    assert first.heard()[1][-1]["end"] == "failed: ValueError"


class Gone:
    """A store whose process died: it raises, or never answers."""

    def __init__(self, answers):
        self._answers, self.released = answers, threading.Event()

    def add(self, key, number):
        if self._answers:
            raise dist.DistNetworkError("closed")
        self.released.wait(60)


@pytest.mark.parametrize("answers", [True, False])
def test_a_store_that_is_gone_holds_nobody_up(answers):
    gone = Gone(answers)
    done = threading.Thread(target=Peers(gone, Rank(1, 2), "session").leave, kwargs={"end": "finished"})
    done.start()
    done.join(10 * LEAVING)
    gone.released.set()
    assert not done.is_alive()


def test_a_process_alone_has_no_peers():
    assert join() is None


def test_apart_is_the_larger_of_both_distances_over_the_size():
    one = {"w": (2.0, 0.5, True), "b": (0.0, 0.0, False), "own": (1.0, 0.0, True)}
    assert apart(one, {"w": (1.0, -0.5, True), "b": (0.0, 0.0, False)}) == {"w": 0.5}
    assert apart(one, one)["w"] == 0


def test_notes_of_a_step_still_to_come_wait_for_it(store):
    """A process that is ahead may tell of a step before the first has taken it; both are compared all the same."""
    first, second = processes(store)
    record = Store()
    Recorder(record, Names())  # makes the tables
    comparing = Comparing(record, Sampler())
    comparing._peers = first
    note = {"loss": 1.0, "finite": 1, "alone": 1, "batch": 1, "nonfinite": 0, "rms": 1.0, "varying": 1.0, "square": 4.0}
    second.tell({**note, "step": 1, "weights": {"w": (1.0, 0.0, True)}})
    comparing.sample(0)
    assert Run(record.connection).rank_samples.keys() == {0}
    comparing._mine[1] = {**note, "step": 1, "weights": {"w": (2.0, 0.0, True)}}
    comparing._compare(1)
    told = Run(record.connection).rank_samples[1]
    assert [(row["step"], row["apart"], row["differing"]) for row in told] == [(1, 0.5, 1)]
