"""Programs that read ids: constant and repeated batches are seen in what an embedding looks up, and only there."""

import torch
from torch import nn
from torch.nn import functional as F

from neurologist.watch.session import watch

WORDS, LENGTH, ROWS = 20, 12, 512


class Reader(nn.Module):
    """Tokens and positions, one hidden layer, and the tokens' own table as the output layer."""

    def __init__(self):
        super().__init__()
        self.tokens, self.places = nn.Embedding(WORDS, 24), nn.Embedding(LENGTH, 24)
        self.hidden, self.out = nn.Linear(24, 24), nn.Linear(24, WORDS, bias=False)
        self.out.weight = self.tokens.weight

    def forward(self, ids):
        rows = self.tokens(ids) + self.places(torch.arange(ids.shape[1]))
        return self.out(F.relu(self.hidden(rows.mean(1))))


def texts():
    ids = torch.randint(WORDS, (ROWS, LENGTH))
    return ids, ids.amax(1)


def fit(model, ids, targets, batches, steps=60, lr=0.01):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    for step in range(steps):
        rows = batches[step % len(batches)]
        optimizer.zero_grad()
        F.cross_entropy(model(ids[rows]), targets[rows]).backward()
        optimizer.step()


def found(program):
    torch.manual_seed(0)
    with watch(budget=1.0) as session:
        program()
    return [(finding.rule, finding.severity) for finding in session.diagnose().findings]


def test_padding_for_all_texts():
    def program():
        ids, targets = texts()
        fit(Reader(), torch.zeros_like(ids), targets, torch.randperm(ROWS).split(64))

    assert found(program)[0] == ("constant-input", "error")


def test_one_text_again_and_again():
    def program():
        ids, targets = texts()
        fit(Reader(), ids, targets, [torch.arange(64)])

    assert ("repeated-batches", "info") in found(program)


def test_positions_and_tied_tables_are_no_constant_input():
    def program():
        ids, targets = texts()
        fit(Reader(), ids, targets, torch.randperm(ROWS).split(64), steps=200)

    assert not {rule for rule, _ in found(program)} & {"constant-input", "repeated-batches", "unscaled-input"}


class Bag(nn.Module):
    """Ids enter by a way that keeps none of them, beside a column of ones."""

    def __init__(self, table):
        super().__init__()
        self.table, self.side, self.out = table, nn.Linear(1, 24), nn.Linear(24, WORDS)

    def forward(self, ids):
        rows = self.table(ids) if isinstance(self.table, nn.Module) else self.table[ids].mean(1)
        return self.out(F.relu(rows + self.side(torch.ones(len(ids), 1))))


def test_ids_that_are_not_seen_are_not_taken_for_missing():
    for table in (nn.EmbeddingBag(WORDS, 24), nn.Parameter(torch.randn(WORDS, 24))):

        def program(table=table):
            ids, targets = texts()
            fit(Bag(table), ids, targets, torch.randperm(ROWS).split(64), steps=200)

        assert not {rule for rule, _ in found(program)} & {"constant-input", "repeated-batches"}


class Pairs(nn.Module):
    """One id of a user and one of an item per example."""

    def __init__(self):
        super().__init__()
        self.users, self.items = nn.Embedding(30, 8), nn.Embedding(40, 8)

    def forward(self, ids):
        return (self.users(ids[:, 0]) * self.items(ids[:, 1])).sum(1)


def rated(ids):
    torch.manual_seed(0)
    target = torch.randn(30, 8)[ids[:, 0]].mul(torch.randn(40, 8)[ids[:, 1]]).sum(1)
    model = Pairs()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for rows in [rows for _ in range(20) for rows in torch.randperm(len(ids)).split(64)]:
        optimizer.zero_grad()
        F.mse_loss(model(ids[rows]), target[rows]).backward()
        optimizer.step()


def pairs():
    return torch.stack([torch.randint(30, (1024,)), torch.randint(40, (1024,))], 1)


def test_one_id_per_example():
    assert found(lambda: rated(pairs())) == []


def test_one_and_the_same_id():
    def program():
        ids = pairs()
        target = torch.randn(len(ids))
        model = Pairs()
        optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
        for rows in [rows for _ in range(5) for rows in torch.randperm(len(ids)).split(64)]:
            optimizer.zero_grad()
            F.mse_loss(model(torch.zeros_like(ids[rows])), target[rows]).backward()
            optimizer.step()

    assert found(program)[0] == ("constant-input", "error")


def test_a_single_id_is_looked_up():
    table = nn.Embedding(WORDS, 4)
    with watch(budget=1.0) as session:
        table(torch.tensor(3)).square().sum().backward()
    assert session.diagnose().not_measured == ()
