"""A program whose every step gets the data of its first: what reaches model and loss, and what is said of it."""

import json
from dataclasses import asdict

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import neurologist as nl
from neurologist.diagnose.by_heart import KEY
from neurologist.treat.feed import Feed
from neurologist.treat.judge import Judge


class Enough(BaseException):
    """Ends the program."""


def enough():
    raise Enough


def learn(program, steps=None):
    """The diagnosis of a program that learns its first batch, and what of PyTorch was left replaced."""
    before = torch.autograd.backward, nn.Module.__call__
    judge = Judge(steps)
    with nl.watch(budget=1.0) as session:
        feed = Feed(lambda: session.steps, judge, enough)
        judge.scalars = lambda: feed.scalars
        try:
            with feed:
                program()
        except Enough:
            pass
        session.facts[KEY] = json.dumps(asdict(judge.verdict(why=feed.why)))
    assert (torch.autograd.backward, nn.Module.__call__) == before
    return session.diagnose()


def net(*last):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5), *last)


def noise(steps=400, rows=32):
    """Batches that have nothing in common: only who sees the first one again and again learns anything."""
    for step in range(steps):
        n = 7 if step % 5 == 4 else rows  # the last batch of an epoch is shorter
        yield torch.randn(n, 20), torch.randint(0, 5, (n,))


def adam(model):
    return torch.optim.Adam(model.parameters(), lr=0.01)


def plain():
    model, criterion = net(), nn.CrossEntropyLoss()
    optimizer = adam(model)
    for x, y in noise():
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()


def without_module():
    torch.manual_seed(0)
    weights = [torch.randn(20, 64, requires_grad=True), torch.randn(64, 5, requires_grad=True)]
    for x, y in noise(1000):
        loss = F.cross_entropy(torch.tanh(x @ weights[0] / 5) @ weights[1] / 8, y)
        loss.backward()
        with torch.no_grad():
            for w in weights:
                w -= 1.0 * w.grad
                w.grad = None


def loss_by_hand():
    model = net()
    optimizer = adam(model)
    for x, y in noise():
        wanted = F.one_hot(y, 5).float()
        loss = -(torch.log_softmax(model(x), 1) * wanted).sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def accumulating():
    model = net()
    optimizer = adam(model)
    for i, (x, y) in enumerate(noise(1200)):
        (F.cross_entropy(model(x), y) / 4).backward()
        if i % 4 == 3:
            optimizer.step()
            optimizer.zero_grad()


def looking_in_between():
    model = nn.Sequential(nn.Linear(20, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 5))
    optimizer = adam(model)
    for step, (x, y) in enumerate(noise()):
        if step % 3 == 2:
            model.eval()
            model(torch.randn(9, 20))  # gradients are on, and yet it is no step
            with torch.no_grad():
                F.cross_entropy(model(torch.randn(9, 20)), torch.zeros(9, dtype=torch.long))
            model.train()
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()


def by_keyword():
    class Named(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = net()

        def forward(self, *, rows, scale):
            rows.mul_(scale)  # changes what it is given
            return {"logits": self.body(rows)}

    model = Named()
    optimizer = adam(model)
    for x, y in noise():
        optimizer.zero_grad()
        F.cross_entropy(model(rows=x, scale=1.5)["logits"], y).backward()
        optimizer.step()


def masked():
    model = net()
    optimizer = adam(model)
    for x, y in noise():
        each = F.cross_entropy(model(x), y, reduction="none")
        mask = torch.rand(len(y)) > 0.3
        loss = torch.zeros(1)
        loss[0] = each[mask].mean()  # a write: what is written to stays the program's
        optimizer.zero_grad()
        loss.sum().backward()
        optimizer.step()


PROGRAMS = [plain, without_module, loss_by_hand, accumulating, looking_in_between, by_keyword, masked]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_every_step_gets_the_first_batch(program):
    torch.manual_seed(0)
    diagnosis = learn(program)
    assert (diagnosis.by_heart.learnt, diagnosis.by_heart.why) == (True, "")
    assert [f.rule for f in diagnosis.findings if f.severity != "info"] == []


def test_without_it_these_programs_learn_nothing():
    torch.manual_seed(0)
    with nl.watch() as session:
        plain()
    assert session.diagnose().summary.loss_last > 1.4


def test_what_is_sick_is_named():
    def program():
        model = net(nn.Softmax(1))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for x, y in noise():
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()

    diagnosis = learn(program)
    assert diagnosis.by_heart.learnt is not True
    assert diagnosis.findings[0].rule == "double-softmax"


def test_adversaries_are_no_case_of_learning_by_heart():
    def program():
        real, fake = net(nn.Linear(5, 1)), nn.Linear(4, 20)
        first, second = adam(real), adam(fake)
        for x, _ in noise(60, rows=35):
            x = x[:7]
            first.zero_grad()
            seen = real(torch.cat([x, fake(torch.randn(7, 4)).detach()]))
            F.binary_cross_entropy_with_logits(seen, torch.tensor([[1.0]] * 7 + [[0.0]] * 7)).backward()
            first.step()
            second.zero_grad()
            F.binary_cross_entropy_with_logits(real(fake(torch.randn(7, 4))), torch.ones(7, 1)).backward()
            second.step()

    found = learn(program)
    assert (found.by_heart.learnt, found.by_heart.why) == (None, "several-losses")
    assert found.healthy


def test_two_optimizers_of_one_loss_are_a_case():
    def program():
        model = net()
        both = [torch.optim.Adam(part.parameters(), lr=0.01) for part in (model[0], model[2])]
        for x, y in noise():
            for optimizer in both:
                optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            for optimizer in both:
                optimizer.step()

    assert learn(program).by_heart.learnt is True


def test_a_program_that_changes_its_calls_is_not_judged():
    def program():
        model = net()
        optimizer = adam(model)
        for step, (x, y) in enumerate(noise(60)):
            optimizer.zero_grad()
            out = model(x) if step == 0 else nn.functional.linear(x, model[0].weight)[:, :5]
            F.cross_entropy(out, y).backward()
            optimizer.step()

    assert (found := learn(program).by_heart).learnt is None
    assert found.why == "strayed"


def test_a_program_without_data_is_not_judged():
    def program():
        w = torch.ones(3, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=0.1)
        for _ in range(20):
            optimizer.zero_grad()
            w.square().sum().backward()
            optimizer.step()

    assert learn(program).by_heart.why == "no-data"
