"""What else programs do with autograd: bitwise the same with and without `watch`, and no user hook called once more."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint, checkpoint_sequential

STEPS = 5


def mlp():
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(inplace=True), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 3))


def fit(model, backward, optimizer=None):
    """The plain loop around a function that runs the forward and the backward pass and gives the loss."""
    optimizer, losses = optimizer or torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9), []
    for _ in range(STEPS):
        optimizer.zero_grad()
        losses.append(backward(model))
        optimizer.step()
    return losses, model, optimizer


def loss_of(model):
    return F.cross_entropy(model(torch.randn(7, 6)), torch.randint(3, (7,)))


def retain_graph():
    def backward(model):
        loss = loss_of(model)
        loss.backward(retain_graph=True)
        loss.backward(torch.tensor(0.5))
        return loss

    return fit(mlp(), backward)


def two_losses_on_one_trunk():
    def backward(model):
        features = model[:4](torch.randn(7, 6))
        first, second = features.square().mean(), model[4](features).exp().mean()
        torch.autograd.backward([first, second])
        return first + second

    return fit(mlp(), backward)


def roots_from_a_generator():
    def backward(model):
        losses = [loss_of(model), loss_of(model)]
        torch.autograd.backward(loss / 2 for loss in losses)
        return losses[0]

    return fit(mlp(), backward)


def gradients_to_some_inputs():
    def backward(model):
        loss = loss_of(model)
        loss.backward(inputs=[model[4].weight, model[0].bias])
        return loss

    return fit(mlp(), backward)


def gradient_edge():
    def backward(model):
        loss = loss_of(model)
        torch.autograd.backward(torch.autograd.graph.get_gradient_edge(loss))
        return loss

    return fit(mlp(), backward)


def gradient_penalty():
    def backward(model):
        x = torch.randn(7, 6, requires_grad=True)
        out = model(x).square().mean()
        (slope,) = torch.autograd.grad(out, x, create_graph=True)
        loss = out + (slope.norm(2, dim=1) - 1).square().mean()
        loss.backward()
        return loss

    return fit(mlp(), backward)


def create_graph_in_backward():
    def backward(model):
        loss_of(model).backward(create_graph=True)
        loss = sum(p.grad.square().sum() for p in model.parameters())
        loss.backward()
        for p in model.parameters():
            p.grad = p.grad.detach()
        return loss

    return fit(mlp(), backward)


class Checkpointed(nn.Module):
    def __init__(self, how):
        super().__init__()
        self.first, self.norm, self.second = nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Linear(8, 3)
        self.how, self.calls = how, 0

    def block(self, x):
        self.calls += 1  # a pass run once more would show here and in the norm's running statistics
        return F.dropout(torch.sigmoid(self.norm(self.first(x)) * torch.tanh(x).sum(1, keepdim=True)), 0.2)

    def forward(self, x):
        return self.second(F.relu(self.how(self.block, x)))


def checkpointed_method():
    model = Checkpointed(lambda f, x: checkpoint(f, x, use_reentrant=False))
    return [*fit(model, backward_of), model.calls]


def checkpointed_method_reentrant():
    model = Checkpointed(lambda f, x: checkpoint(f, x.requires_grad_(), use_reentrant=True))
    return [*fit(model, backward_of), model.calls]


def checkpointed_modules():
    body = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Dropout(0.3), nn.Linear(8, 8), nn.Sigmoid(), nn.Linear(8, 3))

    def backward(model):
        out = checkpoint_sequential(model, 3, torch.randn(7, 6), use_reentrant=False)
        loss = F.cross_entropy(out, torch.randint(3, (7,)))
        loss.backward()
        return loss

    return fit(body, backward)


def checkpointed_and_accumulated():
    model = Checkpointed(lambda f, x: checkpoint(f, x, use_reentrant=False))

    def backward(model):
        for _ in range(6):  # the later passes of a step run without source lines
            loss = loss_of(model) / 6
            loss.backward()
        return loss

    return [*fit(model, backward), model.calls]


def backward_of(model):
    loss = loss_of(model)
    loss.backward()
    return loss


def tensors_packed_by_the_user():
    calls = []

    def unpack(packed):
        calls.append("unpack")
        return packed

    def backward(model):
        with torch.autograd.graph.saved_tensors_hooks(lambda t: t, unpack):
            loss = loss_of(model)
        loss.backward()
        calls.append("backward")
        return loss

    return [*fit(mlp(), backward), calls]


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return 3 * x**2 * gradient


def custom_function():
    def backward(model):
        loss = Cube.apply(model(torch.randn(7, 6))).square().mean()
        loss.backward()
        return loss

    return fit(mlp(), backward)


class Spectral(nn.Module):
    def __init__(self):
        super().__init__()
        self.filter = nn.Parameter(torch.randn(5, 4, dtype=torch.complex64))

    def forward(self, x):
        return torch.fft.irfft(torch.fft.rfft(x) @ self.filter.T[:4], n=6)[:, :3]


def complex_parameters():
    return fit(Spectral(), backward_of)


def sparse_gradients():
    embed = nn.Embedding(50, 4, sparse=True)

    def backward(model):
        loss = model(torch.randint(50, (5, 3))).sum(1).square().mean()
        loss.backward()
        return loss

    return fit(embed, backward, torch.optim.SparseAdam(list(embed.parameters())))


def hooks_of_the_user():
    seen, model = [], mlp()
    model[2].register_full_backward_hook(lambda m, i, o: seen.append(o[0].sum()))
    model[0].weight.register_hook(lambda g: 2 * g)
    model[4].weight.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.clamp_(-0.1, 0.1).clone()))
    model[1] = nn.ReLU()

    def backward(model):
        out = model(torch.randn(7, 6, requires_grad=True))
        out.register_hook(lambda g: seen.append(g.clone()))
        out.retain_grad()
        loss = out.exp().mean()
        loss.backward()
        seen.append(out.grad)
        return loss

    return [*fit(model, backward), seen]


class Equal(nn.Linear):
    """A module that compares by value, and so has no hash."""

    __hash__ = None

    def __eq__(self, other):
        return isinstance(other, Equal) and other.weight.shape == self.weight.shape


def modules_without_a_hash():
    layer = Equal(6, 3)
    optimizer, losses = torch.optim.SGD([layer.weight, layer.bias], lr=0.1), []
    for _ in range(STEPS):
        optimizer.zero_grad()
        losses.append(backward_of(layer))
        optimizer.step()
    return losses, layer.weight, layer.bias, optimizer


@pytest.mark.parametrize(
    "program",
    [
        retain_graph,
        two_losses_on_one_trunk,
        roots_from_a_generator,
        gradients_to_some_inputs,
        gradient_edge,
        gradient_penalty,
        create_graph_in_backward,
        checkpointed_method,
        checkpointed_method_reentrant,
        checkpointed_modules,
        checkpointed_and_accumulated,
        tensors_packed_by_the_user,
        custom_function,
        complex_parameters,
        sparse_gradients,
        hooks_of_the_user,
        modules_without_a_hash,
    ],
    ids=lambda f: f.__name__,
)
@pytest.mark.filterwarnings("ignore:.*create_graph=True")  # torch's own warning to the user
def test_training_is_bitwise_the_same(unharmed, program):
    unharmed(program)
