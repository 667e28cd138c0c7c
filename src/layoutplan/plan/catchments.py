"""Catchments of a scenario and nothing else: who lives nearest to which school, how far it is, and what fits.

The first half of a plan, in plain arrays, for batches of thousands of scenarios. Its indicators are those of
:func:`layoutplan.plan.planning.run_plan` of the same name; classes, findings and ranges are left to it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from layoutplan.access.network import Floats, Ints
from layoutplan.county.tables import GRADES, GRADES_OF_GROUP, GROUP_OF_GRADE, STAGE_OF_GRADE, STAGES, GradeGroup
from layoutplan.errors import Problem, ScenarioError
from layoutplan.norms import Norms
from layoutplan.plan.openings import snap_openings, with_openings
from layoutplan.plan.planning import Prepared, demand_of, prepare_for
from layoutplan.plan.roster import apply_actions
from layoutplan.plan.scenario import (
    AddRooms,
    CloseSchool,
    ConvertSchool,
    MergeSchools,
    MoveIn,
    OpenSchool,
    Scenario,
    SetBoarding,
)
from layoutplan.seats.assignment import NearestChoice
from layoutplan.seats.demand import DemandCube
from layoutplan.seats.diagnosis import local_balance
from layoutplan.seats.rules import check_idle
from layoutplan.seats.settings import Policy
from layoutplan.seats.supply import Roster, base_roster, seat_arrays
from layoutplan.seats.ways import Ways, limit_of, ways_by

# In the order of the arrays of seats.
_STAGES = sorted(STAGES)
_NEVER = 9999
_TEACHING = (OpenSchool, CloseSchool, MergeSchools, ConvertSchool)
_ACTIONS = (*_TEACHING, AddRooms, SetBoarding, MoveIn)
_COLUMNS = (
    "school_id", "name", "kind", "setting", "township_id", "grade_from", "grade_to", "boarding_beds", "opens_year",
    "closes_year", "moves_to",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Catchments:
    """Who lives nearest to which school in every year of a scenario.

    Parameters
    ----------
    school_ids : Index [school]
        Schools of the scenario, sorted.
    years : int64 [year]
        School years.
    pupils, seats : float64 [year, stage, school]
        Resident pupils of whom it is the nearest that teaches their grade, and seats; stages sorted by name.
    changes : int64 [change]
        Years in which a school opens, closes or is converted, some of them outside the plan.
    indicators : DataFrame
        ``indicator, year`` (key, sorted), ``value``, ``unit``.
    """

    school_ids: pd.Index
    years: Ints
    pupils: Floats
    seats: Floats
    changes: Ints
    indicators: pd.DataFrame


@dataclass(frozen=True, eq=False)
class _Tally:
    """Sums over places of one scenario: pupils by school, and by year what their ways add up to."""

    pupils: Floats
    placed: Floats
    minutes: Floats
    unplaced: Floats
    over: dict[GradeGroup, Floats]


def draw_up_catchments(prepared: Prepared, scenario: Scenario) -> Catchments:
    """Work out who lives nearest to which school under a scenario.

    Parameters
    ----------
    prepared : Prepared
        Made by :func:`layoutplan.plan.planning.prepare`.
    scenario : Scenario
        Outlook, policy and actions; the policy gives pupils the nearest school.

    Returns
    -------
    Catchments
        Every year from the base year to the last.

    Raises
    ------
    ScenarioError
        The scenario does not fit the county, or gives pupils schools by another rule.
    DataError
        Dated households do not fit the places they come from.
    """
    policy = scenario.policy
    _refuse_what_is_not_looked_at(scenario)
    check_idle(policy)
    prepared = prepare_for(prepared, policy)
    county, norms = prepared.county, prepared.norms
    roster = apply_actions(scenario, county, norms, base=_slim_roster(prepared))
    cube = demand_of(prepared, scenario, range(county.base_year, scenario.last_year + 1)).cube
    first = int(np.searchsorted(cube.years, _first_change(scenario)))
    travel = with_openings(prepared, policy, snap_openings(prepared, scenario)) if first < len(cube.years) else {}
    tally = _tally_before(prepared, cube, roster, policy)
    if travel:
        _count(tally, cube, ways_by(policy, travel, norms=norms), roster, limits=_limits(policy, norms), first=first)
    _, seats, _ = seat_arrays(roster, norms=norms, years=cube.years)
    seats = np.nan_to_num(seats)
    local = local_balance(county, cube, seats, roster)
    indicators = _indicators(tally, local, cube.years, beyond=np.maximum(tally.pupils - seats, 0.0).sum(axis=2))
    school_ids = pd.Index(roster.schools["school_id"])
    return Catchments(school_ids, cube.years, tally.pupils, seats, roster.changes, indicators)


def _refuse_what_is_not_looked_at(scenario: Scenario) -> None:
    if scenario.policy.assignment != "nearest":
        values = {"value": scenario.policy.assignment}
        raise ScenarioError([Problem("catchments_nearest_only", scenario.name, "policy", "assignment", values)])
    other = [
        Problem("catchments_action", scenario.name, f"actions[{number}]", "kind", {"value": action.kind})
        for number, action in enumerate(scenario.actions, start=1)
        if not isinstance(action, _ACTIONS)
    ]
    if other:
        raise ScenarioError(other)


def _first_change(scenario: Scenario) -> int:
    """Return the first year in which other schools teach than without the scenario."""
    return min((action.year for action in scenario.actions if isinstance(action, _TEACHING)), default=_NEVER)


def _tally_before(prepared: Prepared, cube: DemandCube, roster: Roster, policy: Policy) -> _Tally:
    """Return the sums of the schools as they stand, in the order of a scenario's roster."""
    known, base = _BEFORE.setdefault(cube, {}), _slim_roster(prepared)
    key = prepared.fingerprint + policy.model_dump_json()
    if key not in known:
        ways, limits = ways_by(policy, prepared.travel, norms=prepared.norms), _limits(policy, prepared.norms)
        years, stages = len(cube.years), len(STAGES)
        placed, minutes = np.zeros((2, years, stages))
        over = {group: np.zeros(years) for group in limits}
        known[key] = _Tally(np.zeros((years, stages, len(base.schools))), placed, minutes, np.zeros(years), over)
        _count(known[key], cube, ways, base, limits=limits, first=0)
    before = known[key]
    pupils = np.zeros((*before.placed.shape, len(roster.schools)))
    # Both are sorted, and schools are only added.
    now, then = (table.schools["school_id"].to_numpy(object).astype(str) for table in (roster, base))
    pupils[:, :, np.searchsorted(now, then)] = before.pupils
    over = {group: late.copy() for group, late in before.over.items()}
    return _Tally(pupils, before.placed.copy(), before.minutes.copy(), before.unplaced.copy(), over)


def _limits(policy: Policy, norms: Norms) -> dict[GradeGroup, float]:
    """Return the minutes that groups of grades are held to."""
    found = {group: limit_of(policy, group, norms) for group in GRADES_OF_GROUP}
    return {group: float(limit.value) for group, limit in found.items() if limit is not None}


# Only remembers what the schools as they stand add up to, of a demand that many scenarios share; goes when it goes.
_BEFORE: WeakKeyDictionary[DemandCube, dict[str, _Tally]] = WeakKeyDictionary()


def _slim_roster(prepared: Prepared) -> Roster:
    """Return the county's schools with the columns that catchments and the checks of actions look at."""
    if prepared not in _SLIM:
        full = base_roster(prepared.county, prepared.norms)
        # Plain objects: most of what is asked are single schools, for which columns of text are slow.
        schools, rooms = (
            pd.DataFrame({name: _plain(table[name]) for name in columns})
            for table, columns in ((full.schools, _COLUMNS), (full.rooms, full.rooms.columns))
        )
        _SLIM[prepared] = replace(full, schools=schools, rooms=rooms)
    return _SLIM[prepared]


def _plain(column: pd.Series[Any]) -> pd.Series[Any]:
    return column.astype(object) if isinstance(column.dtype, pd.StringDtype) else column


# Only remembers a part of what is prepared; goes when that goes.
_SLIM: WeakKeyDictionary[Prepared, Roster] = WeakKeyDictionary()


def _count(
    tally: _Tally, cube: DemandCube, ways: Ways, roster: Roster, *, limits: dict[GradeGroup, float], first: int
) -> None:
    """Give every pupil the nearest school from a year on and put the sums into the tally.

    Years and grades with the same open schools go together.
    """
    choice = NearestChoice(ways, roster)
    pupils = _pupils_of(cube, ways.of(1).place_ids)[first:]
    blocks: dict[tuple[int, GradeGroup], tuple[Ints, Floats]] = {}
    for era in _eras(cube.years[first:], roster):
        for grade in GRADES:
            pair = choice.pairs(int(cube.years[first + era.start]), grade)
            _, living = blocks.setdefault((id(pair), GROUP_OF_GRADE[grade]), (pair, np.zeros_like(pupils[:, 0])))
            living[era] += pupils[era, grade - 1]
    later = slice(first, None)
    for table in (tally.pupils, tally.placed, tally.minutes, tally.unplaced, *tally.over.values()):
        table[later] = 0.0
    for (_, group), (pair, living) in blocks.items():
        grade = GRADES_OF_GROUP[group][0]
        travel, stage = ways.of(grade), _STAGES.index(STAGE_OF_GRADE[grade])
        found = np.flatnonzero(pair >= 0)
        # Places in the order of their schools, so that each school's stand together.
        order = found[np.argsort(travel.school[pair[found]], kind="stable")]
        school, start = np.unique(travel.school[pair[order]], return_index=True)
        here, minutes = living[:, order], travel.minutes[pair[order]]
        if len(found) < len(pair):
            tally.unplaced[later] += np.delete(living, found, axis=1).sum(axis=1)
        tally.pupils[later, stage, school] += np.add.reduceat(here, start, axis=1) if len(start) else 0.0
        tally.placed[later, stage] += here.sum(axis=1)
        tally.minutes[later, stage] += here @ minutes
        if group in limits:
            tally.over[group][later] += here @ (minutes > limits[group])


def _pupils_of(cube: DemandCube, place_ids: tuple[str, ...]) -> Floats:
    """Return the pupils of a demand in the order of some places."""
    known = _PUPILS.setdefault(cube, {})
    if place_ids not in known:
        known[place_ids] = cube.pupils[:, :, cube.place_ids.get_indexer(pd.Index(place_ids))]
    return known[place_ids]


# Only remembers a demand in the order of the ways; goes when it goes.
_PUPILS: WeakKeyDictionary[DemandCube, dict[tuple[str, ...], Floats]] = WeakKeyDictionary()


def _eras(years: Ints, roster: Roster) -> list[slice]:
    """Return runs of years in which the same schools teach the same grades."""
    era = np.searchsorted(roster.changes, years, side="right")
    starts = np.flatnonzero(np.append(True, np.diff(era) > 0)).tolist()
    return [slice(first, last) for first, last in zip(starts, [*starts[1:], len(years)], strict=True)]


def _indicators(tally: _Tally, local: tuple[Floats, Floats], years: Ints, *, beyond: Floats) -> pd.DataFrame:
    """Return the numbers scenarios are compared by; ``beyond`` is of schools, pupils beyond their seats."""
    need, have = local
    short = np.maximum(need - have, 0.0).sum(axis=2)
    with np.errstate(invalid="ignore"):
        mean = tally.minutes / tally.placed
    series = {("pupils_unplaced", "person"): tally.unplaced}
    for group, over in tally.over.items():
        name = "pupils_over_limit" if group == "grades_1_3" else f"pupils_over_limit_{group}"
        series[name, "person"] = over
    for number, stage in enumerate(_STAGES):
        series |= {
            (f"pupils_{stage}", "person"): need[:, number].sum(axis=1),
            (f"seats_{stage}", "seat"): have[:, number].sum(axis=1),
            (f"seat_gap_{stage}", "seat"): short[:, number],
            (f"pupils_beyond_seats_{stage}", "person"): beyond[:, number],
            (f"mean_minutes_{stage}", "min"): mean[:, number],
        }
    keys = sorted(series)
    values = np.concatenate([series[key] for key in keys])
    names, units = _words(tuple(keys), len(years))
    frame = {"indicator": names, "year": np.tile(years, len(keys)), "value": values, "unit": units}
    return pd.DataFrame({name: column[~np.isnan(values)] for name, column in frame.items()})


@lru_cache(maxsize=8)
def _words(keys: tuple[tuple[str, str], ...], times: int) -> tuple[Any, ...]:
    """Return names and units, each so many times: alike in all scenarios of a batch, and slow to make."""
    columns = (np.repeat(np.array(column, dtype=object), times) for column in zip(*keys, strict=True))
    return tuple(pd.array(column, dtype="str") for column in columns)
