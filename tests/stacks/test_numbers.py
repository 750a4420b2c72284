"""Each number in the record under the stacks that people train on, against the same number by another way."""

from __future__ import annotations

import warnings
from functools import partial

import pytest
import torch
from tests.stacks.truth import differences, measured, plain_step, recorded, rms, sgd
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

import neurologist as nl
from neurologist.selftest.net import batch, loss_of, net

STEPS = 2


def watched(model, step=plain_step, optimizer=sgd, steps=STEPS, before=lambda: None, shadow=False):
    """Train with every step examined; the session."""
    optimizer = optimizer(model)
    before()
    with nl.watch(shadow=shadow) as session, warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(steps):
            step(model, optimizer)
    assert session.diagnose().not_measured == ()
    return session


def assert_true(found, truth, without=(), digits=1e-5):
    """Everything that there is to know was measured, but for what is named, and is right."""
    missing = {name for name in truth if name not in found}
    assert all(name.startswith(tuple(without)) for name in missing)
    assert bool(missing) == bool(without)
    assert differences(found, truth, digits) == []


@pytest.mark.usefixtures("every_step")
class TestNumbers:
    def test_plain(self):
        assert_true(recorded(watched(net())), measured(net()))

    @pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")  # of the compiler itself
    @pytest.mark.parametrize(("shadow", "backend"), [(False, "eager"), (True, "aot_eager")])
    @pytest.mark.parametrize("how", ["wrapped", "in place", "blocks", "function"])
    def test_compiled(self, how, shadow, backend):
        model = net()
        step = plain_step
        if how == "in place":
            model.compile(backend=backend)
        elif how == "blocks":
            for i, block in enumerate(model.blocks):
                model.blocks[i] = torch.compile(block, backend=backend)
        elif how == "wrapped":
            model = torch.compile(model, backend=backend)
        else:
            whole = torch.compile(loss_of, backend=backend)
            step = lambda model, optimizer: plain_step(model, optimizer, whole)  # noqa: E731
        plain_step(model, sgd(net()))  # compiled once before it is watched
        assert_true(recorded(watched(model, step, shadow=shadow)), measured(net()))

    @pytest.mark.parametrize("reentrant", [True, False])
    def test_checkpointed(self, reentrant):
        ran = []

        def through(block, x):
            ran.append(block)
            return checkpoint(lambda x: (ran.append(block), block(x))[1], x, use_reentrant=reentrant)

        session = watched(net(through))
        assert len(ran) == 2 * 3 * STEPS  # called, run, and run again in backward: once more would be for our sake
        assert_true(recorded(session), measured(net()), () if reentrant else ("mean blocks", "std blocks"))

    def test_shared_module(self):
        """Called twice, its parameters' gradient is the sum, and each call is an op of its own."""
        make = lambda: nn.Sequential(*[nn.Linear(20, 20)] * 2, nn.Linear(20, 5))  # noqa: E731
        torch.manual_seed(0)
        model = make()
        truth = measured(model)
        found = recorded(watched(model))
        assert found["grad 0.weight"] == pytest.approx(truth["grad 0.weight"], rel=1e-5)
        assert found["change 0.weight"] == pytest.approx(truth["change 0.weight"], rel=1e-5)
        assert found["out 2"] == pytest.approx(truth["out 2"], rel=1e-5)

    def test_overwritten_in_place(self):
        """An in-place activation keeps its result, and that is what is measured."""

        def through(block, x):
            return F.relu(block.lin(x), inplace=True)

        def hooked(block, x):  # the same without writing in place, so that hooks can keep what is before
            return F.relu(block.lin(x))

        truth, found = measured(net(hooked)), recorded(watched(net(through)))
        assert_true(found, truth)

    @pytest.mark.parametrize("scaled", [False, True])
    def test_accumulated(self, scaled):
        """Gradients add up over passes; a scaler changes nothing about any of them."""

        def step(model, optimizer, scaler=None):
            optimizer.zero_grad()
            for _ in range(3):
                loss = loss_of(model) / 3
                (scaler.scale(loss) if scaler else loss).backward()
            if scaler:
                scaler.step(optimizer)
                scaler.update()
            else:
                optimizer.step()

        scaler = torch.amp.GradScaler("cpu", init_scale=1024.0) if scaled else None
        found = recorded(watched(net(), lambda model, optimizer: step(model, optimizer, scaler)))
        truth = measured(net(), step)
        once = {name: value for name, value in truth.items() if not name.startswith("out")}
        assert_true(found, once)

    @pytest.mark.parametrize("options", [{}, {"fused": True}, {"foreach": True}])
    @pytest.mark.parametrize("clip", [None, 1e-3])
    def test_scaled_and_clipped(self, options, clip):
        """With a scaler all numbers are what they are without; clipping is told apart from the gradient before it."""
        make = lambda model: torch.optim.Adam(model.parameters(), lr=1e-3, **options)  # noqa: E731
        scaler = torch.amp.GradScaler("cpu", init_scale=2.0**14)

        def step(model, optimizer):
            optimizer.zero_grad()
            scaler.scale(loss_of(model)).backward()
            if clip:
                scaler.unscale_(optimizer)
                nn.utils.clip_grad_norm_(model.parameters(), clip)
            scaler.step(optimizer)
            scaler.update()

        def clipped(model):
            if clip:
                nn.utils.clip_grad_norm_(model.parameters(), clip)

        session = watched(net(), step, make)
        truth = measured(net(), optimizer=make, received=clipped)
        assert_true(recorded(session), truth, digits=2e-5)  # Adam divides by the square root of a rounded square
        db = session._store.connection
        assert [scale for (scale,) in db.execute("SELECT scale FROM sample")] == [2.0**14] * STEPS
        losses = [loss for (loss,) in db.execute("SELECT loss FROM step ORDER BY step")]
        assert losses[0] == pytest.approx(loss_of(net()).item(), rel=1e-6)
        assert (truth["got head.weight"] < 0.1 * truth["grad head.weight"]) == bool(clip)

    def test_a_step_that_the_scaler_leaves_out(self):
        """It counts as a step, changes nothing, and is noted."""
        scaler = torch.amp.GradScaler("cpu", init_scale=2.0**80)

        def step(model, optimizer):
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.float16):
                loss = loss_of(model)
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()

        session = watched(net(), step, steps=3)
        db = session._store.connection
        assert session.steps == session.samples == 3
        assert [step for (step,) in db.execute("SELECT step FROM skipped")] == [0, 1, 2]
        assert db.execute("SELECT count(*) FROM weights WHERE change > 0").fetchone() == (0,)
        assert db.execute("SELECT count(DISTINCT loss) FROM step").fetchone() == (1,)
        assert session.diagnose().findings == ()

    @pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
    def test_autocast(self, dtype):
        def loss(model):
            with torch.autocast("cpu", dtype):
                return loss_of(model)

        step = lambda model, optimizer: plain_step(model, optimizer, loss)  # noqa: E731
        found, truth = recorded(watched(net(), step)), measured(net(), step)
        assert_true(found, truth)
        assert differences(found, measured(net()), 1e-6) != []  # half precision is seen as such

    @pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
    def test_parameters_in_half_precision(self, dtype):
        def loss(model):
            x, y = batch()
            return F.cross_entropy(model(x.to(dtype)).float(), y)

        step = lambda model, optimizer: plain_step(model, optimizer, loss)  # noqa: E731
        assert_true(recorded(watched(net().to(dtype), step)), measured(net().to(dtype), step), digits=1e-2)

    def test_several_optimizers_and_losses(self):
        """A body and a head, each with a loss and an optimizer of its own."""

        def both(model):
            groups = [[*model.first.parameters(), *model.blocks.parameters()], list(model.head.parameters())]
            return [torch.optim.SGD(group, lr=rate) for group, rate in zip(groups, (0.1, 0.01), strict=True)]

        def step(model, optimizers):
            for optimizer in optimizers:
                optimizer.zero_grad()
            loss_of(model).backward(retain_graph=True)
            for optimizer in optimizers:
                optimizer.step()

        session, twin = watched(net(), step, both, steps=4), net()
        optimizers = both(twin)
        for number in range(4):
            before = {name: p.detach().clone() for name, p in twin.named_parameters()}
            step(twin, optimizers)
            found = recorded(session, number)
            for name, parameter in twin.named_parameters():
                change = found.get(f"change {name}")
                assert change == pytest.approx(rms(parameter - before[name]), rel=1e-5) or (
                    change is None and number < 2
                )
                assert found[f"grad {name}"] == pytest.approx(rms(parameter.grad), rel=1e-5)

    def test_optimizers_in_backward(self):
        """Each parameter's own steps while backward runs; what it got is what backward gave it."""

        def own_step(optimizer, _):
            optimizer.step()
            optimizer.zero_grad()

        model, twin = net(), net()
        for parameter in model.parameters():
            own = torch.optim.SGD([parameter], lr=0.1)
            parameter.register_post_accumulate_grad_hook(partial(own_step, own))
        found = recorded(watched(model, lambda model, _: loss_of(model).backward(), lambda model: None))
        truth = {k: v for k, v in measured(twin).items() if not k.startswith("change")}
        assert_true(found, truth)

    def test_functional_call_and_vmap(self):
        """Parameters passed in from outside, over a batch dimension that vmap takes away."""
        model = net()
        parameters = {name: p.detach().clone().requires_grad_() for name, p in model.named_parameters()}

        def loss(_):
            x, y = batch()
            one = lambda row: torch.func.functional_call(model, parameters, (row,))  # noqa: E731
            return F.cross_entropy(torch.func.vmap(one)(x), y)

        session = watched(
            model, lambda m, o: plain_step(m, o, loss), lambda _: torch.optim.SGD(parameters.values(), 0.1)
        )
        found = recorded(session)
        truth = {f"parameters[{k.split()[1]!r}]": v for k, v in measured(net()).items() if k.startswith("grad")}
        seen = sorted(v for k, v in found.items() if k.startswith("grad"))
        assert seen == pytest.approx(sorted(truth.values()), rel=1e-5)

    def test_custom_function(self):
        class Square(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x * x

            @staticmethod
            def backward(ctx, gradient):
                return 2 * ctx.saved_tensors[0] * gradient

        assert_true(
            recorded(watched(net(lambda block, x: Square.apply(block(x))))),
            measured(net(lambda block, x: block(x) ** 2)),
        )

    def test_sparse_gradient(self):
        torch.manual_seed(0)
        model, words = nn.Sequential(nn.EmbeddingBag(50, 20, sparse=True), nn.Linear(20, 5)), torch.randint(50, (64, 4))
        loss = lambda model: F.cross_entropy(model(words), batch()[1])  # noqa: E731
        truth = measured(model, lambda m, o: plain_step(m, o, loss))
        found = recorded(watched(model, lambda m, o: plain_step(m, o, loss)))
        for name in ("change 0.weight", "grad 1.weight", "got 1.weight", "out 1"):
            assert found[name] == pytest.approx(truth[name], rel=1e-5)

    def test_complex_parameter(self):
        torch.manual_seed(0)
        weight = torch.randn(20, 5, dtype=torch.complex64, requires_grad=True)
        before, (x, y) = weight.detach().clone(), batch()
        loss = lambda _: F.cross_entropy((x.to(torch.complex64) @ weight).abs(), y)  # noqa: E731
        session = watched(
            None, lambda m, o: plain_step(m, o, loss), lambda _: torch.optim.SGD([weight], lr=0.1), steps=1
        )
        found = recorded(session)
        assert found["grad tensor(20, 5)"] == pytest.approx(rms(weight.grad.abs()), rel=1e-5)
        assert found["change tensor(20, 5)"] == pytest.approx(rms((weight.detach() - before).abs()), rel=1e-5)

    def test_packed_sequences(self):
        class Reader(nn.Module):
            def __init__(self):
                super().__init__()
                self.cell, self.head = nn.GRU(20, 8, batch_first=True), nn.Linear(8, 5)

            def forward(self, x):
                lengths = torch.arange(1, 1 + x.shape[0]).clamp(max=6)
                packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
                return self.head(self.cell(packed)[1][0])

        torch.manual_seed(0)
        model, x = Reader(), torch.randn(64, 6, 20)
        loss = lambda model: F.cross_entropy(model(x), batch()[1])  # noqa: E731
        step = lambda model, optimizer: plain_step(model, optimizer, loss)  # noqa: E731
        truth = measured(model, step)
        assert_true(recorded(watched(model, step)), truth)

    def test_lbfgs(self):
        """Several passes in a step: the first one's gradient, and the whole step's change."""
        x, y = batch()
        make = lambda model: torch.optim.LBFGS(model.parameters(), lr=0.1, max_iter=3)  # noqa: E731

        def step(model, optimizer):
            def closure():
                optimizer.zero_grad()
                loss = F.cross_entropy(model(x), y)
                loss.backward()
                return loss

            optimizer.step(closure)

        twin = net()
        before = {name: p.detach().clone() for name, p in twin.named_parameters()}
        optimizer = make(twin)
        step(twin, optimizer)
        found = recorded(watched(net(), step, make, steps=1))
        for name, parameter in twin.named_parameters():
            change = rms(parameter - before[name])
            assert found[f"change {name}"] == pytest.approx(change, rel=1e-5)
            assert f"got {name}" not in found  # its step gets several
