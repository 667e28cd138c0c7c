"""Apply a scenario's actions to the county's schools, checking each against the ones before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from layoutplan.county.layers import County
from layoutplan.county.tables import GRADES_OF_KIND
from layoutplan.errors import Problem, ScenarioError
from layoutplan.norms import Norms
from layoutplan.plan.conflicts import Step, find_conflicts, grades_after, stages_between, township_at
from layoutplan.plan.scenario import (
    Action,
    AddRooms,
    BuildRoad,
    CloseSchool,
    ConvertSchool,
    MergeSchools,
    MoveIn,
    OpenSchool,
    RunBus,
    Scenario,
    SetBoarding,
)
from layoutplan.seats.roster import BusLine, Closing, Roster, Turn, base_roster
from layoutplan.seats.standing import NewSchool, Rooms


def apply_actions(scenario: Scenario, county: County, norms: Norms) -> Roster:
    """Return the schools of a scenario.

    Parameters
    ----------
    scenario : Scenario
        Actions are applied in the order of their year, then as written.
    county : County
        What they are applied to; it is not changed.
    norms : Norms
        Decides which schools are vacant, how many ride a bus, and what joins a road.

    Returns
    -------
    Roster
        The county's schools and the new ones, with the years they are open, their rooms and their turns.

    Raises
    ------
    ScenarioError
        An action names a school that is not there, comes before the base year or after the last,
        meets a school already closed, or expects other rooms than there are; all at once. Where an earlier
        action of the scenario is in the way, both are named.
    """
    roster, problems, done = base_roster(county, norms), [], list[Step]()
    if scenario.last_year < county.base_year:
        values = {"first": county.base_year, "last": county.base_year + 30}
        problems.append(Problem("year_outside", scenario.name, "", "last_year", values))
    numbered = sorted(enumerate(scenario.actions, start=1), key=lambda item: (item[1].year, item[0]))
    for step in (Step(number, action) for number, action in numbered):
        found = find_conflicts(step, done, roster=roster, county=county, scenario=scenario, norms=norms)
        problems += found
        if not found:
            roster = _applied(step.action, roster, county)
            done.append(step)
    if problems:
        raise ScenarioError(problems)
    return roster


def with_moves(county: County, scenario: Scenario) -> County:
    """Return the county with the households that a scenario moves in or out; the same one if it moves nobody.

    Parameters
    ----------
    county : County
        As read.
    scenario : Scenario
        Checked by :func:`apply_actions`; what it says of a place and year counts before what the county says.
    """
    moving = [action for action in scenario.actions if isinstance(action, MoveIn)]
    if not moving:
        return county
    columns = ["place_id", "year", "households", "to_place_id"]
    rows = [(action.place_id, action.year, action.households, action.to_place_id) for action in moving]
    said = pd.DataFrame(rows, columns=columns).drop_duplicates(["place_id", "year"], keep="last")
    known = county.move_in
    types = {name: known[name].dtype for name in columns if name in known}
    both = pd.concat([known, said.astype(types)], ignore_index=True)
    both = both.drop_duplicates(["place_id", "year"], keep="last").sort_values(["place_id", "year"], ignore_index=True)
    return replace(county, move_in=both)


def _applied(action: Action, roster: Roster, county: County) -> Roster:
    if isinstance(action, CloseSchool):
        return replace(roster, closings=(*roster.closings, Closing((action.school_id,), action.year, None)))
    if isinstance(action, MergeSchools):
        return replace(roster, closings=(*roster.closings, Closing(action.school_ids, action.year, action.into)))
    if isinstance(action, AddRooms):
        rooms = (roster.rooms_in(action.school_id, action.stage, action.year) or 0) + action.rooms
        return _given(roster, {action.stage: rooms}, action)
    if isinstance(action, ConvertSchool):
        return _converted(action, roster)
    if isinstance(action, MoveIn | BuildRoad):
        return roster
    if isinstance(action, RunBus):
        seats = action.seats * action.runs
        line = BusLine(action.school_id, action.year, action.place_ids, action.grades, seats)
        return replace(roster, buses=(*roster.buses, line))
    if isinstance(action, SetBoarding):
        state = _record(roster, action)
        grades = int(state["grade_from"]), int(state["grade_to"])
        turn = Turn(action.school_id, action.year, str(state["kind"]), *grades, action.beds)
        return replace(roster, turns=(*roster.turns, turn))
    return _opened(roster, action, county)


def _opened(roster: Roster, action: OpenSchool, county: County) -> Roster:
    grades = GRADES_OF_KIND[action.school_kind]
    new = NewSchool(
        action.school_id, action.name, action.school_kind, action.setting, township_at(action, county), *grades,
        action.year, action.east_m, action.north_m,
    )  # fmt: skip
    rooms = {stage: getattr(action, f"{stage}_rooms") for stage in stages_between(*grades)}
    return replace(_given(roster, rooms, action), opened=(*roster.opened, new))


def _converted(action: ConvertSchool, roster: Roster) -> Roster:
    beds = _record(roster, action)["boarding_beds"]
    turn = Turn(
        action.school_id, action.year, action.school_kind, *grades_after(action), None if pd.isna(beds) else int(beds)
    )
    stages = stages_between(turn.grade_from, turn.grade_to)
    given: dict[str, int | None] = {"primary": action.primary_rooms, "junior": action.junior_rooms}
    after = {stage: rooms if stage in stages else 0 for stage, rooms in given.items()}
    # A stage it never had needs no row that says 0.
    rooms = {
        stage: count
        for stage, count in after.items()
        if count is not None and (count or (action.school_id, stage) in roster.stages_of)
    }
    return replace(_given(roster, rooms, action), turns=(*roster.turns, turn))


def _record(roster: Roster, action: ConvertSchool | SetBoarding) -> dict[str, Any]:
    found = roster.record(action.school_id, action.year)
    assert found is not None, "checked before"
    return found


def _given(roster: Roster, rooms: Mapping[str, int], action: AddRooms | ConvertSchool | OpenSchool) -> Roster:
    """Return the roster with the rooms that stages of a school have from the year of an action on."""
    new = (Rooms(action.school_id, stage, action.year, count) for stage, count in rooms.items())
    return replace(roster, given=(*roster.given, *new))
