"""A grid of scenarios: every combination of thresholds, outlooks, policies and sites, in one TOML file."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import tomli_w

from layoutplan.errors import Problem, ScenarioError
from layoutplan.norms import Norms
from layoutplan.plan.scenario import Scenario, parse_scenario, parse_tree, read_content

_AXES = ("norms", "outlook", "policy", "sites")
_MOST = 100_000


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
    norms: tuple[tuple[str, float], ...] = ()


def is_grid(path: Path) -> bool:
    """Return whether a file is a grid; one that does not read is none."""
    try:
        return "grid" in parse_tree(read_content(path), source=path.name)
    except ScenarioError:
        return False


def load_grid(path: Path) -> list[Point]:
    """Read a grid and return all its combinations, in the order of its axes and of their values.

    Parameters
    ----------
    path : Path
        A scenario file that has a table ``grid`` besides, with ``norms``, ``outlook`` and ``policy`` (a list of
        values a key) and ``sites`` (``name`` and ``actions`` each; their actions come after those of the scenario).

    Returns
    -------
    list of Point
        The last axis varies fastest.

    Raises
    ------
    ScenarioError
        The file cannot be read, has unknown keys, empty or repeated values, more than 100,000 combinations, or one
        that is no scenario.
    """
    tree = parse_tree(read_content(path), source=path.name)
    if "grid" not in tree:
        raise ScenarioError(
            [Problem("scenario_key_missing", path.name, field="grid", values={"reason": "", "value": ""})]
        )
    axes = tree.pop("grid")
    problems = list(_faults(axes, path.name))
    if problems:
        raise ScenarioError(problems)
    lists = [
        [(kind, key, value) for value in values]
        for kind in _AXES[:-1]
        for key, values in sorted(axes.get(kind, {}).items())
    ]
    if "sites" in axes:
        lists.append([("sites", site["name"], site["actions"]) for site in axes["sites"]])
    return [_point(tree, combination, path.name) for combination in itertools.product(*lists)]


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
            if not isinstance(values, list) or not values or len({repr(value) for value in values}) < len(values):
                yield Problem("grid_values_wrong", source, f"grid.{kind}", key, {"value": repr(values)[:80]})
            else:
                combinations *= len(values)
    sites = axes.get("sites", [])
    names = [_site_name(site) for site in sites] if isinstance(sites, list) else [None]
    if ("sites" in axes and not names) or None in names or len(set(names)) < len(names):
        yield Problem("grid_sites_wrong", source, "grid", "sites", {"value": str(names)[:80]})
    if combinations * max(len(names), 1) > _MOST:
        yield Problem("grid_too_large", source, "grid", "", {"value": combinations * max(len(names), 1), "most": _MOST})


def _site_name(site: Any) -> str | None:
    """Return what a site is called; nothing where it is no site."""
    if not isinstance(site, dict) or set(site) != {"name", "actions"}:
        return None
    is_whole = isinstance(site["name"], str) and isinstance(site["actions"], list)
    return str(site["name"]) if is_whole else None


def _point(tree: Mapping[str, Any], combination: tuple[tuple[str, str, Any], ...], source: str) -> Point:
    scenario, norms, words = dict(tree), [], [str(tree.get("name", ""))]
    for kind, key, value in combination:
        words.append(key if kind == "sites" else f"{key}={value}")
        if kind == "norms":
            norms.append((key, value))
        elif kind == "sites":
            scenario["actions"] = [*scenario.get("actions", []), *value]
        else:
            scenario[kind] = {**scenario.get(kind, {}), key: value}
    scenario["name"] = " / ".join(words)
    return Point(parse_scenario(tomli_w.dumps(scenario), source=source), tuple(sorted(norms)))


def vary_norms(norms: Norms, values: tuple[tuple[str, float], ...], *, source: str) -> Norms:
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
