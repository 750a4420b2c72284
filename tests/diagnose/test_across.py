"""What rules say of processes that train together, on what they told; the specimens show it on real ones."""

import pytest

from neurologist.diagnose import rules
from neurologist.record import Run, Store
from neurologist.record.schema import TABLES

STEPS = (0, 2, 4, 7, 10, 14)
HEALTHY = {"loss": 1.0, "finite": 1, "alone": 1, "nonfinite": 0, "rms": 1.0, "varying": 1.0, "square": 1.0}
ALIKE = {"parameter": "model.fc.weight", "apart": 0.0, "differing": 0, "agreeing": 4}
APART = {"parameter": "model.fc.weight", "apart": 0.2, "differing": 4, "agreeing": 0}


def found(slug, tell, world=2, ends=None, losses=15):
    """Findings of one rule where `tell(rank, step)` says what differs from a healthy process."""
    store = Store()
    with store.transaction():
        for rank in range(world):
            for step in STEPS:
                known = {**HEALTHY, **ALIKE, "batch": 100 * step + rank, "loss": 1.0 + rank / 10, **tell(rank, step)}
                row = [known[column] for column in list(TABLES["rank_sample"])[2:]]
                store.insert("rank_sample", [(step, rank, *row)])
            status, steps, place = (ends or {}).get(rank, ("finished", 15, rank))
            store.insert("rank", [(rank, STEPS[-1], status, steps, place)])
        store.insert("step", [(step, 0, 1.0, 1) for step in range(losses)])
        store.meta(world=world, steps=15)
    return list(rules()[slug]().check(Run(store.connection)))


def severities(slug, tell, **options):
    return [finding.severity for finding in found(slug, tell, **options)]


def nothing(rank, step):
    return {}


@pytest.mark.parametrize("slug", ["same-data-on-ranks", "diverging-replicas", "odd-rank", "lost-rank"])
@pytest.mark.parametrize("world", [1, 2, 4])
def test_processes_that_train_as_they_should_are_healthy(slug, world):
    assert found(slug, nothing, world=world) == []


# -- the same data --------------------------------------------------------------------------------------------


def test_one_batch_for_all():
    assert severities("same-data-on-ranks", lambda rank, step: {"batch": step}) == ["warning"]


@pytest.mark.parametrize(
    "tell",
    [
        lambda rank, step: {"batch": 7 if step == 4 else 100 * step + rank},  # by chance, once
        lambda rank, step: {"batch": step if rank < 2 else 100 + step},  # two of four: tensor parallel pairs
        lambda rank, step: {"batch": step, **(APART if rank else {})},  # each holds another part of the model
        lambda rank, step: {"batch": step, "parameter": None, "apart": None, "differing": None, "agreeing": None},
        lambda rank, step: {"batch": None},
    ],
)
def test_data_that_are_shared_on_purpose_or_not_known(tell):
    assert found("same-data-on-ranks", tell, world=4) == []


# -- replicas -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("since", [0, 2])
def test_each_trains_its_own(since):
    said = found("diverging-replicas", lambda rank, step: APART if rank and step >= since else {})
    assert [(finding.severity, finding.since) for finding in said] == [("warning", since)]


def test_a_part_that_nobody_averages_is_a_note():
    part = {**APART, "parameter": "head.weight", "differing": 1, "agreeing": 3}
    said = found("diverging-replicas", lambda rank, step: part if rank and step else {})
    assert [(finding.severity, finding.origin.module) for finding in said] == [("info", "head")]


@pytest.mark.parametrize(
    "tell",
    [
        lambda rank, step: APART if rank and step % 4 else {},  # averaged every few steps
        lambda rank, step: {**APART, "apart": 1e-6} if rank and step else {},  # another device rounds otherwise
        lambda rank, step: {**APART, "alone": 0} if rank else {},  # a pipeline: only the last has a loss
        lambda rank, step: {**APART, "loss": 1.0} if rank else {"loss": 1.0},  # one loss for all
        lambda rank, step: {**APART, "differing": 2, "agreeing": 2} if rank else {},  # experts, from the first step on
        lambda rank, step: APART if rank and step == STEPS[-1] else {},  # seen once
    ],
)
def test_replicas_that_differ_on_purpose_or_hardly(tell):
    assert found("diverging-replicas", tell) == []


# -- an odd one -----------------------------------------------------------------------------------------------


def test_the_first_that_is_not_finite_is_named():
    def tell(rank, step):
        bad = step >= 7 if rank == 1 else step >= 10
        return {"finite": 0, "loss": None} if bad else {}

    (finding,) = found("odd-rank", tell)
    assert (finding.severity, finding.since) == ("error", 7)
    assert "The loss of rank 1 became NaN or infinite in step 7" in finding.message


def test_values_that_are_none_are_counted():
    (finding,) = found("odd-rank", lambda rank, step: {"nonfinite": 3} if rank == 2 and step == 4 else {}, world=3)
    assert "rank 2 held NaN or infinity in step 4" in finding.message
    assert finding.evidence[0].value == 3


@pytest.mark.parametrize(
    ("tell", "what"),
    [
        (lambda rank, step: {"varying": 0.0} if rank == 1 else {}, "constant"),
        (lambda rank, step: {"rms": 100.0 + step} if rank == 1 else {}, "at least 100 times"),
        (lambda rank, step: {"rms": 0.01} if rank == 1 else {}, "at most 0.01 times"),
        (lambda rank, step: {"batch": 5} if rank == 1 else {}, "the same batch"),
    ],
)
@pytest.mark.parametrize("world", [2, 3])
def test_one_whose_data_are_unlike_the_others(tell, what, world):
    (finding,) = found("odd-rank", tell, world=world)
    assert finding.severity == "warning"
    assert what in finding.message
    assert "rank 1" in finding.message.lower()


@pytest.mark.parametrize(
    "tell",
    [
        lambda rank, step: {"finite": 0, "loss": None} if step >= 7 else {},  # all at once
        lambda rank, step: {"varying": 0.0},  # constant for all: another rule's
        lambda rank, step: {"rms": 100.0} if rank == 1 and step == 4 else {},  # one batch
        lambda rank, step: {"rms": 3.0} if rank == 1 else {},  # not that different
        lambda rank, step: {"batch": 5},  # each stands still
        lambda rank, step: {"rms": None},
    ],
)
def test_none_stands_out(tell):
    assert found("odd-rank", tell, world=3) == []


# -- a lost one -----------------------------------------------------------------------------------------------

CLOSED = "failed: RuntimeError: Connection closed by peer"


@pytest.mark.parametrize(
    ("ends", "losses", "what"),
    [
        ({0: (CLOSED, 9, 1), 1: ("failed: ValueError: bad", 9, 0)}, 10, "Rank 1 was the first to fail, after 9 steps"),
        ({0: ("interrupted", 9, 0), 1: (None, None, None)}, 10, "Rank 1 was last heard of at step 14"),
        ({0: (CLOSED, 9, 1), 1: ("finished", 9, 0)}, 10, "Rank 1 was through after 9 steps"),
        ({0: ("failed: DistBackendError: x", 9, 1), 1: ("finished", 9, 0)}, 9, "Rank 1 was through after 9 steps"),
        ({0: (CLOSED, 9, 2), 1: ("failed: RuntimeError: x", 9, 1), 2: ("finished", 7, 0)}, 10, "Rank 2 was through"),
    ],
)
def test_who_was_lost(ends, losses, what):
    (finding,) = found("lost-rank", nothing, world=len(ends), ends=ends, losses=losses)
    assert finding.severity == "error"
    assert what in finding.message


@pytest.mark.parametrize(
    "ends",
    [
        {0: ("finished", 15, 0), 1: (None, None, None)},  # slower to leave than the first waits
        {0: ("finished", 15, 1), 1: ("finished", 12, 0)},  # fewer batches, inside join()
        {0: ("failed: KeyError: x", 15, 0), 1: ("failed: RuntimeError: closed", 15, 1)},  # the first is its own
        {0: ("failed: OSError: disk full", 15, 1), 1: ("finished", 15, 0)},  # after training
        {0: ("interrupted", 15, 0), 1: ("interrupted", 15, 1)},
    ],
)
def test_none_was_lost(ends):
    assert found("lost-rank", nothing, ends=ends) == []
