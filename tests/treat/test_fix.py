"""Whole cures of small programs: what is found, what is tried, what is said."""

from __future__ import annotations

from importlib import import_module

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import neurologist as nl
from neurologist.specimens import specimens
from neurologist.treat.fix import ProgramError
from neurologist.treat.program import Ending
from neurologist.treat.task import Task
from neurologist.treat.treatment import Treatment, treatments
from neurologist.treat.trial import Job, Trial, conduct
from neurologist.treat.verdict import judge

from .programs import blobs, classifier, train

CURED = {  # specimen -> the treatment that belongs to it
    "activation-before-logits-loss": "remove-activation",
    "batch-norm-of-few": "group-norm",
    "dead-units": "re-initialise",
    "double-softmax": "remove-activation",
    "frozen-parameters": "unfreeze",
    "gradient-ascent": "flip-sign",
    "linear-collapse": "insert-activation",
    "missing-output-activation": "fitting-loss",
    "over-regularised": "lower-weight-decay",
    "parameters-not-in-optimizer": "unfreeze",
    "stale-gradient": "clear-gradients",
    "symmetric-units": "re-initialise",
    "unstable-expression": "fitting-loss",
    "wrong-softmax-axis": "softmax-axis",
}


@pytest.mark.parametrize("slug", CURED)
def test_a_specimen_is_cured_by_its_treatment(slug):
    cure = nl.fix(specimens()[slug].sick, seeds=1)
    assert cure.best is not None
    assert CURED[slug] in [treatment.slug for treatment in cure.best.treatments]
    assert cure.verdicts[0].verdict == "cured"
    assert "Cured by: " in str(cure)


@pytest.mark.parametrize("slug", ["double-softmax", "stale-gradient", "symmetric-units"])
def test_a_healthy_twin_has_nothing_to_treat(slug):
    cure = nl.fix(specimens()[slug].healthy, seeds=1)
    assert (cure.best, cure.verdicts) == (None, ())
    assert str(cure).startswith("No cure: nothing to treat")


@pytest.mark.parametrize("slug", ["gradient-ascent", "symmetric-units"])
def test_an_unrelated_treatment_does_not_cure(slug, monkeypatch):
    class Unrelated(treatments()["clip-gradient"]):
        treats = ("flipped_gradient_sign", "bad_init")

    for room in ("search", "proposals"):
        module = import_module(f"neurologist.treat.{room}")
        monkeypatch.setattr(module, "treatments", lambda: {"clip-gradient": Unrelated, "longer": Never})
    cure = nl.fix(specimens()[slug].sick, seeds=1)
    assert cure.best is None
    assert {verdict.verdict for verdict in cure.verdicts} <= {"no effect", "worse"}


class Never(Treatment):
    treats = ()


def sick() -> None:
    model = classifier(nn.Softmax(1))
    train(model, torch.optim.SGD(model.parameters(), lr=0.3), epochs=40)


def test_an_error_inside_a_treatment_is_no_verdict_on_it(monkeypatch):
    def broken(self, call):
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr(treatments()["remove-activation"], "before", broken)
    cure = nl.fix(sick, seeds=1)
    found = {verdict.verdict for verdict in cure.verdicts if verdict.plan.treatments[0].slug == "remove-activation"}
    assert found == {"failed"}
    assert "a bug of ours" in next(verdict.error for verdict in cure.verdicts if verdict.verdict == "failed")


def test_a_program_that_fails_before_it_trains_is_said():
    with pytest.raises(ProgramError, match=r"failed before its first \.backward\(\): ValueError: no data"):
        nl.fix(lambda: (_ for _ in ()).throw(ValueError("no data")))
    with pytest.raises(ValueError, match="steps=0"):
        nl.fix(sick, steps=0)


def test_nothing_is_tried_after_the_time():
    cure = nl.fix(sick, minutes=1e-6)
    assert (cure.best, cure.verdicts) == (None, ())


def trial(worths: list[float], seed: int = 0) -> Trial:
    """A trial of batches with these scores."""
    target = torch.zeros(100, dtype=torch.long)
    batches = []
    for share in worths:
        scores = F.one_hot((torch.arange(100) >= 100 * share).long(), 2).float()
        batches.append((scores, target))
    ending = Ending(10, True, None, [], [1.0] * 10, fresh=batches)
    return Trial(worth=ending.worth(TASK), chance=ending.chance(TASK), steps=10, losses=ending.losses)


TASK = Task("classes", 2, torch.zeros(1), torch.ones(1))


def test_a_difference_within_chance_is_no_effect():
    noisy = [0.3, 0.7, 0.4, 0.6, 0.5]
    assert judge([trial(noisy)], [trial([s + 0.02 for s in noisy])], TASK).verdict == "no effect"
    assert judge([trial([0.5] * 5)], [trial([0.9] * 5)], TASK).verdict == "helped"
    assert judge([trial([0.9] * 5)], [trial([0.5] * 5)], TASK).verdict == "worse"


def test_the_interval_over_seeds_is_students():
    controls, treated = [trial([0.5])] * 3, [trial([w]) for w in (0.6, 0.7, 0.8)]
    verdict = judge(controls, treated, TASK)
    assert verdict.gain == pytest.approx(0.2)
    assert verdict.high - verdict.gain == pytest.approx(4.30 * 0.1 / 3**0.5, rel=1e-3)
    assert verdict.verdict == "no effect"  # 0.2 +- 0.25


def untreated() -> None:
    """Seeded from outside, so that runs differ as runs do."""
    x, y = blobs()
    model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 4))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
    for _ in range(10):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()


def test_a_program_against_itself_from_other_seeds_is_rarely_an_improvement():
    first = conduct(untreated, Job())
    task = first.seen.task
    trials = [conduct(untreated, Job(number=number, task=task)) for number in range(120)]
    pairs = [(trials[i : i + 3], trials[i + 3 : i + 6]) for i in range(0, 120, 6)]
    words = [judge(controls, treated, task).verdict for controls, treated in pairs]
    assert len(words) == 20
    assert sum(word in ("helped", "cured") for word in words) <= 1  # 5 %


def test_only_the_controls_history_is_gathered():
    """It would be computed and sent between processes for every arm, and is shown for the control alone."""
    control = conduct(untreated, Job(steps=5, examined=True))
    arm = conduct(untreated, Job(steps=5, examined=True, task=control.seen.task))
    assert control.diagnosis.history.steps
    assert not arm.diagnosis.history.steps
    assert arm.diagnosis.waterfall == control.diagnosis.waterfall
