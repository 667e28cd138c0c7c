"""Many scenarios in local processes: one prepared county a process, one table of results."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from layoutplan.access.network import Mode
from layoutplan.county.layers import county_norms, read_county
from layoutplan.errors import InputError, Problem, ScenarioError
from layoutplan.plan.planning import Prepared, prepare, run_plan
from layoutplan.plan.scenario import Scenario, load_scenario


@dataclass(frozen=True, eq=False)
class BatchRun:
    """One scenario of a batch.

    Parameters
    ----------
    path : Path
        Scenario file.
    indicators : DataFrame or None
        ``scenario, indicator, year, value, unit``; None if the scenario failed.
    fault : InputError or None
        Why it failed.
    """

    path: Path
    indicators: pd.DataFrame | None
    fault: InputError | None


def run_batch(county: Path, scenarios: Sequence[Path], *, workers: int = 1) -> Iterator[BatchRun]:
    """Run scenarios one after the other or side by side, yielding each as it is done.

    Parameters
    ----------
    county : Path
        ``county.toml`` or its folder.
    scenarios : sequence of Path
        Scenario files; one that fails does not stop the others.
    workers : int
        Processes; each reads and prepares the county once.

    Yields
    ------
    BatchRun
        In the order they finish; the content of each does not depend on it.

    Raises
    ------
    ScenarioError
        No scenario was given, or two files hold scenarios of one name; raised before any runs.
    DataError
        The county cannot be read; raised before any scenario runs.
    """
    modes = _modes(scenarios)
    if workers == 1:
        prepared = _prepared(county, modes)
        yield from (_run_one(prepared, path) for path in scenarios)
        return
    # spawn, because a forked child would inherit the threads of the numeric libraries half alive.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        futures = [pool.submit(_run_in_worker, county, modes, path) for path in scenarios]
        for future in as_completed(futures):
            yield future.result()


def _modes(scenarios: Sequence[Path]) -> tuple[Mode, ...]:
    """Check the files as a whole and return the travel modes the readable ones need."""
    if not scenarios:
        raise ScenarioError([Problem("batch_empty", "batch")])
    readable: dict[str, Scenario] = {}
    problems = []
    for path in scenarios:
        try:
            scenario = load_scenario(path)
        except ScenarioError:
            continue
        if scenario.name in readable:
            problems.append(Problem("batch_same_name", path.name, field="name", values={"value": scenario.name}))
        readable[scenario.name] = scenario
    if problems:
        raise ScenarioError(problems)
    return tuple(sorted({scenario.policy.mode for scenario in readable.values()}))


@cache
def _prepared(county: Path, modes: tuple[Mode, ...]) -> Prepared:
    return prepare(read_county(county), county_norms(county), modes=modes)


def _run_in_worker(county: Path, modes: tuple[Mode, ...], path: Path) -> BatchRun:
    return _run_one(_prepared(county, modes), path)


def _run_one(prepared: Prepared, path: Path) -> BatchRun:
    try:
        result = run_plan(prepared, load_scenario(path))
    except InputError as fault:
        return BatchRun(path, None, fault)
    return BatchRun(path, result.indicators.assign(scenario=result.scenario.name), None)


def summary_table(runs: Sequence[BatchRun]) -> pd.DataFrame:
    """Return one table of all runs: a row a scenario file, a column an indicator and year.

    Returns
    -------
    DataFrame
        ``file, scenario, status`` (``done`` or ``failed``), ``problems``, then
        ``<indicator>_<unit>_<year>``, sorted by file name.
    """
    rows = []
    for run in sorted(runs, key=lambda item: item.path.name):
        row: dict[str, object] = {"file": run.path.name, "scenario": None, "status": "done", "problems": ""}
        if run.fault is not None:
            row |= {"status": "failed", "problems": run.fault.say("en")}
        if run.indicators is not None:
            row["scenario"] = run.indicators["scenario"].iloc[0]
            for item in run.indicators.itertuples():
                row[f"{item.indicator}_{item.unit}_{item.year}"] = item.value
        rows.append(row)
    return pd.DataFrame(rows)
