"""Many scenarios of one county or many: each result kept under the hash of what it was made from.

A batch may be stopped or killed and started again: what is there is not done again, and a scenario or layer
that changed since is. Results are Parquet files of one folder, each whole or absent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

import layoutplan
from layoutplan.access.network import Mode
from layoutplan.county.layers import county_norms, read_county
from layoutplan.errors import DataError, InputError, Problem, ScenarioError
from layoutplan.files import write_whole
from layoutplan.plan.planning import Prepared, prepare, run_plan
from layoutplan.plan.scenario import Scenario, load_scenario
from layoutplan.plan.workers import Job, Lost, run_beside, run_here, run_on_cluster
from layoutplan.seats.ways import modes_of

RESULTS = "results"
# Indicators, or why there are none.
Outcome = pd.DataFrame | InputError | Lost


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
        Hash of county, norms, scenario and program: equal keys, equal results.
    """

    county: str
    file: str
    scenario: Scenario
    key: str


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
    indicators : DataFrame or None
        ``indicator, year, value, unit``; None if the scenario failed.
    fault : InputError or None
        Why it failed.
    """

    county: str
    file: str
    scenario: str | None
    key: str
    indicators: pd.DataFrame | None
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
    county: Path, scenarios: Sequence[Path], *, workers: int = 1, crew: Crew | None = None, out: Path | None = None
) -> Iterator[BatchRun]:
    """Run scenarios, yielding each as it is done.

    Parameters
    ----------
    county : Path
        ``county.toml`` or its folder, or a folder of such folders: then every scenario runs on every county.
    scenarios : sequence of Path
        Scenario files; one that fails does not stop the others.
    workers : int, optional
        Processes of this machine; the county is read and prepared once and handed to each.
    crew : Crew, optional
        Instead of ``workers``, for a cluster.
    out : Path, optional
        Folder that keeps the results; those already in it are not worked out again.

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
    readable, broken = _read_all(scenarios)
    counties = find_counties(county)
    for place in counties:
        name = place.parent.name if place.is_file() else place.name
        yield from (BatchRun(name, path.name, None, "", None, fault) for path, fault in broken)
        try:
            prepared = _prepared(place, _modes(readable))
        except InputError as fault:
            if len(counties) == 1:
                raise
            yield from (BatchRun(name, path.name, plan.name, "", None, fault) for path, plan in readable)
            continue
        tasks = [Task(name, path.name, plan, make_key(prepared, plan)) for path, plan in readable]
        yield from _run_tasks(prepared, tasks, crew or Crew(workers), out)


def _read_all(paths: Sequence[Path]) -> tuple[list[tuple[Path, Scenario]], list[tuple[Path, ScenarioError]]]:
    """Read the files; return those that read and those that do not, and check them as a whole."""
    if not paths:
        raise ScenarioError([Problem("batch_empty", "batch")])
    readable: list[tuple[Path, Scenario]] = []
    broken: list[tuple[Path, ScenarioError]] = []
    problems, names = [], set[str]()
    for path in paths:
        try:
            scenario = load_scenario(path)
        except ScenarioError as fault:
            broken.append((path, fault))
            continue
        if scenario.name in names:
            problems.append(Problem("batch_same_name", path.name, field="name", values={"value": scenario.name}))
        names.add(scenario.name)
        readable.append((path, scenario))
    if problems:
        raise ScenarioError(problems)
    return readable, broken


def _modes(readable: Sequence[tuple[Path, Scenario]]) -> tuple[Mode, ...]:
    return tuple(sorted({mode for _, scenario in readable for mode in modes_of(scenario.policy)}))


def _prepared(county: Path, modes: tuple[Mode, ...]) -> Prepared:
    return prepare(read_county(county), county_norms(county), modes=modes)


def make_key(prepared: Prepared, scenario: Scenario) -> str:
    """Return the hash a result is kept under: of county, norms, scenario and the program itself."""
    parts = (prepared.county.fingerprint, prepared.norms.fingerprint, scenario.fingerprint, _program())
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


def _run_tasks(prepared: Prepared, tasks: Sequence[Task], crew: Crew, out: Path | None) -> Iterator[BatchRun]:
    left = []
    for task in tasks:
        kept = _read_result(task, out)
        if kept is None:
            left.append(task)
        else:
            yield BatchRun(task.county, task.file, task.scenario.name, task.key, kept, None)
    job = Job[Prepared, Task, Outcome](work_out, prepared, left)
    if crew.scheduler:
        done = run_on_cluster(job, address=crew.scheduler)
    else:
        done = run_here(job) if crew.workers == 1 or len(left) < 2 else run_beside(job, workers=crew.workers)
    for task, answer in done if left else ():
        if isinstance(answer, Lost):
            answer = ScenarioError([Problem("worker_lost", task.file)])
        if isinstance(answer, InputError):
            yield BatchRun(task.county, task.file, task.scenario.name, "", None, answer)
            continue
        if out is not None:
            _keep_result(answer, task, out)
        yield BatchRun(task.county, task.file, task.scenario.name, task.key, answer, None)


def work_out(prepared: Prepared, task: Task) -> pd.DataFrame | InputError:
    """Work out one scenario of a batch; return its indicators, or why there are none."""
    try:
        return run_plan(prepared, task.scenario).indicators
    except InputError as fault:
        return fault


def _path_of(task: Task, out: Path) -> Path:
    return out / RESULTS / f"{task.key}.parquet"


def _keep_result(indicators: pd.DataFrame, task: Task, out: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.Table.from_pandas(indicators.assign(key=task.key), preserve_index=False)
    with write_whole(_path_of(task, out)) as draft:
        pyarrow.parquet.write_table(table, draft)


def _read_result(task: Task, out: Path | None) -> pd.DataFrame | None:
    """Return what an earlier run kept; nothing where there is none or the file does not read."""
    import pyarrow

    if out is None or not _path_of(task, out).is_file():
        return None
    try:
        return pd.read_parquet(_path_of(task, out)).drop(columns="key")
    except (OSError, ValueError, pyarrow.ArrowException):
        return None


def summary_row(run: BatchRun) -> dict[str, object]:
    """Return the row of one run: ``county, file, scenario, status, problems, key``, then a value an indicator and year.

    ``status`` is ``done`` or ``failed``; values stand under ``<indicator>_<unit>_<year>``.
    """
    row: dict[str, object] = {
        "county": run.county, "file": run.file, "scenario": run.scenario,
        "status": "done" if run.fault is None else "failed",
        "problems": "" if run.fault is None else run.fault.say("en"), "key": run.key,
    }  # fmt: skip
    if run.indicators is not None:
        names = run.indicators[["indicator", "unit", "year"]].astype(str).agg("_".join, axis=1)
        row |= dict(zip(names, run.indicators["value"], strict=True))
    return row


def summary_table(rows: Sequence[dict[str, object]]) -> pd.DataFrame:
    """Return the rows of :func:`summary_row` as one table, sorted by county and file."""
    return pd.DataFrame(rows).sort_values(["county", "file"], ignore_index=True)
