"""Many scenarios of one county or many: each result kept under the hash of what it was made from.

A batch may be stopped or killed and started again: what is there is not done again, and a scenario or layer
that changed since is. Results are Parquet files of one folder, each whole or absent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import Literal, cast

import numpy as np

import layoutplan
from layoutplan.county.layers import county_norms, read_county
from layoutplan.errors import DataError, InputError, Problem, ScenarioError
from layoutplan.plan.catchments import Catchments, draw_up_catchments
from layoutplan.plan.grid import Thresholds, vary_norms
from layoutplan.plan.measuring import Measured, measure_county
from layoutplan.plan.numbers import Numbers, read_numbers
from layoutplan.plan.results import RESULTS, Result, SchoolNumbers, keep_result, read_result
from layoutplan.plan.scenario import Scenario
from layoutplan.plan.sources import Sources, read_sources
from layoutplan.plan.workers import Job, Lost, run_beside, run_here, run_on_cluster
from layoutplan.seats.standing import STAGE_ORDER

# What is worked out of each scenario: the whole plan, or who lives nearest to which school.
Level = Literal["plan", "catchments"]
# A result, or why there is none.
Outcome = Result | InputError | Lost


@dataclass(frozen=True)
class Task:
    """One scenario of one county.

    Parameters
    ----------
    county : str
        Name of the county's folder.
    file : str
        Name of the scenario file.
    scenario : Scenario
        As read.
    key : str
        Hash of county, norms, scenario, level and program: equal keys, equal results.
    level : {"plan", "catchments"}
        What is worked out.
    """

    county: str
    file: str
    scenario: Scenario
    key: str
    level: Level = "plan"


@dataclass(frozen=True, eq=False)
class BatchRun:
    """One scenario of a batch, done.

    Parameters
    ----------
    county, file : str
        Folder of the county, and scenario file.
    scenario : str or None
        Its name; None where the file does not read.
    key : str
        Under which the result is kept; empty where there is none.
    numbers : Numbers or None
        Of the whole county; None if the scenario failed.
    fault : InputError or None
        Why it failed.
    """

    county: str
    file: str
    scenario: str | None
    key: str
    numbers: Numbers | None
    fault: InputError | None


@dataclass(frozen=True)
class Crew:
    """Who does the work.

    Parameters
    ----------
    workers : int
        Processes of this machine; 1 works in this one.
    scheduler : str
        Address of a Dask scheduler, ``tcp://host:port``; its workers do it instead.
    """

    workers: int = 1
    scheduler: str = ""


def find_counties(path: Path) -> list[Path]:
    """Return the counties a path stands for: one, or all whose folders are inside, sorted by name.

    Raises
    ------
    DataError
        There is no ``county.toml``, neither there nor one folder below.
    """
    if path.is_file() or (path / "county.toml").is_file():
        return [path]
    found = sorted(file.parent for file in path.glob("*/county.toml"))
    if not found:
        raise DataError([Problem("batch_no_county", str(path))])
    return found


def run_batch(
    county: Path,
    scenarios: Sequence[Path] | Sources,
    *,
    workers: int = 1,
    crew: Crew | None = None,
    out: Path | None = None,
    level: Level = "plan",
) -> Iterator[BatchRun]:
    """Run scenarios, yielding each as it is done.

    Parameters
    ----------
    county : Path
        ``county.toml`` or its folder, or a folder of such folders: then every scenario runs on every county.
    scenarios : sequence of Path, or Sources
        Scenario files and grids, read once and kept on the disk; a scenario that fails does not stop the others.
    workers : int, optional
        Processes of this machine; the county is read and prepared once and handed to each.
    crew : Crew, optional
        Instead of ``workers``, for a cluster.
    out : Path, optional
        Folder that keeps the results; those already in it are not worked out again.
    level : {"plan", "catchments"}, optional
        ``catchments``: only who lives nearest to which school, many times as fast.

    Yields
    ------
    BatchRun
        In the order they finish; the content of each does not depend on it.

    Raises
    ------
    ScenarioError
        No scenario was given, or two files hold scenarios of one name; raised before any runs.
    DataError
        There is no county. A county of several that cannot be read fails with all its scenarios.
    """
    sources = scenarios if isinstance(scenarios, Sources) else read_sources(scenarios)
    counties = find_counties(county)
    for place in counties:
        name = place.parent.name if place.is_file() else place.name
        yield from (BatchRun(name, file, None, "", None, fault) for file, fault in sources.broken)
        for thresholds in sources.modes:
            share = _Share(name, sources, thresholds, level)
            try:
                prepared = _prepared(place, share)
            except InputError as fault:
                if len(counties) == 1:
                    raise
                yield from (BatchRun(name, file, plan.name, "", None, fault) for file, plan in share.plans())
                continue
            yield from _run_share(prepared, share, crew or Crew(workers), out)
            # Or two counties would be held while the next one is read.
            del prepared


@dataclass(frozen=True, eq=False)
class _Share:
    """The scenarios of a batch that share what is prepared: of one county, with the same thresholds."""

    county: str
    sources: Sources
    thresholds: Thresholds
    level: Level

    def plans(self) -> Iterator[tuple[str, Scenario]]:
        return ((file, point.scenario) for file, point in self.sources.points(self.thresholds))

    def tasks(self, measured: Measured) -> Iterator[Task]:
        for file, plan in self.plans():
            yield Task(self.county, file, plan, make_key(measured, plan, self.level), self.level)


def _prepared(place: Path, share: _Share) -> Measured:
    modes = tuple(sorted(share.sources.modes[share.thresholds]))
    norms = county_norms(place)
    if share.thresholds:
        norms = vary_norms(norms, share.thresholds, source=next(share.sources.points(share.thresholds))[0])
    if share.level == "catchments":
        return measure_county(read_county(place), norms, modes=modes)
    # Of plans there is much to load, and catchments need none of it.
    from layoutplan.plan.planning import prepare

    return prepare(read_county(place), norms, modes=modes)


def make_key(measured: Measured, scenario: Scenario, level: Level = "plan") -> str:
    """Return the hash a result is kept under: of county, norms, scenario, level and the program itself."""
    parts = (measured.county.fingerprint, measured.norms.fingerprint, scenario.fingerprint, level, _program())
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:24]


@cache
def _program() -> str:
    """Return a hash of the package's own files: results of another state of the program are not taken over."""
    total = hashlib.sha256()
    folder = Path(layoutplan.__file__).parent
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".py", ".toml") and path.is_file():
            total.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def _run_share(measured: Measured, share: _Share, crew: Crew, out: Path | None) -> Iterator[BatchRun]:
    """Yield what earlier runs kept, then the rest; scenarios are fetched anew, so that none needs to be held."""
    kept = set[bytes]()
    if out is not None and (out / RESULTS).is_dir():
        for task in share.tasks(measured):
            if (numbers := read_result(task.key, out)) is not None:
                kept.add(bytes.fromhex(task.key))
                yield _done(task, numbers)
    left = (task for task in share.tasks(measured) if bytes.fromhex(task.key) not in kept)
    if out is None:
        yield from _work(measured, left, crew, None)
        return
    firsts, twins = _Firsts(), _Firsts()
    yield from _work(measured, (task for task in left if firsts.add(task)), crew, out)
    # Scenarios that differ in nothing but their names have one result.
    again = share.tasks(measured) if firsts.refused else ()
    for task in again:
        if bytes.fromhex(task.key) not in kept and not twins.add(task):
            numbers = read_result(task.key, out)
            yield from _work(measured, [task], Crew(), out) if numbers is None else [_done(task, numbers)]


class _Firsts:
    """Whether a task is the first of its key, and whether one was not."""

    def __init__(self) -> None:
        self._keys, self.refused = set[bytes](), False

    def add(self, task: Task) -> bool:
        """Return whether no task with this key was added before."""
        key = bytes.fromhex(task.key)
        known = key in self._keys
        self._keys.add(key)
        self.refused |= known
        return not known


def _work(measured: Measured, tasks: Iterable[Task], crew: Crew, out: Path | None) -> Iterator[BatchRun]:
    """Work tasks out, keeping and yielding each as it is done."""
    tasks = iter(tasks)
    first = list(islice(tasks, 2))
    job = Job[Measured, Task, Outcome](work_out, measured, chain(first, tasks))
    if not first:
        return
    if crew.scheduler:
        done = run_on_cluster(job, address=crew.scheduler)
    else:
        done = run_here(job) if crew.workers == 1 or len(first) < 2 else run_beside(job, workers=crew.workers)
    for task, answer in done:
        if isinstance(answer, Lost):
            answer = ScenarioError([Problem("worker_lost", task.file)])
        if isinstance(answer, InputError):
            yield BatchRun(task.county, task.file, task.scenario.name, "", None, answer)
            continue
        if out is not None:
            keep_result(answer, task.key, out)
        yield _done(task, answer.numbers)


def _done(task: Task, numbers: Numbers) -> BatchRun:
    return BatchRun(task.county, task.file, task.scenario.name, task.key, numbers, None)


def work_out(measured: Measured, task: Task) -> Result | InputError:
    """Work out one scenario of a batch; return what came out, or why nothing did.

    Of catchments, the numbers of schools are ``catchment_pupils_<stage>`` and ``catchment_seats_<stage>`` in the
    last year and in those in which a school opens, closes or is converted.
    """
    try:
        if task.level == "catchments":
            found = draw_up_catchments(measured, task.scenario)
            return Result(found.numbers, _school_numbers(found))
        from layoutplan.plan.planning import Prepared, count_plan

        return Result(read_numbers(count_plan(cast(Prepared, measured), task.scenario)))
    except InputError as fault:
        return fault


def _school_numbers(found: Catchments) -> SchoolNumbers:
    told = np.flatnonzero(np.isin(found.years, [*found.changes, found.years[-1]]))
    pupils, seats = found.pupils[told], found.seats[told]
    year, stage, school = np.nonzero(pupils + seats)
    stages = len(STAGE_ORDER)
    return SchoolNumbers(
        [f"catchment_{name}_{each}" for name in ("pupils", "seats") for each in STAGE_ORDER],
        ["person"] * stages + ["seat"] * stages, found.school_ids, np.concatenate([stage, stage + stages]),
        np.tile(school, 2), np.tile(found.years[told[year]], 2),
        np.stack([pupils, seats])[:, year, stage, school].ravel(),
    )  # fmt: skip
