"""Ways to train: optimizers, ways to call backward, and what stands between one step and the next."""

from __future__ import annotations

import copy
import io
import random
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from .drawing import Draw, Step, tensor

Optimizer = torch.optim.Optimizer


class ByHand:
    """No optimizer at all."""

    def __init__(self, parameters: Iterable[Tensor], rate: float) -> None:
        self.parameters, self.rate = list(parameters), rate

    def zero_grad(self, set_to_none: bool = True) -> None:
        for p in self.parameters:
            p.grad = None

    @torch.no_grad()
    def step(self) -> None:
        for p in self.parameters:
            if p.grad is not None:
                p -= self.rate * p.grad


class Several:
    """An optimizer for each half of the parameters."""

    def __init__(self, *optimizers: Optimizer) -> None:
        self.optimizers = optimizers

    def zero_grad(self, set_to_none: bool = True) -> None:
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none)

    def step(self) -> None:
        for optimizer in self.optimizers:
            optimizer.step()


def rate(d: Draw) -> float:
    return d.of(0.01, 0.1, 1e-8, 1e3, 1e30) if d.maybe(0.3) else 0.05


def sgd(d: Draw, parameters: list[Tensor]) -> Optimizer:
    momentum, foreach = d.of(0.0, 0.9), d.of(None, True, False)
    return torch.optim.SGD(parameters, rate(d), momentum, weight_decay=d.of(0.0, 0.1, 100.0), foreach=foreach)


def sparse(d: Draw, parameters: list[Tensor]) -> Optimizer:
    return torch.optim.SparseAdam(parameters, rate(d))


def lbfgs(d: Draw, parameters: list[Tensor]) -> Optimizer:
    return torch.optim.LBFGS(parameters, rate(d), max_iter=2, line_search_fn=d.of(None, "strong_wolfe"))


def several(d: Draw, parameters: list[Tensor]) -> Several:
    half = len(parameters) // 2
    return Several(torch.optim.SGD(parameters[:half], rate(d)), torch.optim.Adam(parameters[half:], rate(d)))


def in_groups(d: Draw, parameters: list[Tensor]) -> Optimizer:
    groups = [{"params": [p], "lr": rate(d)} for p in parameters]
    return torch.optim.Adagrad(groups, maximize=d.maybe(0.3))


def optimizer_for(d: Draw, model: nn.Module) -> Any:
    parameters = [p for p in model.parameters() if p.requires_grad]
    fitting = {"sparse": sparse} if any(getattr(m, "sparse", False) for m in model.modules()) else {}
    return d.one("optimizer", {**fitting, **OPTIMIZERS})(d, parameters)


OPTIMIZERS: dict[str, Callable[[Draw, list[Tensor]], Any]] = {
    "sgd": sgd,
    "adam": lambda d, p: torch.optim.Adam(p, rate(d), amsgrad=d.maybe(0.3), fused=d.of(None, True)),
    "adamw": lambda d, p: torch.optim.AdamW(p, rate(d)),
    "rmsprop": lambda d, p: torch.optim.RMSprop(p, rate(d), centered=d.maybe(0.3)),
    "rprop": lambda d, p: torch.optim.Rprop(p, rate(d)),
    "groups": in_groups,
    "lbfgs": lbfgs,
    "several": several,
    "by hand": lambda d, p: ByHand(p, rate(d)),
}


def plain(loss: Tensor, model: nn.Module) -> None:
    loss.backward()


def retained(loss: Tensor, model: nn.Module) -> None:
    loss.backward(retain_graph=True)
    loss.backward()


def freed(loss: Tensor, model: nn.Module) -> None:
    loss.backward()
    loss.backward()


def from_outside(loss: Tensor, model: nn.Module) -> None:
    loss.backward(torch.ones_like(loss))


def two_roots(loss: Tensor, model: nn.Module) -> None:
    torch.autograd.backward([loss, (loss * 2).sum()], [torch.ones_like(loss), None])


def some_inputs(loss: Tensor, model: nn.Module) -> None:
    loss.backward(inputs=[p for p in model.parameters() if p.requires_grad][:2])


def by_grad(loss: Tensor, model: nn.Module) -> None:
    parameters = [p for p in model.parameters() if p.requires_grad]
    for p, g in zip(parameters, torch.autograd.grad(loss, parameters, allow_unused=True), strict=True):
        p.grad = g


def penalised(loss: Tensor, model: nn.Module) -> None:
    parameters = [p for p in model.parameters() if p.requires_grad]
    slopes = torch.autograd.grad(loss, parameters, create_graph=True, allow_unused=True)
    (loss + sum((g.abs() ** 2).sum() for g in slopes if g is not None)).backward()


def with_graph(loss: Tensor, model: nn.Module) -> None:
    loss.backward(create_graph=True)
    sum((p.grad**2).sum() for p in model.parameters() if p.grad is not None).backward()
    for p in model.parameters():
        p.grad = None if p.grad is None else p.grad.detach()


def scaled(loss: Tensor, model: nn.Module) -> None:
    scaler = torch.amp.GradScaler("cpu", init_scale=256.0)
    scaler.scale(loss).backward()


def half_way(loss: Tensor, model: nn.Module) -> None:
    loss.backward()
    raise ConnectionError("the data are gone")


def none_at_all(loss: Tensor, model: nn.Module) -> None:
    loss.detach()


COMMON = {f"plain {n}": plain for n in range(12)}
BACKWARD: dict[str, Callable[[Tensor, nn.Module], None]] = {
    **COMMON,
    "twice": retained,
    "twice, freed": freed,
    "a gradient given": from_outside,
    "two roots": two_roots,
    "some inputs": some_inputs,
    "grad": by_grad,
    "penalty": penalised,
    "create_graph": with_graph,
    "scaled": scaled,
    "raises after": half_way,
    "none": none_at_all,
}


def evaluate(model: nn.Module, x: Tensor, trace: list[Any]) -> None:
    model.eval()
    with torch.no_grad():
        trace.append(model(x.clone()))
    model.train()


def save(model: nn.Module, x: Tensor, trace: list[Any]) -> None:
    torch.save(model.state_dict(), buffer := io.BytesIO())
    trace.append(len(buffer.getvalue()))


def duplicate(model: nn.Module, x: Tensor, trace: list[Any]) -> None:
    trace.append(copy.deepcopy(model))


def clip(model: nn.Module, x: Tensor, trace: list[Any]) -> None:
    trace.append(nn.utils.clip_grad_norm_(model.parameters(), 0.1))


def freeze(model: nn.Module, x: Tensor, trace: list[Any]) -> None:
    next(model.parameters()).requires_grad_(False)


def draw(model: nn.Module, x: Tensor, trace: list[Any]) -> None:
    trace += [random.random(), np.random.rand(), torch.rand(3)]


def replace(model: nn.Module, x: Tensor, trace: list[Any]) -> None:
    for p in model.parameters():
        p.data = torch.zeros_like(p)


def warn(model: nn.Module, x: Tensor, trace: list[Any]) -> None:
    warnings.warn("a user's own", stacklevel=2)


def inspect(model: nn.Module, x: Tensor, trace: list[Any]) -> None:
    trace += [torch.is_grad_enabled(), [sorted(vars(m)) for m in model.modules()]]
    trace.append([sorted(m._forward_hooks) for m in model.modules()])


BETWEEN = {f.__name__: f for f in (evaluate, save, duplicate, clip, freeze, draw, replace, warn, inspect)}


class Calls(TorchFunctionMode):
    """Counts the torch functions that are called."""

    def __init__(self) -> None:
        self.count = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.count += 1
        return func(*args, **(kwargs or {}))


class Operations(TorchDispatchMode):
    """Counts the operations that are run."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.count += 1
        return func(*args, **(kwargs or {}))


@contextmanager
def float64() -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


SETTINGS: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
    "anomaly": lambda: torch.autograd.detect_anomaly(check_nan=True),
    "anomaly without nan": lambda: torch.autograd.detect_anomaly(check_nan=False),
    "anomaly off": lambda: torch.autograd.set_detect_anomaly(False),
    "no_grad": torch.no_grad,
    "mutation": torch.autograd.graph.allow_mutation_on_saved_tensors,
    "one thread": lambda: torch.autograd.set_multithreading_enabled(False),
    "calls counted": Calls,
    "operations counted": Operations,
    "float64": float64,
    "a device": lambda: torch.device("cpu"),
}


@contextmanager
def noting(trace: list[Any], brave: bool) -> Iterator[None]:
    """Note an exception; the brave go on after it."""
    try:
        yield
    except Exception as error:
        trace.append(error)
        if not brave:
            raise


def loop(
    d: Draw, trace: list[Any], model: nn.Module, x: Tensor, loss: Step, optimizer: Any, backward: Any, between: Any,
    setting: Any,
) -> None:  # fmt: skip
    """A few steps; one that raises is sometimes caught, and training goes on."""
    forgets, fresh, passes, brave = d.maybe(0.15), d.maybe(0.3), d.of(1, 1, 1, 1, 1, 1, 2, 5), d.maybe(0.3)
    d.notes.append(f"passes: {passes}{', no zero_grad' * forgets}{', new data' * fresh}{', goes on' * brave}")

    def once() -> Tensor:
        for _ in range(passes):
            rows = tensor(d, tuple(x.shape), x.dtype).requires_grad_(x.requires_grad) if fresh else x
            found = loss(model(rows))
            trace.append(found)
            backward(found, model)
        return found

    def closure() -> Tensor:
        optimizer.zero_grad()
        return once()

    def step() -> None:
        if isinstance(optimizer, torch.optim.LBFGS):
            optimizer.step(closure)
            return
        if not forgets:
            optimizer.zero_grad(set_to_none=True)
        once()
        if between:
            between(model, x, trace)
        optimizer.step()

    for _ in range(d.randint(2, 4)):
        with noting(trace, brave):
            with setting() if setting else nullcontext() as inside:
                step()
            trace.append(getattr(inside, "count", None))
