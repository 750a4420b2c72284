"""The budget as a property of every run: what is spent, when steps are looked at, and what a jump costs."""

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurologist.watch.sampler import CREDIT, DEFAULT, EARLY, EVENTS, JUMP, Sampler, Spaced

times = st.floats(1e-5, 2.0)


def drive(sampler, steps, plain, cost, losses=None, first=None):
    """Take steps as a session does; the reasons of the sampled ones, by step."""
    why = {}
    for step in range(steps):
        reason = sampler.wants(step)
        if reason:
            why[step] = reason
        extra = (first if step == 0 and first is not None else cost) if reason else 0.0
        if losses is not None:
            sampler.loss(losses[step])
        sampler.after(plain + extra, bool(reason), extra)
    return why


@given(
    budget=st.floats(0, 1),
    steps=st.integers(1, 3000),
    plain=times,
    share=st.floats(0.01, 20),
    startup=st.floats(0.1, 30),
)
@settings(max_examples=60, deadline=None)
def test_spends_the_credit_or_its_share_and_at_most_one_sample_more(budget, steps, plain, share, startup):
    sampler, cost = Sampler(budget), plain * share
    why = drive(sampler, steps, plain, cost, first=startup * cost)
    credit = CREDIT * min(1.0, budget / DEFAULT) + startup * cost  # the first sample starts everything up
    assert sampler.spent == pytest.approx(startup * cost + cost * (len(why) - 1))
    assert sampler.elapsed == pytest.approx(plain * steps + sampler.spent)
    assert sampler.spent <= (max(credit, budget * sampler.elapsed) + cost) * (1 + 1e-9)


@given(costs=st.lists(st.floats(1e-4, 3.0), min_size=50, max_size=400), budget=st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_costs_that_vary_are_paid_back_before_the_next_sample(costs, budget):
    sampler = Sampler(budget)
    for step, cost in enumerate(costs):
        before, elapsed = sampler.spent, sampler.elapsed
        reason = sampler.wants(step)
        if reason and step > 0:
            assert before <= max(CREDIT * min(1.0, budget / DEFAULT) + costs[0] + 1e-9, budget * elapsed + 1e-9)
        sampler.after(0.01 + (cost if reason else 0.0), bool(reason), cost if reason else 0.0)


def test_cheap_early_steps_are_looked_at_one_by_one():
    why = drive(Sampler(), 300, 0.01, 0.001)
    assert [why.get(step) for step in range(EARLY)] == ["early"] * EARLY
    assert set(why.values()) == {"early", "spaced"}


@given(cost=st.floats(1e-4, 3e-3))
@settings(max_examples=20, deadline=None)
def test_gaps_never_shrink_much_while_nothing_happens(cost):
    steps = sorted(drive(Sampler(0.01), 2000, 0.01, cost))
    gaps = [b - a for a, b in pairwise(steps)]
    late = gaps[len(gaps) // 2 :]
    assert min(late, default=1) >= max(gaps[: len(gaps) // 4], default=1) / 2


@pytest.mark.parametrize("steps", [1_000, 10_000, 100_000])
def test_long_runs_stay_within_one_percent(steps):
    sampler = Sampler(0.01)
    drive(sampler, steps, 0.1, 0.1)
    assert sampler.spent <= 0.01 * sampler.elapsed or sampler.spent <= CREDIT + 0.2


def test_long_runs_use_their_budget():
    sampler = Sampler(0.01)
    samples = drive(sampler, 20_000, 0.01, 0.02)
    assert len(samples) > 50


def test_budget_of_all_looks_at_many_steps():
    assert len(drive(Sampler(1.0), 1000, 0.01, 0.01)) > 60


@pytest.mark.parametrize("losses", [[1.0] * 50, [1.0] * 20 + [1e6] * 30, [math.nan] * 50, [1.0] * 20 + [math.inf] * 30])
def test_no_budget_looks_at_the_first_step_only(losses):
    assert drive(Sampler(0.0), 50, 0.01, 0.001, losses) == {0: "early"}


def test_a_jump_is_looked_at_in_the_next_step():
    losses = [1.0] * 200
    losses[150] = JUMP * 1.01
    plain = drive(Sampler(), 200, 10.0, 100.0)
    jumped = drive(Sampler(), 200, 10.0, 100.0, losses)
    assert 151 not in plain
    assert jumped[151] == "jump"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_not_finite_is_a_jump(value):
    sampler = Sampler()
    sampler.wants(0)
    sampler.loss(1.0)
    sampler.loss(value)
    assert sampler.wants(1000) == "jump"


@pytest.mark.parametrize("factor", [0.0, 0.01, 0.9, JUMP * 0.99])
def test_a_loss_that_falls_or_wobbles_is_none(factor):
    why = drive(Sampler(), 100, 10.0, 100.0, [2.0 * factor ** (step % 2) for step in range(100)])
    assert "jump" not in why.values()


def test_jumps_exceed_the_budget_a_few_times_only():
    losses = [10.0**step for step in range(300)]
    why = drive(Sampler(0.001), 300, 0.01, 1.0, losses)
    assert list(why.values()).count("jump") <= EVENTS


@pytest.mark.parametrize("budget", [-1e-9, 1.0000001, math.nan, "a lot", None])
def test_a_budget_that_is_no_share(budget):
    with pytest.raises((ValueError, TypeError)):
        Sampler(budget)


def test_one_that_compares_runs_looks_at_the_same_steps_whatever_they_cost():
    cheap, dear = (sorted(drive(Spaced(), 2000, 0.01, cost)) for cost in (0.001, 5.0))
    assert cheap == dear
    assert cheap[:4] == [0, 1, 2, 3]
    assert all(0 < later - step <= 0.15 * step + 2 for step, later in pairwise(cheap))
    assert len(cheap) < 60
