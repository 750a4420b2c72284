"""After the block PyTorch is as it was: doors, hooks, modes, and no tensor of the user's kept alive."""

import gc
import weakref

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.modules import module as modules
from torch.optim import optimizer as optimizers

import neurologist as nl
from neurologist.record import Run

pytestmark = pytest.mark.usefixtures("every_step")

REGISTRIES = [
    modules._global_forward_hooks,
    modules._global_forward_pre_hooks,
    modules._global_forward_hooks_always_called,
    modules._global_backward_hooks,
    modules._global_backward_pre_hooks,
    optimizers._global_optimizer_pre_hooks,
    optimizers._global_optimizer_post_hooks,
]


def installed():
    """What stands in PyTorch now."""
    mode = (torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled())
    return [torch.autograd.backward, torch.Tensor.backward, mode, torch.is_grad_enabled(), *map(len, REGISTRIES)]


@pytest.fixture(autouse=True)
def _as_before():
    before, backward = installed(), torch.autograd.backward
    kept = [registry.copy() for registry in REGISTRIES]
    yield
    after = installed()
    torch.set_anomaly_enabled(False)  # whatever was left behind must not fail the tests that follow
    torch.autograd.backward = backward
    for registry, entries in zip(REGISTRIES, kept, strict=True):
        registry.clear()
        registry.update(entries)
    assert after == before


def net():
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))


def train(model, steps=4):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy(model(torch.randn(5, 4)), torch.randint(3, (5,))).backward()
        optimizer.step()


def test_after_a_run():
    with nl.watch():
        train(net())


def test_after_a_block_that_trains_nothing():
    with nl.watch():
        pass


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_after_an_exception_in_the_forward_pass(error):
    def fail(module, inputs):
        raise error("stop")

    model = net()
    model[1].register_forward_pre_hook(fail)
    with pytest.raises(error, match="stop"), nl.watch():
        train(model)


def test_after_an_exception_in_the_backward_pass():
    def fail(gradient):
        raise ValueError("stop")

    model = net()
    model[0].weight.register_hook(fail)
    with pytest.raises(ValueError, match="stop"), nl.watch():
        train(model)


def test_after_evaluation_alone():
    with nl.watch(), torch.no_grad():
        net()(torch.randn(2, 4))


@pytest.mark.parametrize("check_nan", [True, False])
def test_anomaly_mode_of_the_user_stays(check_nan):
    torch.set_anomaly_enabled(True, check_nan)
    with nl.watch():
        train(net())
        assert (torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()) == (True, check_nan)
    assert (torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()) == (True, check_nan)
    torch.set_anomaly_enabled(False)


@pytest.mark.filterwarnings("ignore:Anomaly Detection")
def test_anomaly_mode_of_the_user_around_a_step_ends_with_it():
    with nl.watch():
        with torch.autograd.detect_anomaly():
            train(net(), 1)
        train(net(), 1)


@pytest.mark.filterwarnings("ignore:Anomaly Detection")
def test_anomaly_mode_of_the_user_around_forward_and_backward_ends_with_it():
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with nl.watch():
        for _ in range(3):
            with torch.autograd.detect_anomaly():
                F.cross_entropy(model(torch.randn(5, 4)), torch.randint(3, (5,))).backward()
            optimizer.step()


def test_anomaly_mode_is_off_in_the_backward_pass():
    seen, model = [], net()
    model[0].weight.register_hook(lambda g: seen.append(torch.is_anomaly_enabled()))
    with nl.watch():
        train(model, 6)
    assert seen == [False] * 6


def test_another_replacement_of_backward_stays():
    original, calls = torch.autograd.backward, []

    def mine(*arguments, **options):
        calls.append(1)
        return inner(*arguments, **options)

    with nl.watch():
        inner = torch.autograd.backward
        torch.autograd.backward = mine
        train(net(), 2)
    assert torch.autograd.backward is mine
    train(net(), 2)
    assert len(calls) == 4
    torch.autograd.backward = original


def test_a_session_that_was_left_sees_nothing_even_where_its_door_still_stands():
    original = torch.autograd.backward
    with nl.watch() as session:
        inner = torch.autograd.backward
        torch.autograd.backward = lambda *a, **k: inner(*a, **k)
        train(net(), 2)
    before = session.diagnose().to_dict()
    train(net(), 40)
    assert installed()[2:] == [(False, True), True, *[0] * len(REGISTRIES)]
    assert session.diagnose().to_dict() == before
    torch.autograd.backward = original


def test_sessions_left_in_the_other_order():
    original = torch.autograd.backward
    first, second = nl.watch(), nl.watch()
    first.__enter__()
    second.__enter__()
    train(net(), 2)
    first.__exit__(None, None, None)
    train(net(), 2)
    second.__exit__(None, None, None)
    train(net(), 40)
    assert (first.steps, second.steps) == (2, 4)
    torch.autograd.backward = original


def test_activations_of_a_sampled_step_are_freed():
    model, kept = net(), []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with nl.watch():
        for _ in range(3):
            out = model(torch.randn(5, 4))
            loss = F.cross_entropy(out, torch.randint(3, (5,)))
            loss.backward()
            kept.append(weakref.ref(out))
            optimizer.step()
            del out, loss
            gc.collect()
            assert kept[-1]() is None


def test_activations_of_a_model_without_modules_are_freed():
    weight = torch.zeros(4, 3, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=0.1)
    with nl.watch():
        for _ in range(3):
            out = torch.randn(5, 4) @ weight
            out.exp().mean().backward()
            seen = weakref.ref(out)
            optimizer.step()
            del out
            gc.collect()
            assert seen() is None


def test_models_are_freed_inside_the_block():
    def once():
        model = net()
        train(model, 2)
        return weakref.ref(model), weakref.ref(model[0])

    with nl.watch() as session:
        models = [once() for _ in range(3)]
        gc.collect()
        assert [(model(), layer()) for model, layer in models] == [(None, None)] * 3
        assert session.samples > 1


def test_models_carry_nothing():
    model, plain = net(), net()
    with nl.watch():
        train(model)
    for a, b in zip(model.modules(), plain.modules(), strict=True):
        assert set(vars(a)) == set(vars(b))
        assert [len(v) for k, v in vars(a).items() if "hook" in k and v is not None] == [
            len(v) for k, v in vars(b).items() if "hook" in k and v is not None
        ]
    assert all(p._backward_hooks is None for p in model.parameters())


def test_whoever_switches_anomaly_mode_off_that_is_off_to_them_keeps_the_lines(every_step):
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with nl.watch() as session:
        torch.autograd.set_detect_anomaly(False)  # as Lightning's Trainer does
        F.cross_entropy(model(torch.randn(5, 4)), torch.randint(3, (5,))).backward()
        optimizer.step()
        run = Run(session._store.connection)
        assert {op.file for op in run.ops} == {__file__}
