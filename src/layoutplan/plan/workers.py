"""One function over many tasks: in this process, in processes beside it, or on a Dask cluster.

What all tasks share is handed to a worker once. A worker that dies takes at most its own task with it: the task
is tried once more by itself, and if the worker dies again, it is given up and the rest goes on.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from layoutplan.errors import Problem, ScenarioError

Shared = TypeVar("Shared")
Task = TypeVar("Task")
Answer = TypeVar("Answer")

_CONNECT_SECONDS = 30


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
        Dask is not installed here, or no scheduler answers at the address.
    """
    try:
        from distributed import Client, KilledWorker, as_completed
    except ImportError as fault:
        raise ScenarioError([Problem("cluster_not_installed", address)]) from fault
    try:
        client = Client(address, timeout=_CONNECT_SECONDS)
    except (OSError, TimeoutError, ValueError) as fault:
        raise ScenarioError([Problem("cluster_not_there", address, values={"reason": str(fault)})]) from fault
    with client:
        held = client.scatter(job.shared, broadcast=True, direct=False)
        running: dict[str, Task] = {}

        def submit(task: Task) -> Any:
            future = client.submit(job.function, held, task, pure=False, retries=1)
            running[future.key] = task
            return future

        source = iter(job.tasks)
        room = 2 * max(sum(client.nthreads().values()), 1)
        done = as_completed([submit(task) for _, task in zip(range(room), source, strict=False)])
        for future in done:
            task = running.pop(future.key)
            try:
                answer: Answer | Lost = future.result()
            except KilledWorker:
                answer = Lost()
            if (another := next(source, None)) is not None:
                done.add(submit(another))
            yield task, answer
