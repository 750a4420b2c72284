"""Training is bitwise the same with and without `watch`, whatever the architecture and the way of training."""

import random

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

STEPS = 5


def data(*shape, classes=4):
    return torch.randn(*shape), torch.randint(classes, shape[:1])


def fit(model, loss_of, optimizer=None, steps=STEPS):
    """The plain loop: zero, forward, backward, step."""
    optimizer = optimizer or torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = loss_of(model)
        loss.backward()
        optimizer.step()
        losses.append(loss)
    return losses, model, optimizer


def mlp_with_dropout():
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 4))

    def loss(model):
        x, y = data(16, 8)
        noise = np.random.randn() + random.random()  # the user's own draws go on undisturbed
        return F.cross_entropy(model(x + noise), y)

    return fit(model, loss, torch.optim.Adam(model.parameters()))


def cnn_with_batch_norm():
    conv = [nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.ReLU(inplace=True), nn.MaxPool2d(2)]
    model = nn.Sequential(*conv, nn.Flatten(), nn.LazyLinear(4))
    x, y = data(8, 3, 10, 10)
    model(x)
    return fit(model, lambda model: F.cross_entropy(model(x), y))


def every_activation_of_torch():
    kinds = [
        nn.RReLU(),
        nn.PReLU(),
        nn.LeakyReLU(inplace=True),
        nn.GELU(),
        nn.SiLU(),
        nn.Hardswish(),
        nn.ELU(),
        nn.Tanh(),
    ]
    kinds += [nn.Sigmoid(), nn.Softplus(), nn.Mish(), nn.Softmax(1), nn.AlphaDropout(0.2), nn.GLU()]
    layers = [layer for kind in kinds for layer in (nn.LazyLinear(8), kind)]
    model = nn.Sequential(*layers, nn.LazyLinear(2))
    x, y = data(8, 8, classes=2)
    model(x)
    return fit(model, lambda model: F.cross_entropy(model(x), y))


class Recurrent(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.cell, self.head = kind(5, 7, batch_first=True), nn.Linear(7, 4)

    def forward(self, x):
        return self.head(self.cell(x)[0][:, -1])


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
def test_recurrent(unharmed, kind):
    def program():
        x, y = data(6, 9, 5)
        return fit(Recurrent(kind), lambda model: F.cross_entropy(model(x), y))

    unharmed(program)


class Reader(nn.Module):
    """Embedding, attention, and a head that shares the embedding's weight."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(11, 16)
        layer = nn.TransformerEncoderLayer(16, 4, 32, dropout=0.1, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(16, 11, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, x):
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        return self.head(self.encoder(self.embed(x), mask=mask, is_causal=True))


def transformer_with_tied_embedding():
    model, x = Reader(), torch.randint(11, (4, 7))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    return fit(model, lambda model: F.cross_entropy(model(x[:, :-1]).flatten(0, 1), x[:, 1:].flatten()), optimizer)


def attention_with_weights():
    attention, x = nn.MultiheadAttention(8, 2, dropout=0.1, batch_first=True), torch.randn(4, 6, 8)
    return fit(attention, lambda model: F.mse_loss(model(x, x, x)[0], x) + model(x, x, x)[1].square().mean())


def gradient_accumulation():
    model, losses = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 4)), []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(4 * STEPS):
        x, y = data(4, 8)
        losses.append(F.cross_entropy(model(x), y) / 4)
        losses[-1].backward()
        if step % 4 == 3:
            optimizer.step()
            optimizer.zero_grad()
    return losses, model, optimizer


def two_optimizers():
    make = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 3))
    judge = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
    first, second = torch.optim.Adam(judge.parameters()), torch.optim.RMSprop(make.parameters())
    losses = []
    for _ in range(STEPS):
        real, made = torch.randn(8, 3), make(torch.randn(8, 2))
        for optimizer, loss in (
            (first, F.softplus(-judge(real)).mean() + F.softplus(judge(made.detach())).mean()),
            (second, F.softplus(-judge(made)).mean()),
        ):
            optimizer.zero_grad()
            loss.backward()
            losses.append(loss)
            if optimizer is second:
                first.step()
                second.step()
    return losses, make, judge, first, second


def lbfgs_closure():
    model, (x, y) = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3)), data(12, 4, classes=3)
    optimizer, losses = torch.optim.LBFGS(model.parameters(), max_iter=7, line_search_fn="strong_wolfe"), []

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        return loss

    for _ in range(3):
        losses.append(optimizer.step(closure))
    return losses, model, optimizer


def no_optimizer():
    model, losses = nn.Sequential(nn.Linear(4, 6), nn.ReLU(inplace=True), nn.Linear(6, 3)), []
    for _ in range(STEPS):
        x, y = data(8, 4, classes=3)
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        with torch.no_grad():
            for p in model.parameters():
                p -= 0.1 * p.grad
                p.grad = None
        losses.append(loss)
    return losses, model


def gradient_clipping_and_schedule():
    model, (x, y), losses = nn.Linear(5, 4), data(8, 5), []
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x * 100), y)
        loss.backward()
        losses += [loss, nn.utils.clip_grad_norm_(model.parameters(), 0.1)]
        optimizer.step()
        schedule.step()
    return losses, model, optimizer


def evaluation_in_between():
    model, losses = nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.Dropout(), nn.Linear(8, 4)), []
    optimizer = torch.optim.Adam(model.parameters(), amsgrad=True)
    for _ in range(STEPS):
        x, y = data(8, 5)
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        model.eval()
        with torch.no_grad():
            losses += [loss, model(x).argmax(1)]
        model.train()
        optimizer.step()
    return losses, model, optimizer


def bfloat16_autocast():
    model, (x, y) = nn.Sequential(nn.Linear(8, 16), nn.LayerNorm(16), nn.GELU(), nn.Linear(16, 4)), data(8, 8)

    def loss(model):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return F.cross_entropy(model(x), y)

    return fit(model, loss)


def optimizer_in_backward():
    model, (x, y), losses = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 4)), data(8, 5), []
    optimizers = {p: torch.optim.Adam([p], lr=0.01) for p in model.parameters()}

    def step(p):
        optimizers[p].step()
        optimizers[p].zero_grad()

    for p in optimizers:
        p.register_post_accumulate_grad_hook(step)
    for _ in range(STEPS):
        losses.append(F.cross_entropy(model(x), y))
        losses[-1].backward()
    return losses, model, list(optimizers.values())


@pytest.mark.parametrize(
    "program",
    [
        mlp_with_dropout,
        cnn_with_batch_norm,
        every_activation_of_torch,
        transformer_with_tied_embedding,
        attention_with_weights,
        gradient_accumulation,
        two_optimizers,
        lbfgs_closure,
        no_optimizer,
        gradient_clipping_and_schedule,
        evaluation_in_between,
        bfloat16_autocast,
        optimizer_in_backward,
    ],
    ids=lambda f: f.__name__,
)
def test_training_is_bitwise_the_same(unharmed, program):
    unharmed(program)
