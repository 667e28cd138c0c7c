"""A grid of scenarios: every combination of thresholds, outlooks, policies and sites, in one TOML file."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from layoutplan.errors import Problem, ScenarioError
from layoutplan.norms import Norms
from layoutplan.plan.scenario import Scenario, parse_tree, read_content, validate_scenario
from layoutplan.seats.settings import Policy

_AXES = ("norms", "outlook", "policy", "sites")
_MOST = 100_000
# Norms that a grid varies, by key, sorted; and a value of an axis: kind of axis, key and value.
Thresholds = tuple[tuple[str, float], ...]
Value = tuple[str, str, Any]


@dataclass(frozen=True)
class Point:
    """One combination.

    Parameters
    ----------
    scenario : Scenario
        Named after the grid and what varies.
    norms : tuple of (str, float)
        Thresholds that replace the county's, sorted by key.
    """

    scenario: Scenario
    norms: Thresholds = ()


@dataclass(frozen=True, eq=False)
class Grid:
    """Every combination of the values of some axes, made when it is asked for.

    Parameters
    ----------
    tree : mapping
        The scenario that all combinations begin from, as its tables.
    axes : tuple of tuple of (str, str, value)
        Kind of axis, key (name of a site) and value (actions of a site), axis by axis.
    source : str
        File to be named in problems.
    """

    tree: Mapping[str, Any]
    axes: tuple[tuple[Value, ...], ...]
    source: str

    def names(self) -> Iterator[str]:
        """Yield the names of all combinations; the last axis varies fastest."""
        return (_name(self.tree, combination) for combination in itertools.product(*self.axes))

    def thresholds(self) -> Iterator[Thresholds]:
        """Yield what the norms may be, each combination once."""
        return (_norms(combination) for combination in itertools.product(*self._axes("norms")))

    def policies(self) -> Iterator[Policy]:
        """Yield what the policy may be, each combination once."""
        return (self._point(part).scenario.policy for part in itertools.product(*self._axes("policy")))

    def points(self, thresholds: Thresholds | None = None) -> Iterator[Point]:
        """Yield all combinations, or those that have some thresholds."""
        for combination in itertools.product(*self.axes):
            if thresholds is None or _norms(combination) == thresholds:
                yield self._point(combination)

    def _axes(self, kind: str) -> list[tuple[Value, ...]]:
        return [axis for axis in self.axes if axis[0][0] == kind]

    def _point(self, combination: tuple[Value, ...]) -> Point:
        scenario = dict(self.tree)
        for kind, key, value in combination:
            # What is no list or table stays as it is, for the scenario to refuse.
            if kind == "sites" and isinstance(held := scenario.get("actions", []), list):
                scenario["actions"] = [*held, *value]
            elif kind not in ("norms", "sites") and isinstance(held := scenario.get(kind, {}), Mapping):
                scenario[kind] = {**held, key: value}
        scenario["name"] = _name(self.tree, combination)
        return Point(validate_scenario(scenario, source=self.source), _norms(combination))


def _name(tree: Mapping[str, Any], combination: tuple[Value, ...]) -> str:
    words = (key if kind == "sites" else f"{key}={value}" for kind, key, value in combination)
    return " / ".join((str(tree.get("name", "")), *words))


def _norms(combination: tuple[Value, ...]) -> Thresholds:
    return tuple(sorted((key, value) for kind, key, value in combination if kind == "norms"))


def load_grid(path: Path) -> Grid:
    """Read a grid from a file.

    Raises
    ------
    ScenarioError
        The file cannot be read or holds no grid, or as :func:`make_grid`.
    """
    tree = parse_tree(read_content(path), source=path.name)
    if "grid" not in tree:
        values = {"reason": "", "value": ""}
        raise ScenarioError([Problem("scenario_key_missing", path.name, field="grid", values=values)])
    return make_grid(tree, path.name)


def make_grid(tree: Mapping[str, Any], source: str) -> Grid:
    """Return the grid that a file holds.

    Parameters
    ----------
    tree : mapping
        A scenario with a table ``grid`` besides, with ``norms``, ``outlook`` and ``policy`` (a list of
        values a key) and ``sites`` (``name`` and ``actions`` each; their actions come after those of the scenario).
    source : str
        File to be named in problems.

    Returns
    -------
    Grid
        Its combinations are in the order of its axes and of their values.

    Raises
    ------
    ScenarioError
        The file has unknown keys, empty or repeated values, more than 100,000 combinations, or a value with which
        it is no scenario.
    """
    axes = tree["grid"]
    problems = list(_faults(axes, source))
    if problems:
        raise ScenarioError(problems)
    lists = [
        tuple((kind, key, value) for value in values)
        for kind in _AXES[:-1]
        for key, values in sorted(axes.get(kind, {}).items())
    ]
    if "sites" in axes:
        lists.append(tuple(("sites", site["name"], site["actions"]) for site in axes["sites"]))
    grid = Grid({name: value for name, value in tree.items() if name != "grid"}, tuple(lists), source)
    # A scenario checks every value by itself, so a value that is good with the first of the others always is.
    first = [axis[0] for axis in grid.axes]
    for at, axis in enumerate(grid.axes):
        for value in axis:
            grid._point((*first[:at], value, *first[at + 1 :]))
    return grid


def _faults(axes: Any, source: str) -> Iterator[Problem]:
    if not isinstance(axes, Mapping):
        yield Problem("scenario_key_invalid", source, "", "grid", {"reason": "not a table", "value": repr(axes)[:80]})
        return
    for kind in axes:
        if kind not in _AXES:
            near = get_close_matches(kind, _AXES, 1) or _AXES
            yield Problem("grid_axis_unknown", source, "grid", kind, {"value": kind, "wanted": ", ".join(near)})
    combinations = 1
    for kind in _AXES[:-1]:
        table = axes.get(kind, {})
        if not isinstance(table, Mapping):
            yield Problem("grid_values_wrong", source, "grid", kind, {"value": repr(table)[:80]})
            continue
        for key, values in table.items():
            if not _are_values(kind, values):
                yield Problem("grid_values_wrong", source, f"grid.{kind}", key, {"value": repr(values)[:80]})
            else:
                combinations *= len(values)
    sites = axes.get("sites", [])
    names = [_site_name(site) for site in sites] if isinstance(sites, list) else [None]
    if ("sites" in axes and not names) or None in names or len(set(names)) < len(names):
        yield Problem("grid_sites_wrong", source, "grid", "sites", {"value": str(names)[:80]})
    if combinations * max(len(names), 1) > _MOST:
        yield Problem("grid_too_large", source, "grid", "", {"value": combinations * max(len(names), 1), "most": _MOST})


def _are_values(kind: str, values: Any) -> bool:
    """Return whether these can be the values of an axis: some, all different, and numbers where they are norms."""
    if not isinstance(values, list) or not values or len({repr(value) for value in values}) < len(values):
        return False
    return kind != "norms" or all(isinstance(value, int | float) for value in values)


def _site_name(site: Any) -> str | None:
    """Return what a site is called; nothing where it is no site."""
    if not isinstance(site, dict) or set(site) != {"name", "actions"}:
        return None
    is_whole = isinstance(site["name"], str) and isinstance(site["actions"], list)
    return str(site["name"]) if is_whole else None


def vary_norms(norms: Norms, values: Thresholds, *, source: str) -> Norms:
    """Return norms with other thresholds, which then are nobody's clause any more.

    Parameters
    ----------
    norms : Norms
        Those in force.
    values : tuple of (str, float)
        Key and value.
    source : str
        File to be named in problems.

    Raises
    ------
    ScenarioError
        A key is unknown, or a value is no number.

    Examples
    --------
    >>> from layoutplan.norms import load_norms
    >>> varied = vary_norms(load_norms(), (("class_size.primary", 40),), source="grid.toml")
    >>> varied.value("class_size.primary"), varied["class_size.primary"].verified
    (40, False)
    """
    problems = []
    for key, value in values:
        if key not in norms:
            near = ", ".join(get_close_matches(key, list(norms), 1))
            problems.append(Problem("grid_norm_unknown", source, "grid.norms", key, {"value": key, "wanted": near}))
        elif isinstance(value, bool) or not isinstance(value, int | float):
            problems.append(Problem("grid_values_wrong", source, "grid.norms", key, {"value": repr(value)}))
    if problems:
        raise ScenarioError(problems)
    changed = {key: replace(norms[key], value=value, verified=False) for key, value in values}
    return Norms({**norms, **changed}) if changed else norms
