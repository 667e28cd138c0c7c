"""Scenario files and grids of a batch, read one after the other, so that it costs no memory how many they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from layoutplan.access.network import Mode
from layoutplan.errors import Problem, ScenarioError
from layoutplan.plan.grid import Grid, Point, Thresholds, make_grid
from layoutplan.plan.scenario import parse_tree, read_content, validate_scenario
from layoutplan.seats.ways import modes_of


@dataclass(frozen=True, eq=False)
class Sources:
    """What a batch is to work out; only that which cannot be read again is kept.

    Parameters
    ----------
    paths : tuple of Path
        Files that read, in order.
    broken : tuple of (str, ScenarioError)
        Names of those that do not, and why.
    modes : mapping
        How pupils travel in the scenarios, by the thresholds these have, in the order they come.
    count : int
        Scenarios and broken files.
    """

    paths: tuple[Path, ...]
    broken: tuple[tuple[str, ScenarioError], ...]
    modes: dict[Thresholds, set[Mode]]
    count: int

    def points(self, thresholds: Thresholds) -> Iterator[tuple[str, Point]]:
        """Yield the scenarios that have some thresholds, each with the name of its file, in order."""
        for path in self.paths:
            found = _read(path)
            if isinstance(found, Grid):
                yield from ((path.name, point) for point in found.points(thresholds))
            elif thresholds == found.norms:
                yield path.name, found


def read_sources(paths: Sequence[Path]) -> Sources:
    """Look through scenario files and grids.

    Parameters
    ----------
    paths : sequence of Path
        Files; of a grid every combination is a scenario.

    Returns
    -------
    Sources
        The scenarios themselves are read when they are asked for.

    Raises
    ------
    ScenarioError
        There is no file, or two scenarios have one name.
    """
    if not paths:
        raise ScenarioError([Problem("batch_empty", "batch")])
    readable, broken, problems = list[Path](), list[tuple[str, ScenarioError]](), list[Problem]()
    modes: dict[Thresholds, set[Mode]] = {}
    # Of names only what they hash to is remembered: a grid has many and long ones.
    seen, count = set[int](), 0
    for path in paths:
        try:
            found = _read(path)
        except ScenarioError as fault:
            broken.append((path.name, fault))
            count += 1
            continue
        readable.append(path)
        for name in found.names() if isinstance(found, Grid) else [found.scenario.name]:
            if hash(name) in seen:
                problems.append(Problem("batch_same_name", path.name, field="name", values={"value": name}))
            seen.add(hash(name))
            count += 1
        policies = found.policies() if isinstance(found, Grid) else [found.scenario.policy]
        travelled = {mode for policy in policies for mode in modes_of(policy)}
        for thresholds in found.thresholds() if isinstance(found, Grid) else [found.norms]:
            modes.setdefault(thresholds, set()).update(travelled)
    if problems:
        raise ScenarioError(problems)
    return Sources(tuple(readable), tuple(broken), modes, count)


def _read(path: Path) -> Grid | Point:
    tree = parse_tree(read_content(path), source=path.name)
    return make_grid(tree, path.name) if "grid" in tree else Point(validate_scenario(tree, source=path.name))
