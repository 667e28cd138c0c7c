"""Catchments of a scenario and nothing else: who lives nearest to which school, how far it is, and what fits.

The first half of a plan, in plain arrays, for batches of thousands of scenarios. Its indicators are those of
:func:`layoutplan.plan.planning.run_plan` of the same name; classes, findings and ranges are left to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import pandas as pd

from layoutplan.access.kernels import UNREACHED
from layoutplan.access.network import Flags, Floats, Ints, Mode
from layoutplan.access.travel import Travel, costs_to_point, minutes_of, nearest_open
from layoutplan.county.tables import GRADES, GRADES_OF_GROUP, GROUP_OF_GRADE, STAGE_OF_GRADE, GradeGroup
from layoutplan.errors import Problem, ScenarioError
from layoutplan.norms import Norms
from layoutplan.plan.measuring import Measured, demand_of, measure_for
from layoutplan.plan.numbers import Heads, Numbers
from layoutplan.plan.openings import Openings, snap_openings
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
from layoutplan.seats.demand import DemandCube
from layoutplan.seats.roster import Roster, base_roster, teaches_each
from layoutplan.seats.rules import check_idle
from layoutplan.seats.settings import Policy
from layoutplan.seats.standing import NEVER, STAGE_ORDER
from layoutplan.seats.supply import seat_arrays
from layoutplan.seats.townships import local_balance
from layoutplan.seats.ways import limit_of, mode_of, modes_of

_TEACHING = (OpenSchool, CloseSchool, MergeSchools, ConvertSchool)
_ACTIONS = (*_TEACHING, AddRooms, SetBoarding, MoveIn)


@dataclass(frozen=True, eq=False)
class Catchments:
    """Who lives nearest to which school in every year of a scenario.

    Parameters
    ----------
    school_ids : object [school]
        Schools of the scenario, sorted.
    years : int64 [year]
        School years.
    pupils, seats : float64 [year, stage, school]
        Resident pupils of whom it is the nearest that teaches their grade, and seats; stages sorted by name.
    changes : int64 [change]
        Years in which a school opens, closes or is converted, some of them outside the plan.
    numbers : Numbers
        Indicators of the county, sorted by name and year.
    """

    school_ids: npt.NDArray[np.object_]
    years: Ints
    pupils: Floats
    seats: Floats
    changes: Ints
    numbers: Numbers


@dataclass(frozen=True, eq=False)
class _Tally:
    """Sums over places of one scenario: pupils by school, and by year what their ways add up to."""

    pupils: Floats
    placed: Floats
    minutes: Floats
    unplaced: Floats
    over: dict[GradeGroup, Floats]


def draw_up_catchments(measured: Measured, scenario: Scenario) -> Catchments:
    """Work out who lives nearest to which school under a scenario.

    Parameters
    ----------
    measured : Measured
        Made by :func:`layoutplan.plan.measuring.measure_county`; what is prepared for plans will do as well.
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
    measured = measure_for(measured, policy)
    county, norms = measured.county, measured.norms
    roster = apply_actions(scenario, county, norms)
    cube = demand_of(measured, scenario, range(county.base_year, scenario.last_year + 1)).cube
    first = int(np.searchsorted(cube.years, _first_change(scenario)))
    tally = _tally_before(measured, cube, roster, policy)
    if first < len(cube.years):
        reaches = _reaches(measured, policy, roster, snap_openings(measured, scenario))
        _count(tally, cube, reaches, roster, _Terms(policy, norms, first))
    _, seats, _ = seat_arrays(roster, norms=norms, years=cube.years)
    seats = np.nan_to_num(seats)
    local = local_balance(county, cube, seats, roster)
    numbers = _indicators(tally, local, cube.years, beyond=np.maximum(tally.pupils - seats, 0.0).sum(axis=2))
    return Catchments(roster.ids, cube.years, tally.pupils, seats, roster.changes, numbers)


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
    return min((action.year for action in scenario.actions if isinstance(action, _TEACHING)), default=NEVER)


def _tally_before(measured: Measured, cube: DemandCube, roster: Roster, policy: Policy) -> _Tally:
    """Return the sums of the schools as they stand, in the order of a scenario's roster."""
    known = _BEFORE.setdefault(cube, {})
    key = measured.fingerprint + policy.model_dump_json()
    if key not in known:
        base = base_roster(measured.county, measured.norms)
        years, stages = len(cube.years), len(STAGE_ORDER)
        placed, minutes = np.zeros((2, years, stages))
        over = {group: np.zeros(years) for group in GRADES_OF_GROUP if limit_of(policy, group, measured.norms)}
        known[key] = _Tally(np.zeros((years, stages, len(base.ids))), placed, minutes, np.zeros(years), over)
        _count(known[key], cube, _reaches(measured, policy, base, {}), base, _Terms(policy, measured.norms, 0))
    before = known[key]
    pupils = np.zeros((*before.placed.shape, len(roster.ids)))
    pupils[:, :, roster.rows_standing] = before.pupils
    over = {group: late.copy() for group, late in before.over.items()}
    return _Tally(pupils, before.placed.copy(), before.minutes.copy(), before.unplaced.copy(), over)


# Only remembers what the schools as they stand add up to, of a demand that many scenarios share; goes when it goes.
_BEFORE: WeakKeyDictionary[DemandCube, dict[str, _Tally]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class _Reach:
    """How pupils get to the schools of a scenario in one mode.

    Schools that open are held against the nearest that stands instead of being put among all pairs.

    Parameters
    ----------
    travel : Travel
        From every place to the schools that stand.
    rows : int64 [standing school]
        Their rows in the roster.
    opened : mapping
        Cost to each school that opens (int64 [place]), by its row in the roster.
    """

    travel: Travel
    rows: Ints
    opened: Mapping[int, Ints]

    def nearest(self, is_open: Flags) -> tuple[Ints, Ints]:
        """Return row (-1 where there is none) and cost of every place's nearest of some schools of the roster."""
        pair = nearest_open(self.travel, is_open[self.rows])
        school = np.where(pair >= 0, self.rows[self.travel.school[pair]], -1)
        cost = np.where(pair >= 0, self.travel.cost[pair], UNREACHED)
        for row, way in self.opened.items():
            if is_open[row]:
                # Of equally near schools the smaller id counts, which stands first.
                nearer = (way < cost) | ((way == cost) & (row < school))
                school, cost = np.where(nearer, row, school), np.where(nearer, way, cost)
        return school, cost


def _reaches(measured: Measured, policy: Policy, roster: Roster, openings: Openings) -> dict[Mode, _Reach]:
    """Return how the schools of a roster are reached in each mode of a policy."""
    network, found = measured.network, {}
    for mode in modes_of(policy):
        opened = {
            roster.row(school_id): costs_to_point(network, measured.places[mode], site, mode=mode)[0]
            for school_id, site in openings.get(mode, {}).items()
        }
        found[mode] = _Reach(measured.travel[mode], roster.rows_standing, opened)
    return found


@dataclass(frozen=True, eq=False)
class _Terms:
    """What ways are held to: the policy, the norms, and the years that are counted anew."""

    policy: Policy
    norms: Norms
    first: int


def _count(tally: _Tally, cube: DemandCube, reaches: Mapping[Mode, _Reach], roster: Roster, terms: _Terms) -> None:
    """Give every pupil the nearest school from a year on and put the sums into the tally.

    Years and grades with the same open schools go together.
    """
    later = slice(terms.first, None)
    for table in (tally.pupils, tally.placed, tally.minutes, tally.unplaced, *tally.over.values()):
        table[later] = 0.0
    nearest: dict[tuple[Mode, bytes], tuple[Ints, Ints]] = {}
    for (group, mask), living in _living(cube, reaches, roster, first=terms.first).items():
        mode = mode_of(terms.policy, group)
        if (mode, mask) not in nearest:
            nearest[mode, mask] = reaches[mode].nearest(np.frombuffer(mask, dtype=bool))
        school, cost = nearest[mode, mask]
        stage = STAGE_ORDER.index(STAGE_OF_GRADE[GRADES_OF_GROUP[group][0]])
        found = np.flatnonzero(school >= 0)
        here, minutes = living[:, found], minutes_of(cost[found], mode=mode, norms=terms.norms, grades=group)
        if len(found) < len(school):
            tally.unplaced[later] += living[:, school < 0].sum(axis=1)
        tally.pupils[later, stage] += _by_school(here, school[found], len(roster.ids))
        tally.placed[later, stage] += here.sum(axis=1)
        tally.minutes[later, stage] += here @ minutes
        if (limit := limit_of(terms.policy, group, terms.norms)) is not None:
            tally.over[group][later] += here @ (minutes > limit.value)


def _by_school(pupils: Floats, school: Ints, schools: int) -> Floats:
    """Return the sums of pupils (float [year, place]) by the school of each place (float [year, school])."""
    cell = np.arange(len(pupils))[:, None] * schools + school
    sums: Floats = np.bincount(cell.ravel(), pupils.ravel(), len(pupils) * schools).astype(np.float64, copy=False)
    return sums.reshape(len(pupils), schools)


def _living(
    cube: DemandCube, reaches: Mapping[Mode, _Reach], roster: Roster, *, first: int
) -> dict[tuple[GradeGroup, bytes], Floats]:
    """Return the pupils of each group that have the same open schools (float [year, place]), from a year on."""
    place_ids = next(iter(reaches.values())).travel.place_ids
    pupils, found = _pupils_of(cube, place_ids)[first:], dict[tuple[GradeGroup, bytes], Floats]()
    for era in _eras(cube.years[first:], roster):
        taught = teaches_each(roster, int(cube.years[first + era.start]))
        for grade in GRADES:
            key = GROUP_OF_GRADE[grade], taught[grade - 1].tobytes()
            if key not in found:
                found[key] = np.zeros_like(pupils[:, 0])
            found[key][era] += pupils[era, grade - 1]
    return found


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


def _indicators(tally: _Tally, local: tuple[Floats, Floats], years: Ints, *, beyond: Floats) -> Numbers:
    """Return the numbers scenarios are compared by; ``beyond`` is of schools, pupils beyond their seats."""
    need, have = local
    short = np.maximum(need - have, 0.0).sum(axis=2)
    with np.errstate(invalid="ignore"):
        mean = tally.minutes / tally.placed
    series = {("pupils_unplaced", "person"): tally.unplaced}
    for group, over in tally.over.items():
        name = "pupils_over_limit" if group == "grades_1_3" else f"pupils_over_limit_{group}"
        series[name, "person"] = over
    for number, stage in enumerate(STAGE_ORDER):
        series |= {
            (f"pupils_{stage}", "person"): need[:, number].sum(axis=1),
            (f"seats_{stage}", "seat"): have[:, number].sum(axis=1),
            (f"seat_gap_{stage}", "seat"): short[:, number],
            (f"pupils_beyond_seats_{stage}", "person"): beyond[:, number],
            (f"mean_minutes_{stage}", "min"): mean[:, number],
        }
    keys = sorted(series)
    values = np.concatenate([series[key] for key in keys])
    known = ~np.isnan(values)
    return Numbers(_heads(tuple(keys), tuple(years.tolist()), known.tobytes()), values[known])


@lru_cache(maxsize=64)
def _heads(keys: tuple[tuple[str, str], ...], years: tuple[int, ...], known: bytes) -> Heads:
    """Return what the known ones of the numbers of all indicators and years say: alike in most scenarios of a batch."""
    every = [(name, year, unit) for name, unit in keys for year in years]
    told = [head for head, is_known in zip(every, np.frombuffer(known, dtype=bool).tolist(), strict=True) if is_known]
    return Heads(*zip(*told, strict=True))
