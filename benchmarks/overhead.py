"""What watching costs: CPU time of the same training, plain and watched, step by step in turn.

    python benchmarks/overhead.py [--steps N] [--only mlp] [--budget 0.01] [--threads 1]
    python benchmarks/overhead.py --only transformer --stack compiled --stack autocast --stack checkpointed
    torchrun --nproc-per-node 2 benchmarks/overhead.py --only transformer --stack ddp

How it is measured. Three copies of one training (same weights, same batches) take their steps in turn in one process,
in an order that changes every round: *plain*, *control* (plain once more: what it differs from *plain* by is noise) and
*watched*. A step is zero_grad, forward, backward and the optimizer's step, timed together in CPU time of all threads
(`time.process_time`), so that other programs on the machine count little.

One session watches one copy from its first step to its last, as a user's would. Sessions observe PyTorch's global
doors (`torch.autograd.backward`, hooks on optimizers and modules, anomaly mode), so before another copy's turn all that
the session has installed is taken out, and put back afterwards, outside the timed part: the other copies run on PyTorch
as it came. The session's clock stands still meanwhile, or it would think that steps take three times as long and allow
itself three times the samples.

What is printed, each with its spread:

- median: of the ratio watched / plain within a round; the cost of an ordinary step. Spread: 95 % interval of the
  median, by bootstrap over rounds.
- control: the same for control / plain. The cost of watching is what the median has above this.
- total: all watched time, with opening and closing the session, over all plain time. A short run pays here for the
  first sample's imports and for the credit of early samples (0.1 s at 1 %, whatever the length); a long run tends to
  1 + budget.
- after the first: the same without the first step and without opening and closing.
- sampled step: ratio of a sampled step to the median plain step. Spread: quartiles over samples, the first left out.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from statistics import median, quantiles
from types import TracebackType
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from rich.console import Console
from rich.table import Table
from torch import nn
from torch._dynamo import eval_frame
from torch.amp.grad_scaler import GradScaler
from torch.nn.modules import module as modules
from torch.optim import optimizer as optimizers
from torch.utils.checkpoint import checkpoint

import neurologist as nl
from neurologist.watch import sample as sample_module
from neurologist.watch import session as session_module
from neurologist.watch import steps as steps_module
from neurologist.watch.ranks import here

WARMUP = 10  # rounds before the session is opened, not counted
RESAMPLES = 2_000  # of the bootstrap

# -- what is trained ------------------------------------------------------------------------------------------


def mlp() -> tuple[nn.Module, Callable[[], tuple[torch.Tensor, torch.Tensor]]]:
    """784-1024x4-10, batch 128."""
    widths = [784, 1024, 1024, 1024, 1024]
    hidden = [layer for a, b in itertools.pairwise(widths) for layer in (nn.Linear(a, b), nn.ReLU())]
    model = nn.Sequential(*hidden, nn.Linear(1024, 10))
    return model, lambda: (torch.randn(128, 784), torch.randint(10, (128,)))


class Transformer(nn.Module):
    """A character model with learnt positions."""

    def __init__(self, symbols: int = 64, width: int = 256, layers: int = 4, length: int = 64) -> None:
        super().__init__()
        self.embed = nn.Embedding(symbols, width)
        self.position = nn.Parameter(torch.zeros(length, width))
        layer = nn.TransformerEncoderLayer(width, 4, 4 * width, dropout=0.1, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.head = nn.Linear(width, symbols)
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(length))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits of the next character, (batch, symbols, length)."""
        return self.head(self.encoder(self.embed(x) + self.position, self.mask, is_causal=True)).transpose(1, 2)


def transformer() -> tuple[nn.Module, Callable[[], tuple[torch.Tensor, torch.Tensor]]]:
    """Width 256, 4 layers, sequences of 64, batch 16."""
    return Transformer(), lambda: (torch.randint(64, (16, 64)), torch.randint(64, (16, 64)))


def cnn() -> tuple[nn.Module, Callable[[], tuple[torch.Tensor, torch.Tensor]]]:
    """Three convolutions with batch norm on 28 x 28 images, batch 64."""
    channels = [1, 16, 32, 64]
    layers = [
        layer
        for a, b in itertools.pairwise(channels)
        for layer in (nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(), nn.MaxPool2d(2))
    ]
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 9, 10))
    return model, lambda: (torch.randn(64, 1, 28, 28), torch.randint(10, (64,)))


MODELS = {f.__name__: f for f in (mlp, transformer, cnn)}

# -- how it is trained ----------------------------------------------------------------------------------------


def eager(model: nn.Module) -> nn.Module:
    """As it is."""
    return model


def compiled(model: nn.Module) -> nn.Module:
    """By torch.compile; sampled steps run eagerly."""
    return torch.compile(model)  # type: ignore[return-value]


def autocast(model: nn.Module) -> nn.Module:
    """In bfloat16 where autocast says so."""
    forward = model.forward

    def cast(x: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return forward(x)

    model.forward = cast  # type: ignore[method-assign]
    return model


def checkpointed(model: nn.Module) -> nn.Module:
    """Each layer is run again in backward."""
    layers = model.encoder.layers if isinstance(model, Transformer) else [m for m in model if isinstance(m, nn.Linear)]
    for layer in layers:
        layer.forward = partial(checkpoint, layer.forward, use_reentrant=False)
    return model


def ddp(model: nn.Module) -> nn.Module:
    """Over the processes of torchrun, by gloo."""
    return nn.parallel.DistributedDataParallel(model)


STACKS = {f.__name__: f for f in (eager, compiled, autocast, checkpointed, ddp)}


@dataclass
class Arm:
    """One copy of a training, and the CPU seconds of each of its steps."""

    model: nn.Module
    seconds: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=1e-3, momentum=0.9)

    def step(self, x: torch.Tensor, y: torch.Tensor) -> None:
        """Take one step and note its time."""
        start = time.process_time()
        self.optimizer.zero_grad()
        F.cross_entropy(self.model(x), y).backward()
        self.optimizer.step()
        self.seconds.append(time.process_time() - start)


# -- one session among copies that it must not see ------------------------------------------------------------


class Clock:
    """Stands in for the `time` module in the session's code; stands still while other copies run."""

    strftime = staticmethod(time.strftime)

    def __init__(self) -> None:
        self._skipped, self._since = 0.0, None

    def perf_counter(self) -> float:
        """Seconds that the watched training has taken."""
        return time.perf_counter() - self._skipped

    def stop(self) -> None:
        """Stand still."""
        self._since = time.perf_counter()

    def go(self) -> None:
        """Go on."""
        self._skipped, self._since = self._skipped + time.perf_counter() - (self._since or 0.0), None


class World:
    """All that a session installs in PyTorch: put back on entering a `with` block, taken out on leaving."""

    REGISTRIES = (
        modules._global_forward_hooks,
        modules._global_forward_pre_hooks,
        modules._global_forward_hooks_always_called,
        optimizers._global_optimizer_pre_hooks,
        optimizers._global_optimizer_post_hooks,
    )

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept = self._outside = self._take()

    def _take(self) -> tuple[Any, ...]:
        anomaly = (torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled())
        others = (modules._has_any_global_hook, GradScaler.scale, GradScaler.step, eval_frame._stance)
        return torch.autograd.backward, anomaly, [registry.copy() for registry in self.REGISTRIES], others

    def _put(self, world: tuple[Any, ...]) -> None:
        torch.autograd.backward, anomaly, registries, others = world
        modules._has_any_global_hook, GradScaler.scale, GradScaler.step, stance = others
        if eval_frame._stance is not stance:
            eval_frame._set_stance(stance)
        torch.set_anomaly_enabled(*anomaly)
        for registry, entries in zip(self.REGISTRIES, registries, strict=True):
            registry.clear()
            registry.update(entries)

    def __enter__(self) -> None:
        self._clock.go()
        self._put(self._kept)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._kept = self._take()
        self._put(self._outside)
        self._clock.stop()


@dataclass
class Result:
    """Times of one comparison: arms, CPU seconds to open and close the session, and which steps were sampled."""

    plain: list[float]
    control: list[float]
    watched: list[float]
    around: float
    sampled: list[int]
    problems: int


def compare(name: str, stack: str, steps: int, budget: float) -> Result:
    """Run the three copies of a training in turn."""
    arms = []
    for _ in range(3):
        torch.manual_seed(0)
        model, batch = MODELS[name]()
        arms.append(Arm(STACKS[stack](model)))
    plain, control, watched = arms
    for _ in range(WARMUP):
        x, y = batch()
        for arm in arms:
            arm.step(x, y)
    for arm in arms:
        arm.seconds.clear()
    clock = session_module.time = steps_module.time = sample_module.time = Clock()  # type: ignore[assignment]
    clock.stop()
    world, sampled = World(clock), []
    start = time.process_time()
    session = nl.watch(budget=budget)
    with world:
        session.__enter__()
    around = time.process_time() - start
    for step in range(steps):
        x, y = batch()
        for i in range(3):
            arm = arms[(step + i) % 3]
            if arm is not watched:
                with world:  # the same swap right before every arm's step, so that it disturbs caches alike
                    pass
                arm.step(x, y)
                continue
            seen = session.samples
            with world:
                arm.step(x, y)
            if session.samples > seen:
                sampled.append(step)
    start = time.process_time()
    with world:
        session.__exit__(None, None, None)
    around += time.process_time() - start
    session_module.time = steps_module.time = sample_module.time = time
    problems = len(session.diagnose().not_measured)
    return Result(plain.seconds, control.seconds, watched.seconds, around, sampled, problems)


# -- figures --------------------------------------------------------------------------------------------------


def bootstrap(figure: Callable[..., Any], *columns: list[float]) -> str:
    """A figure of paired columns, with the 95 % interval over resampled rounds."""
    data = np.array(columns)
    picks = np.random.default_rng(0).integers(data.shape[1], size=(RESAMPLES, data.shape[1]))
    low, high = np.quantile([figure(*data[:, pick]) for pick in picks], [0.025, 0.975])
    return f"{figure(*data):.3f}\n[{low:.3f}, {high:.3f}]"


def middle(a: Any, b: Any) -> float:
    return float(np.median(a / b))


def whole(a: Any, b: Any) -> float:
    return float(a.sum() / b.sum())


def row(name: str, result: Result) -> list[str]:
    """The table's cells for one model."""
    usual = median(result.plain)
    ratios = [result.watched[step] / usual for step in result.sampled[1:]]
    low, mid, high = quantiles(ratios, n=4) if len(ratios) > 1 else [float("nan")] * 3
    total = (sum(result.watched) + result.around) / sum(result.plain)
    return [
        name,
        f"{1e3 * usual:.2f}",
        bootstrap(middle, result.watched, result.plain),
        bootstrap(middle, result.control, result.plain),
        f"{total:.3f}",
        bootstrap(whole, result.watched[1:], result.plain[1:]),
        bootstrap(whole, result.control[1:], result.plain[1:]),
        f"{mid:.2f}\n[{low:.2f}, {high:.2f}]",
        f"{1e3 * result.watched[0]:.0f}",
        str(len(result.sampled)),
        str(result.problems),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--steps", type=int, default=300, help="steps of each copy (default: 300)")
    parser.add_argument("--only", choices=MODELS, help="one model instead of all")
    parser.add_argument("--stack", choices=STACKS, action="append", help="how it is trained (default: eager)")
    parser.add_argument("--budget", type=float, default=0.01, help="the session's budget (default: 0.01)")
    parser.add_argument("--threads", type=int, default=1, help="PyTorch's threads (default: 1, the least noise)")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    columns = "model|plain step, ms|median ratio|control|total|after the first|control of it"
    columns += "|sampled step|first step, ms|samples|not measured"
    table = Table(*columns.split("|"), title=f"watching at budget {options.budget:g}, {options.steps} steps, CPU time")
    if "ddp" in (options.stack or ()):
        torch.distributed.init_process_group("gloo")
    for stack in options.stack or ["eager"]:
        for name in [options.only] if options.only else MODELS:
            label = name if stack == "eager" else f"{name}, {stack}"
            table.add_row(*row(label, compare(name, stack, options.steps, options.budget)))
    if here().number:
        return
    console = Console()
    console.width = max(console.width, 150)  # a table that wraps its figures cannot be read
    console.print(table)


if __name__ == "__main__":
    main()
