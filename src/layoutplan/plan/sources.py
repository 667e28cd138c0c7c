"""Scenario files and grids of a batch, read once and kept on the disk, so that it costs no memory how many they are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from layoutplan.access.network import Mode
from layoutplan.errors import Problem, ScenarioError
from layoutplan.files import open_scratch
from layoutplan.plan.grid import Grid, Point, Thresholds, make_grid
from layoutplan.plan.scenario import Scenario, parse_tree, read_content, validate_scenario
from layoutplan.seats.ways import modes_of


class Shelf:
    """Scenarios and grids with the names of their files, in an SQLite database that goes with the process.

    As they were when the batch began: who edits a file meanwhile changes the next batch.
    """

    def __init__(self) -> None:
        self._base = open_scratch()
        self._base.execute("CREATE TABLE files (name TEXT, scenario TEXT, grid TEXT)")

    def add(self, path: Path) -> Grid | Scenario:
        """Read a file, put it behind the others, and return it.

        Raises
        ------
        ScenarioError
            It does not read; then it is not put on the shelf.
        """
        content = read_content(path)
        found = _parsed(content, path.name)
        # A grid is small beside what is made of it; scenarios are many, and JSON reads many times as fast as TOML.
        # By the standard library, which writes what is no finite number too: it is for the actions to refuse it.
        kept = (None, content) if isinstance(found, Grid) else (json.dumps(found.model_dump()), None)
        self._base.execute("INSERT INTO files VALUES (?, ?, ?)", (path.name, *kept))
        return found

    def __iter__(self) -> Iterator[tuple[str, Grid | Scenario]]:
        """Yield all in order, each taken from the disk when it is asked for."""
        for name, scenario, grid in self._base.execute("SELECT name, scenario, grid FROM files ORDER BY rowid"):
            yield name, Scenario.model_validate_json(scenario) if grid is None else _parsed(grid, name)


@dataclass(frozen=True, eq=False)
class Sources:
    """What a batch is to work out.

    Parameters
    ----------
    readable : Shelf
        Files that read, in order.
    broken : tuple of (str, ScenarioError)
        Names of those that do not, and why.
    modes : mapping
        How pupils travel in the scenarios, by the thresholds these have, in the order they come.
    count : int
        Scenarios and broken files.
    """

    readable: Shelf
    broken: tuple[tuple[str, ScenarioError], ...]
    modes: dict[Thresholds, set[Mode]]
    count: int

    def points(self, thresholds: Thresholds) -> Iterator[tuple[str, Point]]:
        """Yield the scenarios that have some thresholds, each with the name of its file, in order."""
        for name, found in self.readable:
            if isinstance(found, Grid):
                yield from ((name, point) for point in found.points(thresholds))
            elif not thresholds:
                yield name, Point(found)


def read_sources(paths: Sequence[Path]) -> Sources:
    """Look through scenario files and grids.

    Parameters
    ----------
    paths : sequence of Path
        Files; of a grid every combination is a scenario.

    Returns
    -------
    Sources
        What was read is kept on the disk (``SQLITE_TMPDIR`` says where).

    Raises
    ------
    ScenarioError
        There is no file, or two scenarios have one name.
    """
    if not paths:
        raise ScenarioError([Problem("batch_empty", "batch")])
    readable, broken, problems = Shelf(), list[tuple[str, ScenarioError]](), list[Problem]()
    modes: dict[Thresholds, set[Mode]] = {}
    # Of names only what they hash to is remembered: a grid has many and long ones.
    seen, count = set[int](), 0
    for path in paths:
        try:
            found = readable.add(path)
        except ScenarioError as fault:
            broken.append((path.name, fault))
            count += 1
            continue
        for name in found.names() if isinstance(found, Grid) else [found.name]:
            if hash(name) in seen:
                problems.append(Problem("batch_same_name", path.name, field="name", values={"value": name}))
            seen.add(hash(name))
            count += 1
        policies = found.policies() if isinstance(found, Grid) else [found.policy]
        travelled = {mode for policy in policies for mode in modes_of(policy)}
        for thresholds in found.thresholds() if isinstance(found, Grid) else [()]:
            modes.setdefault(thresholds, set()).update(travelled)
    if problems:
        raise ScenarioError(problems)
    return Sources(readable, tuple(broken), modes, count)


def _parsed(content: str, name: str) -> Grid | Scenario:
    tree = parse_tree(content, source=name)
    return make_grid(tree, name) if "grid" in tree else validate_scenario(tree, source=name)
