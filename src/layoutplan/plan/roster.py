"""Apply a scenario's actions to the county's schools, checking each against the ones before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layoutplan.county.layers import County
from layoutplan.county.tables import GRADES_OF_KIND
from layoutplan.errors import Problem, ScenarioError
from layoutplan.norms import Norms
from layoutplan.plan.conflicts import (
    Step,
    find_conflicts,
    grades_after,
    rooms_now,
    schools_in,
    stages_between,
    township_at,
)
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
from layoutplan.seats.supply import BusLine, Roster, Turn, base_roster


def apply_actions(scenario: Scenario, county: County, norms: Norms, *, base: Roster | None = None) -> Roster:
    """Return the schools of a scenario.

    Parameters
    ----------
    scenario : Scenario
        Actions are applied in the order of their year, then as written.
    county : County
        What they are applied to; it is not changed.
    norms : Norms
        Decides which schools are vacant, how many ride a bus, and what joins a road.
    base : Roster, optional
        The county's schools where not all their columns are wanted.

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
    roster, problems, done = base or base_roster(county, norms), [], list[Step]()
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
        return _closed(roster, (action.school_id,), action.year, into=None)
    if isinstance(action, MergeSchools):
        return _closed(roster, action.school_ids, action.year, into=action.into)
    if isinstance(action, AddRooms):
        rooms = (rooms_now(roster, action.school_id, action.stage, action.year) or 0) + action.rooms
        added = [(action.school_id, action.stage, action.year, rooms)]
        return replace(roster, rooms=_with_rooms(roster.rooms, added))
    if isinstance(action, ConvertSchool):
        return _converted(action, roster)
    if isinstance(action, MoveIn | BuildRoad):
        return roster
    if isinstance(action, RunBus):
        seats = action.seats * action.runs
        line = BusLine(action.school_id, action.year, action.place_ids, action.grades, seats)
        return replace(roster, buses=(*roster.buses, line))
    if isinstance(action, SetBoarding):
        state = schools_in(roster, action.year)[action.school_id]
        grades = int(state["grade_from"]), int(state["grade_to"])
        turn = Turn(action.school_id, action.year, str(state["kind"]), *grades, action.beds)
        return replace(roster, turns=(*roster.turns, turn))
    opened = [
        (action.school_id, stage, action.year, getattr(action, f"{stage}_rooms"))
        for stage in stages_between(*GRADES_OF_KIND[action.school_kind])
    ]
    return replace(
        roster, schools=_with_school(roster.schools, action, county), rooms=_with_rooms(roster.rooms, opened)
    )


def _closed(roster: Roster, ids: tuple[str, ...], year: int, *, into: str | None) -> Roster:
    closing = roster.schools["school_id"].isin(ids)
    closes = roster.schools["closes_year"].mask(closing, year)
    moves_to = roster.schools["moves_to"].mask(closing, into)
    return replace(roster, schools=roster.schools.assign(closes_year=closes, moves_to=moves_to))


def _converted(action: ConvertSchool, roster: Roster) -> Roster:
    beds = schools_in(roster, action.year)[action.school_id]["boarding_beds"]
    turn = Turn(
        action.school_id, action.year, action.school_kind, *grades_after(action), None if pd.isna(beds) else int(beds)
    )
    stages = stages_between(turn.grade_from, turn.grade_to)
    # A stage it never had needs no row that says 0.
    held = set(roster.rooms.loc[roster.rooms["school_id"] == action.school_id, "stage"])
    given: dict[str, int | None] = {"primary": action.primary_rooms, "junior": action.junior_rooms}
    after = {stage: rooms if stage in stages else 0 for stage, rooms in given.items()}
    rooms: list[tuple[str, str, int, int]] = [
        (action.school_id, stage, action.year, count)
        for stage, count in after.items()
        if count is not None and (count or stage in held)
    ]
    return replace(roster, turns=(*roster.turns, turn), rooms=_with_rooms(roster.rooms, rooms))


def _with_rooms(rooms: pd.DataFrame, added: Sequence[tuple[str, str, int, int]]) -> pd.DataFrame:
    if not added:
        return rooms
    columns = ["school_id", "stage", "from_year", "rooms"]
    both = {
        name: np.concatenate([rooms[name].to_numpy(object), np.array(new, dtype=object)])
        for name, new in zip(columns, zip(*added, strict=True), strict=True)
    }
    school, stage = both["school_id"].astype(str), both["stage"].astype(str)
    year = both["from_year"].astype(np.int64)
    order = np.lexsort((year, stage, school))
    alike = [key[order][1:] == key[order][:-1] for key in (school, stage, year)]
    # Of rows of one school, stage and year the last counts.
    kept = order[np.append(~np.logical_and.reduce(alike), True)]
    return pd.DataFrame({name: _as_column(both[name][kept], rooms[name].dtype) for name in columns})


def _with_school(schools: gpd.GeoDataFrame, action: OpenSchool, county: County) -> gpd.GeoDataFrame:
    grade_from, grade_to = GRADES_OF_KIND[action.school_kind]
    row = dict.fromkeys(schools.columns) | {
        "school_id": action.school_id, "name": action.name, "kind": action.school_kind, "setting": action.setting,
        "township_id": township_at(action, county), "grade_from": grade_from, "grade_to": grade_to,
        "opens_year": action.year, "geometry": shapely.Point(action.east_m, action.north_m),
    }  # fmt: skip
    at = int(schools["school_id"].searchsorted(action.school_id))
    # Column by column: to put two frames together would work out every type anew.
    columns: dict[str, Any] = {}
    for name in schools.columns:
        if name == "geometry":
            columns[name] = np.insert(schools[name].to_numpy(), at, row[name])
            continue
        column = schools[name].array
        values = column.insert(at, _none_of(column.dtype) if row[name] is None else row[name])
        columns[name] = _as_column(values, column.dtype)
    return gpd.GeoDataFrame(columns, crs=schools.crs) if "geometry" in columns else pd.DataFrame(columns)


def _as_column(values: Any, dtype: Any) -> Any:
    """Return values as a column; plain objects as a series, or a table would take them for text."""
    return (
        pd.Series(values, dtype=object, copy=False)
        if pd.api.types.is_object_dtype(dtype)
        else pd.array(values, dtype=dtype)
    )


def _none_of(dtype: Any) -> object:
    """Return what stands for nothing known in a column: missing, and no for a flag."""
    if isinstance(dtype, pd.api.extensions.ExtensionDtype):
        return dtype.na_value
    return {"b": False, "O": None}.get(np.dtype(dtype).kind, np.nan)
