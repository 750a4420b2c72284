"""Programs with compiled code in them, and all that they leave behind; `wrap` compiles, or does not."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

STEPS = 3


class Net(nn.Module):
    """A forward pass that leaves traces: running statistics, a counter, a list, an average that it reads again."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.drop, self.head = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5), None
        self.head = nn.Linear(4 * 16, 4)
        self.calls, self.seen = 0, []
        self.register_buffer("average", torch.zeros(4))

    def forward(self, x):
        self.calls += 1
        self.seen.append(len(self.seen))
        x = F.relu(self.norm(self.conv(x)), inplace=True)
        with torch.no_grad():
            self.average.mul_(0.9).add_(0.1 * x.mean((0, 2, 3)))
        return self.head(self.drop((x + self.average[:, None, None]).flatten(1)))


def images():
    return torch.randn(8, 1, 6, 6), torch.randint(4, (8,))


def fit(model, loss_of, optimizer=None):
    optimizer = optimizer or torch.optim.Adam(model.parameters(), 1e-2)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = loss_of(*images())
        loss.backward()
        optimizer.step()
        losses.append(loss)
    return losses, model, optimizer


def whole_model(wrap):
    model = Net()
    run = wrap(model)
    return *fit(model, lambda x, y: F.cross_entropy(run(x), y)), model.calls, model.seen


def two_results(wrap):
    """One result is made from the other, behind a break of the graph."""
    first, last = nn.Linear(36, 8), nn.Linear(8, 4)

    def both(x):
        hidden = torch.tanh(first(x.flatten(1)))
        torch._dynamo.graph_break()
        return last(hidden), hidden

    run = wrap(both)

    def loss(x, y):
        scores, hidden = run(x)
        return F.cross_entropy(scores, y) + hidden.square().mean()

    return fit(nn.ModuleList([first, last]), loss)


def compiled_loss(wrap):
    """Models are found by their names, one tensor is in no module, the graph breaks, and a hook changes a gradient."""
    model, scale, counted = nn.Sequential(nn.Flatten(), nn.Linear(36, 8)), torch.ones(8, requires_grad=True), []
    head = nn.Linear(8, 4)
    head.weight.register_hook(lambda gradient: counted.append("gradient") or gradient * 0.5)

    def loss(x, y):
        hidden = torch.tanh(model(x) * scale)
        torch._dynamo.graph_break()
        return F.cross_entropy(head(F.dropout(hidden, 0.2)), y), hidden.detach()

    run = wrap(loss)
    both = lambda x, y: run(x, y)[0]  # noqa: E731
    every = nn.ModuleList([model, head])
    return fit(every, both, torch.optim.SGD([*every.parameters(), scale], 0.1, momentum=0.9)), scale, counted


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin, self.norm = nn.Linear(36, 36), nn.BatchNorm1d(36)

    def forward(self, x):
        return F.gelu(self.norm(self.lin(x)))


def repeated_blocks(wrap, reentrant=None):
    """Half precision, a scaled loss, gradients of two passes."""
    blocks, stem, head = nn.ModuleList(Block() for _ in range(3)), nn.Linear(36, 36), nn.Linear(36, 4)
    run = [wrap(block) for block in blocks]
    model = nn.ModuleList([stem, blocks, head])
    optimizer, scaler = torch.optim.Adam(model.parameters(), 1e-2), torch.amp.GradScaler("cpu", init_scale=1024.0)
    for _ in range(STEPS):
        optimizer.zero_grad()
        for _ in range(2):
            x, y = images()
            with torch.autocast("cpu", torch.bfloat16):
                x = stem(x.flatten(1))
                for block in run:
                    x = x + (block(x) if reentrant is None else checkpoint(block, x, use_reentrant=reentrant))
                loss = F.cross_entropy(head(x).float(), y) / 2
            scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
    return model, optimizer, scaler.state_dict()


@dataclass
class Halved:
    values: torch.Tensor


def written_in_place(wrap):
    """The compiled function overwrites what it is given, data and activations, and gives an object of the user's."""
    model = nn.Sequential(nn.Linear(36, 8), nn.Linear(8, 4))
    run = wrap(lambda x: Halved(torch.tanh(x.mul_(0.5))))

    def loss(x, y):
        given = x.flatten(1)
        hidden = model[0](run(given).values) * 2
        return F.cross_entropy(model[1](run(hidden).values), y) * given.square().mean() + hidden.square().mean()

    return fit(model, loss)


def backward_inside(wrap):
    model = nn.Linear(36, 4)

    def loss(x, y):
        loss = F.cross_entropy(model(x.flatten(1)), y)
        loss.backward()
        return loss

    run, optimizer = wrap(loss), torch.optim.SGD(model.parameters(), 0.1)
    found = run(*images())
    optimizer.step()
    return found, model


def weights_changed(wrap):
    model = nn.Linear(36, 4)

    def loss(x, y):
        with torch.no_grad():
            model.weight.mul_(0.9)
        return F.cross_entropy(model(x.flatten(1)), y)

    return fit(model, wrap(loss))


def counted_outside(wrap):
    model, count = nn.Linear(36, 4), torch.zeros(())

    def loss(x, y):
        count.add_(1)
        return F.cross_entropy(model(x.flatten(1)) / count.sqrt(), y)

    return fit(model, wrap(loss)), count


def another_each_time(wrap):
    """A second call does not give what the first did."""
    model, calls = nn.Linear(36, 4), []

    def loss(x, y):
        calls.append(len(calls))
        if len(calls) % 2 == 0:
            raise ValueError("once is enough")
        return F.cross_entropy(model(x.flatten(1)), y)

    def once(x, y):
        found = run(x, y)
        calls.clear()
        return found

    run = wrap(loss)
    return fit(model, once)
