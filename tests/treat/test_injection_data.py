"""Treatments of data, of what they count, and of steps taken by hand: as if the program's source had been edited."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from neurologist.diagnose import Finding
from neurologist.treat.program import run
from neurologist.treat.task import task_of
from neurologist.treat.treatment import treatments

from .programs import blobs, classifier, same, train
from .test_injection import one, proposed, seen, sgd

RARE = 0.05


def imbalanced() -> tuple[torch.Tensor, torch.Tensor]:
    """Two classes, one example in twenty of class 1."""
    x, _ = blobs()
    return x, (torch.arange(len(x)) % round(1 / RARE) == 0).long()


def fit(loss: Callable[..., torch.Tensor], units: int, kept: list[nn.Module] | None = None) -> SimpleNamespace:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, units))
    if kept is not None:
        kept.append(model)
    x, y = imbalanced()
    data = (x, y if units > 1 else y.float().unsqueeze(1))
    return train(model, sgd(model), loss, data, epochs=3)


WEIGHTED = {
    "cross_entropy": (F.cross_entropy, 2, "weight", lambda share: torch.tensor([0.5 / (1 - share), 0.5 / share])),
    "nn.CrossEntropyLoss": (
        nn.CrossEntropyLoss(),
        2,
        "weight",
        lambda share: torch.tensor([0.5 / (1 - share), 0.5 / share]),
    ),
    "bce_with_logits": (
        F.binary_cross_entropy_with_logits,
        1,
        "pos_weight",
        lambda share: torch.tensor([(1 - share) / share]),
    ),
}


@pytest.mark.parametrize("case", WEIGHTED)
def test_rare_classes_are_weighted_by_their_share(case):
    loss, units, option, weight = WEIGHTED[case]
    share = float(imbalanced()[1].float().mean())
    plain = F.cross_entropy if isinstance(loss, nn.Module) else loss
    edited = fit(partial(plain, **{option: weight(share)}), units).model
    treated: list[nn.Module] = []
    treatment = one("class-weights", "class_imbalance", lambda: fit(loss, units))
    assert run(lambda: fit(loss, units, treated), [treatment]).error is None
    for one_weight, other in zip(treated[0].parameters(), edited.parameters(), strict=True):
        torch.testing.assert_close(one_weight, other, rtol=1e-4, atol=1e-6)


def test_weights_of_the_program_itself_stay():
    weighted = partial(F.cross_entropy, weight=torch.tensor([1.0, 2.0]))
    kept: list[nn.Module] = []
    treatment = one("class-weights", "class_imbalance", lambda: fit(weighted, 2))
    assert run(lambda: fit(weighted, 2, kept), [treatment]).error is None
    assert same(kept[0], fit(weighted, 2).model)


def test_where_one_class_drowns_the_others_recall_is_what_counts():
    target = imbalanced()[1]
    common, right = torch.zeros(len(target), 2), F.one_hot(target, 2).float()
    common[:, 0] = 1.0
    task = task_of([target], [common], "cross_entropy")
    assert task.measure == "mean recall"
    assert task.score(common, target) == pytest.approx(0.5)
    assert task.score(right, target) == pytest.approx(1.0)
    assert task.score(1 - right, target) == 0.0
    even = task_of([torch.arange(len(target)) % 2], [common], "cross_entropy")
    assert even.measure == "accuracy"


def test_labels_that_the_loss_leaves_out_count_for_nothing():
    target = torch.tensor([0] * 95 + [1] * 5 + [-100] * 10)
    task = task_of([target], [torch.zeros(110, 2)], "cross_entropy")
    assert task.shares.tolist() == pytest.approx([0.95, 0.05])
    assert 0 < task.score(F.one_hot(target.clamp_min(0), 2).float(), target) <= 1.0


def test_what_is_missing_is_filled_with_the_mean_of_its_column():
    kept: list[nn.Module] = []
    x, y = blobs()
    gaps = torch.rand(x.shape, generator=torch.Generator().manual_seed(0)) < 0.05
    gapped = x.masked_fill(gaps, torch.nan)
    gapped[3, 2] = torch.inf

    def program(data: torch.Tensor = gapped) -> None:
        kept.append(classifier())
        train(kept[-1], sgd(kept[-1]), data=(data, y), epochs=3)

    assert run(program, [one("fill-missing", "non_finite_data", program)]).error is None
    treated, known = kept[-1], gapped.isfinite()
    means = torch.stack([column[there].mean() for column, there in zip(x.T, known.T, strict=True)])
    program(torch.where(known, gapped, means))
    for one_weight, other in zip(treated.parameters(), kept[-1].parameters(), strict=True):
        torch.testing.assert_close(one_weight, other)
    assert proposed("fill-missing", "non_finite_data", lambda: program(x)) == []


class Cut(nn.Module):
    """Its first layer is cut off from the graph."""

    def __init__(self, cut: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.one, self.two, self.cut = nn.Linear(6, 16), nn.Linear(16, 4), cut

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.one(x))
        return self.two(x.detach() if self.cut else x)


def test_the_graph_is_left_whole():
    finding = Finding("", "", "frozen_parameters", "warning", "", treatments=("attach-graph",))
    kept: list[nn.Module] = []

    def program(cut: bool = True) -> SimpleNamespace:
        kept.append(Cut(cut))
        return train(kept[-1], sgd(kept[-1]))

    assert run(program, list(treatments()["attach-graph"].proposals(finding, seen(program)))).error is None
    treated = kept[-1]
    assert same(treated, program(cut=False).model)
    assert not same(treated, program().model)


def test_a_detach_outside_the_model_stays():
    finding = Finding("", "", "frozen_parameters", "warning", "", treatments=("attach-graph",))
    found = []

    def program() -> None:
        result = train(m := Cut(False), sgd(m), lambda p, y: F.cross_entropy(p, y) + p.detach().mean())
        found.append(result.losses)

    program()
    run(program, list(treatments()["attach-graph"].proposals(finding, seen(program))))
    assert found[0] == found[-1]


def test_the_rate_falls_as_a_scheduler_would_let_it():
    kept: list[nn.Module] = []

    def program(fall: bool = False) -> None:
        model = classifier()
        kept.append(model)
        optimizer, (x, y) = sgd(model), blobs()
        schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=60)
        for _ in range(10):
            for rows in torch.arange(len(x)).split(64):
                optimizer.zero_grad()
                F.cross_entropy(model(x[rows]), y[rows]).backward()
                optimizer.step()
                if fall:
                    schedule.step()

    noted = seen(program)
    treatment = next(iter(treatments()["anneal"].proposals(Finding("", "", "gradient_noise", "info", ""), noted)))
    assert run(program, [treatment]).error is None
    treated = kept[-1]
    program(fall=True)
    for one_weight, other in zip(treated.parameters(), kept[-1].parameters(), strict=True):
        torch.testing.assert_close(one_weight, other)


@pytest.mark.parametrize("raw", [True, False])
def test_steps_taken_by_hand_get_smaller(raw):
    kept: list[list[torch.Tensor]] = []

    def program(lr: float = 0.25) -> None:
        model = classifier()
        own = [p.detach().clone().requires_grad_() for p in model.parameters()]
        parameters = own if raw else list(model.parameters())
        x, y = blobs()
        for _ in range(3):
            scores = F.linear(torch.relu(F.linear(x, *own[:2])), *own[2:]) if raw else model(x)
            F.cross_entropy(scores, y).backward()
            with torch.no_grad():
                for parameter in parameters:
                    parameter -= lr * parameter.grad
                    parameter.grad = None
        kept.append(parameters)

    treatment = one("learning-rate", "lr_too_high", program)
    assert treatment.changes_loss
    treatment.factor = 0.125  # exact in binary
    assert run(program, [treatment]).error is None
    treated = kept[-1]
    program(lr=0.25 * 0.125)
    assert all(torch.equal(a, b) for a, b in zip(treated, kept[-1], strict=True))
