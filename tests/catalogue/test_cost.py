"""The cost of a function: measured fairly, and said with what was measured. No assertion here is about a real clock."""

import pytest
import torch

from neurologist.functional import cost, functions


class Bench:
    """A clock that passes advance by what they are said to take; a pass after another pays for cold caches."""

    def __init__(self, **times: float) -> None:
        self.now, self.last, self.ran = 0.0, "", []
        self.passes = {label: lambda label=label: self.run(label) for label in times}
        self.times = times

    def run(self, label: str) -> None:
        self.now += self.times[label] + (100.0 if self.last != label else 0.0)
        self.last = label
        self.ran.append(label)

    def __call__(self) -> float:
        return self.now


def test_every_pass_is_timed_after_itself():
    bench = Bench(function=3.0, reference=2.0, control=2.0)
    taken = cost.in_turn(bench.passes, seconds=1e4, clock=bench)
    assert set(taken["function"]) == {3.0}
    assert set(taken["reference"]) == set(taken["control"]) == {2.0}


def test_all_orders_take_their_turn():
    bench = Bench(function=1.0, reference=1.0, control=1.0)
    taken = cost.in_turn(bench.passes, seconds=1e9, clock=bench)
    assert len(taken["function"]) == cost.MOST
    rounds = [tuple(bench.ran[i : i + 6 : 2]) for i in range(0, 36, 6)]
    assert len(set(rounds)) == 6


def test_measuring_ends_in_time_but_not_before_a_few_rounds():
    slow = Bench(function=1000.0, reference=1.0, control=1.0)
    assert len(cost.in_turn(slow.passes, seconds=0.3, clock=slow)["function"]) == cost.FEWEST
    fast = Bench(function=1.0, reference=1.0, control=1.0)
    taken = cost.in_turn(fast.passes, seconds=10_000.0, clock=fast)
    assert cost.FEWEST < len(taken["function"]) < cost.MOST


@pytest.mark.parametrize("name", ["gelu", "softmax", "swiglu", "crelu", "prelu", "rrelu"])
def test_cost_says_what_was_measured(name):
    found = functions[name].cost(entries=640, seconds=0.001)
    assert found.name == name
    assert (found.entries, found.dtype, found.threads) == (640, "float32", torch.get_num_threads())
    assert found.low <= found.ratio <= found.high
    assert found.control > 0
    for part in ("forward and backward", "640 entries of float32", "ReLU by itself", torch.__version__):
        assert part in str(found)


def test_cost_of_too_little_is_refused():
    with pytest.raises(ValueError, match="cost of 'gelu' got 10 entries: expected at least 64"):
        functions["gelu"].cost(entries=10)
