"""Where arms run: one after the other here, several at a time in processes, or on a cluster. Through joblib.

An arm is always a process of its own, also on a cluster: the worker there only waits for it. So an arm that crashes,
hangs or runs out of memory costs itself. To add a cluster, add a function to `BACKENDS`.
May import: joblib; ray and distributed inside functions; `treat.apart`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from neurologist.treat.apart import LARGEST, Lost, Setting, apart, copied_bytes, possible, stop

T = TypeVar("T")
MOST = 4  # arms at a time, where nobody says how many


class NoBackend(RuntimeError):
    """A cluster cannot be used; the message says why."""


@dataclass
class Crew:
    """Runs functions without arguments, and gives what they return.

    Attributes:
        jobs: at a time; 0 runs one after the other in this process.
        backend: "ray" or "dask"; None for processes on this machine.
        address: of the cluster; None for one on this machine.
        setting: of the processes.
    """

    jobs: int = 0
    backend: str | None = None
    address: str | None = None
    setting: Setting = field(default_factory=Setting)
    _stack: ExitStack = field(default_factory=ExitStack, repr=False)
    _alive: set[Any] = field(default_factory=set, repr=False)
    _parallel: Any = field(default=None, repr=False)

    def __enter__(self) -> Crew:
        if self.backend is not None and self.jobs:
            from joblib import Parallel, parallel_config

            self._stack.enter_context(BACKENDS[self.backend](self.address, self.jobs))
            self._stack.enter_context(parallel_config(backend=self.backend))
            self._parallel = self._stack.enter_context(Parallel(n_jobs=self.jobs, batch_size=1))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in list(self._alive):
            stop(process)
        self._stack.close()

    def results(self, calls: Iterable[Callable[[], T]], seconds: float | None = None) -> Iterator[tuple[int, T | Lost]]:
        """What the calls give, in the order in which they end, each with its place in `calls`.

        `calls` is asked for the next one when there is room for it. A process is given up after so many `seconds`.
        """
        setting = replace(self.setting, seconds=seconds)
        if self.jobs == 0:
            yield from ((index, call()) for index, call in enumerate(calls))
        elif self._parallel is None:
            yield from self._processes(calls, setting)
        else:
            yield from self._cluster(calls, setting)

    def _processes(self, calls: Iterable[Callable[[], T]], setting: Setting) -> Iterator[tuple[int, T | Lost]]:
        from joblib import Parallel, delayed

        threads = Parallel(
            n_jobs=self.jobs, backend="threading", batch_size=1, return_as="generator_unordered", pre_dispatch=self.jobs
        )
        one = delayed(_placed)
        yield from threads(one(index, call, setting, self._alive) for index, call in enumerate(calls))

    def _cluster(self, calls: Iterable[Callable[[], T]], setting: Setting) -> Iterator[tuple[int, T | Lost]]:
        """As many at a time as there is room for: not every backend gives results before all are there."""
        from joblib import delayed

        numbered = enumerate(calls)
        while wave := list(islice(numbered, self.jobs)):
            yield from self._parallel(delayed(_placed)(index, call, setting) for index, call in wave)


def _placed(index: int, call: Callable[[], T], setting: Setting, alive: set[Any] | None = None) -> tuple[int, T | Lost]:
    return index, apart(call, setting, alive)


def crew(
    jobs: int | None,
    *,
    scripted: bool,
    backend: str | None = None,
    address: str | None = None,
    isolate: bool = False,
) -> Crew:
    """The crew for a program.

    Args:
        jobs: arms at a time; None for one per core, at most four, for a script, and else 0.
        scripted: the program is a script, not an object of this process.
        backend: see `Crew`.
        address: see `Crew`.
        isolate: each arm gets its own copy of the current folder.

    Raises:
        ValueError: these do not go together.
        NoBackend: the cluster cannot be used.
    """
    if backend is None and address is not None:
        raise ValueError(f"address got {address!r} without a backend: expected backend='ray' or 'dask' with it")
    if backend is not None and backend not in BACKENDS:
        raise ValueError(f"backend got {backend!r}: expected one of {', '.join(BACKENDS)}")
    if jobs is None:
        jobs = 0 if not scripted and backend is None and not isolate else _room()
    if jobs and not possible():
        jobs = 0
    if isolate and not jobs:
        raise ValueError("isolate needs processes of their own for the arms: expected jobs=1 or more")
    if isolate and (size := copied_bytes(Path.cwd())) > LARGEST:
        raise ValueError(
            f"isolate would copy {size / 1e9:.0f} GB or more for each arm: expected a current folder of at most "
            f"{LARGEST / 1e9:.0f} GB; keep data elsewhere, or start from a folder without it"
        )
    threads = max(1, (os.cpu_count() or 1) // jobs) if jobs else None
    return Crew(jobs, backend, address, Setting(threads, isolate=isolate))


def _room() -> int:
    """Arms at a time: a GPU takes one."""
    import torch

    return 1 if torch.cuda.is_available() else max(1, min(MOST, os.cpu_count() or 1))


@contextmanager
def _ray(address: str | None, jobs: int) -> Iterator[None]:
    try:
        import ray
        from ray.util.joblib import register_ray
    except ImportError:
        raise NoBackend("backend 'ray' needs the package ray: pip install 'neurologist[ray]'") from None
    register_ray()  # type: ignore[no-untyped-call]
    if ray.is_initialized():
        yield
        return
    try:
        room: dict[str, Any] = {} if address else {"num_cpus": jobs, "include_dashboard": False}
        ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False, **room)
    except Exception as error:
        raise NoBackend(f"no Ray at {address or 'this machine'}: {str(error).splitlines()[0][:200]}") from None
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def _dask(address: str | None, jobs: int) -> Iterator[None]:
    try:
        from distributed import Client
    except ImportError:
        raise NoBackend("backend 'dask' needs the package distributed: pip install 'neurologist[dask]'") from None
    room: dict[str, Any] = {"n_workers": 1, "threads_per_worker": jobs, "processes": False, "dashboard_address": None}
    try:
        client = Client(address, timeout="10s") if address else Client(**room)  # type: ignore[no-untyped-call]
    except Exception as error:
        raise NoBackend(f"no Dask scheduler at {address}: {str(error)[:200]}") from None
    with client:
        yield


BACKENDS: dict[str, Callable[[str | None, int], AbstractContextManager[None]]] = {"ray": _ray, "dask": _dask}
