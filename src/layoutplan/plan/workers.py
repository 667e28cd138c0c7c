"""One function over many tasks: in this process, in processes beside it, or on a Dask cluster.

What all tasks share is handed to a worker once. A worker that dies takes at most its own task with it: the task
is tried once more by itself, and if the worker dies again, it is given up and the rest goes on.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from layoutplan.errors import Problem, ScenarioError

if TYPE_CHECKING:
    from distributed import Client

Shared = TypeVar("Shared")
Task = TypeVar("Task")
Answer = TypeVar("Answer")

_CONNECT_SECONDS = 30
# How often it is looked how many workers a cluster has.
_LOOK_SECONDS = 5.0


@dataclass(frozen=True)
class Lost:
    """Instead of an answer: the worker died twice over this task."""


@dataclass(frozen=True, eq=False)
class Job(Generic[Shared, Task, Answer]):
    """What is to be done.

    Parameters
    ----------
    function : callable
        Of what is shared and one task; found by name in a module, so that workers can import it.
    shared
        Handed to every worker once.
    tasks : iterable
        Taken as workers come free, so it may be long.
    """

    function: Callable[[Shared, Task], Answer]
    shared: Shared
    tasks: Iterable[Task]


def run_here(job: Job[Shared, Task, Answer]) -> Iterator[tuple[Task, Answer]]:
    """Yield every task with its answer, one after the other."""
    for task in job.tasks:
        yield task, job.function(job.shared, task)


_KEPT: dict[str, Any] = {}


def _keep(function: Callable[..., Any], shared: object) -> None:
    """Remember, in a new worker, what its tasks have in common."""
    _KEPT.update(function=function, shared=shared)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this worker when the process that started it is killed; it would wait for tasks for ever, and hold memory."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _do(task: object) -> Any:
    return _KEPT["function"](_KEPT["shared"], task)


def run_beside(job: Job[Shared, Task, Answer], *, workers: int) -> Iterator[tuple[Task, Answer | Lost]]:
    """Yield every task with its answer as processes of this machine finish them.

    Parameters
    ----------
    job : Job
        What to do.
    workers : int
        Processes. At most so many tasks are under way, so that a kill repeats at most one a worker.

    Yields
    ------
    task, answer
        In the order of finishing; ``Lost`` where the worker died twice.
    """
    alone, source = deque[Task](), iter(job.tasks)
    while True:
        running: dict[Future[Answer], Task] = {}
        # spawn, because a forked child would inherit the threads of the numeric libraries half alive.
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_keep, initargs=(job.function, job.shared))
        try:
            while True:
                # Tasks under way when a worker died go one by one, so that the guilty one is known.
                room = 1 if alone else workers
                while len(running) < room:
                    task = alone[0] if alone else next(source, None)
                    if task is None:
                        break
                    running[pool.submit(_do, task)] = task
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    answer = future.result()
                    task = running.pop(future)
                    if alone:
                        alone.popleft()
                    yield task, answer
        except BrokenProcessPool:
            if alone:
                yield alone.popleft(), Lost()
            else:
                alone.extend(running.values())
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def run_on_cluster(job: Job[Shared, Task, Answer], *, address: str) -> Iterator[tuple[Task, Answer | Lost]]:
    """Yield every task with its answer as the workers of a Dask cluster finish them.

    Parameters
    ----------
    job : Job
        What to do; the workers need this package in the same version.
    address : str
        Of the scheduler, ``tcp://host:port``.

    Yields
    ------
    task, answer
        In the order of finishing; ``Lost`` where workers died over it.

    Raises
    ------
    ScenarioError
        Dask is not installed here, no scheduler answers at the address, or it has no worker.
    """
    try:
        from distributed import Client
    except ImportError as fault:
        raise ScenarioError([Problem("cluster_not_installed", address)]) from fault
    try:
        client = Client(address, timeout=_CONNECT_SECONDS)
    except (OSError, TimeoutError, ValueError) as fault:
        raise ScenarioError([Problem("cluster_not_there", address, values={"reason": str(fault)})]) from fault
    with client:
        yield from _on_cluster(client, job, address)


@dataclass(frozen=True)
class _CutOff:
    """Instead of an answer: all workers that held what is shared are gone."""


def _on_cluster(client: Client, job: Job[Shared, Task, Answer], address: str) -> Iterator[tuple[Task, Answer | Lost]]:
    """Yield every task with its answer; hand out anew what is shared when all who held it are gone.

    A worker that joined late need not hold it yet, so the death of one may be enough.
    """
    alone, source, singly = deque[Task](), iter(job.tasks), False
    while True:
        cut_off = []
        for task, answer in _while_held(client, job, _taken(alone) if singly else source, address, singly=singly):
            if not isinstance(answer, _CutOff):
                yield task, answer
            elif singly:
                yield task, Lost()
            else:
                cut_off.append(task)
        # Those that were under way go one by one, so that a guilty one is known.
        alone.extend(cut_off)
        if not singly and not alone:
            return
        singly = bool(alone)


def _taken(tasks: deque[Task]) -> Iterator[Task]:
    while tasks:
        yield tasks.popleft()


def _while_held(
    client: Client, job: Job[Shared, Task, Answer], tasks: Iterator[Task], address: str, *, singly: bool
) -> Iterator[tuple[Task, Answer | Lost | _CutOff]]:
    """Hand out what is shared and yield tasks with their answers; take no more tasks once it is lost."""
    from distributed import as_completed

    held, running, done = None, dict[str, Task](), as_completed()
    room, looked, lost = 1, -math.inf, False
    while True:
        if not singly and time.monotonic() > looked + _LOOK_SECONDS:
            # Workers may come and go.
            room, looked = 2 * max(sum(client.nthreads().values()), 1), time.monotonic()
        while len(running) < room and not lost and (task := next(tasks, None)) is not None:
            held = held or _hand_out(client, job.shared, address)
            future = client.submit(job.function, held, task, pure=False, retries=1)
            running[future.key] = task
            done.add(future)
        if not running:
            return
        future = next(done)
        answer = _answer_of(future)
        lost = lost or isinstance(answer, _CutOff)
        yield running.pop(future.key), answer


def _answer_of(future: Any) -> Any:
    from distributed import KilledWorker

    try:
        return future.result()
    except KilledWorker:
        return Lost()
    except CancelledError:
        return _CutOff()


def _hand_out(client: Client, shared: object, address: str) -> Any:
    """Hand what all tasks share to every worker there is."""
    try:
        # Under a name of its own: under the same one it would pass for what was lost.
        return client.scatter(shared, broadcast=True, direct=False, hash=False)
    except (OSError, TimeoutError) as fault:
        values = {"seconds": _CONNECT_SECONDS}
        raise ScenarioError([Problem("cluster_without_workers", address, values=values)]) from fault
