"""What keeps an action from being done: each is held against the schools as the actions before it leave them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import shapely

from layoutplan.county.layers import County
from layoutplan.county.tables import GRADES_OF_KIND, STAGE_OF_GRADE
from layoutplan.errors import Problem
from layoutplan.norms import Norms
from layoutplan.plan.scenario import (
    Action,
    AddRooms,
    BuildRoad,
    ConvertSchool,
    MergeSchools,
    MoveIn,
    OpenSchool,
    RunBus,
    Scenario,
    SetBoarding,
)
from layoutplan.seats.roster import BusLine, Roster, lines_in

FIRST_GRADES = 3
Schools = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Step:
    """One action with its number in the scenario, from 1."""

    number: int
    action: Action

    def __str__(self) -> str:
        """Return ``actions[3] close_school 2026``: how a file's reader finds it."""
        return f"actions[{self.number}] {self.action.kind} {self.action.year}"


@dataclass(frozen=True)
class _Fault:
    """A problem before it knows its place; ``subject`` tells which earlier action it may clash with."""

    code: str
    field: str
    values: Mapping[str, object]
    subject: str = ""


def schools_of(action: Action) -> tuple[str, ...]:
    """Return the ids of the schools an action touches, the one it is about first; none where people or roads move."""
    if isinstance(action, MoveIn | BuildRoad):
        return ()
    if isinstance(action, MergeSchools):
        return (*action.school_ids, action.into)
    return (action.school_id,)


def _subjects_of(action: Action) -> tuple[str, ...]:
    """Return all that later actions may clash over: schools, the buses of a school, a road."""
    if isinstance(action, BuildRoad):
        return (_road(action.road_id),)
    buses = (_bus(action.school_id),) if isinstance(action, RunBus) else ()
    return (*schools_of(action), *buses)


def _bus(school_id: str) -> str:
    return f"bus {school_id}"


def _road(road_id: str) -> str:
    return f"road {road_id}"


def find_conflicts(
    step: Step, done: list[Step], *, roster: Roster, county: County, scenario: Scenario, norms: Norms
) -> list[Problem]:
    """Return why an action cannot be done.

    Parameters
    ----------
    step : Step
        The action.
    done : list of Step
        Those before it in time.
    roster : Roster
        As they leave the schools.
    county : County
        Base year, townships.
    scenario : Scenario
        Name and last year.
    norms : Norms
        ``bus.seats_max`` [seat/bus] and ``network.join_tolerance_m`` [m].

    Returns
    -------
    list of Problem
        None if it can be done. Where an earlier action is in the way, both are named side by side.
    """
    found = []
    built = tuple(other.action for other in done if isinstance(other.action, BuildRoad))
    for fault in _faults(step.action, _Stand(roster, county, norms, built), scenario.last_year):
        rivals = [other for other in done if fault.subject and fault.subject in _subjects_of(other.action)]
        if fault.code == "school_unknown" and (opening := _opening_of(fault, scenario)):
            # Not unknown, only too early: the action that opens it comes later.
            values = {**fault.values, "year": opening.action.year}
            fault, rivals = replace(fault, code="school_not_open_yet", values=values), [opening]
        problem = Problem(fault.code, scenario.name, f"actions[{step.number}]", fault.field, fault.values)
        if rivals:
            # The words of both stand in the message, so that neither has to be looked up.
            values = {**fault.values, "this": str(step), "other": str(rivals[-1])}
            problem = replace(problem, code=f"{fault.code}_by_action", values=values)
        found.append(problem)
    return found


@dataclass(frozen=True, eq=False)
class _Stand:
    """What an action is held against: all as the actions before it leave it."""

    roster: Roster
    county: County
    norms: Norms
    built: tuple[BuildRoad, ...]


def _opening_of(fault: _Fault, scenario: Scenario) -> Step | None:
    steps = (Step(number, action) for number, action in enumerate(scenario.actions, start=1))
    opening = (
        step for step in steps if isinstance(step.action, OpenSchool) and step.action.school_id == fault.values["value"]
    )
    return next(opening, None)


def _faults(action: Action, stand: _Stand, last_year: int) -> Iterator[_Fault]:
    roster, county = stand.roster, stand.county
    if not county.base_year < action.year <= last_year:
        yield _Fault("year_outside", "year", {"first": county.base_year + 1, "last": last_year})
    if isinstance(action, MoveIn | BuildRoad):
        yield from _moving_faults(action, county) if isinstance(action, MoveIn) else _road_faults(action, stand)
        return
    found = {school_id: roster.record(school_id, action.year) for school_id in schools_of(action)}
    schools = {school_id: record for school_id, record in found.items() if record is not None}
    if isinstance(action, OpenSchool):
        yield from _opening_faults(action, schools, county)
        return
    field = "school_ids" if isinstance(action, MergeSchools) else "school_id"
    absent = list(_absence(schools_of(action), schools, field, action.year))
    yield from absent
    if absent:
        return
    if isinstance(action, AddRooms):
        yield from _room_faults(action, roster)
    elif isinstance(action, MergeSchools):
        yield from _merging_faults(action, schools)
    elif isinstance(action, ConvertSchool):
        yield from _converting_faults(action, schools)
    elif isinstance(action, SetBoarding):
        yield from _bed_faults(action, schools)
    elif isinstance(action, RunBus):
        yield from _bus_faults(action, schools, stand)


def _absence(ids: tuple[str, ...], schools: Schools, field: str, year: int) -> Iterator[_Fault]:
    """Yield the schools that are not there, not any more, or not yet."""
    for school_id in ids:
        if school_id not in schools:
            yield _Fault("school_unknown", field, {"value": school_id})
            continue
        closes, opens = schools[school_id]["closes_year"], schools[school_id]["opens_year"]
        if pd.notna(closes) and closes <= year:
            yield _Fault("school_closed_before", field, {"value": school_id, "year": int(closes)}, school_id)
        if pd.notna(opens) and opens > year:
            yield _Fault("school_not_open_yet", field, {"value": school_id, "year": int(opens)}, school_id)


def _opening_faults(action: OpenSchool, schools: Schools, county: County) -> Iterator[_Fault]:
    if action.school_id in schools:
        yield _Fault("school_id_taken", "school_id", {"value": action.school_id}, action.school_id)
    for stage in ("primary", "junior"):
        rooms = getattr(action, f"{stage}_rooms")
        if (rooms > 0) != (stage in stages_between(*GRADES_OF_KIND[action.school_kind])):
            yield _Fault("rooms_of_stage", f"{stage}_rooms", {"rooms": rooms, "kind": action.school_kind})
    if not township_at(action, county):
        yield _Fault("site_outside_county", "east_m, north_m", {"east_m": action.east_m, "north_m": action.north_m})


def stages_between(grade_from: int, grade_to: int) -> tuple[str, ...]:
    """Return the stages that grades belong to.

    Examples
    --------
    >>> stages_between(1, 9), stages_between(1, 3)
    (('primary', 'junior'), ('primary',))
    """
    return tuple(dict.fromkeys(STAGE_OF_GRADE[grade] for grade in range(grade_from, grade_to + 1)))


def _room_faults(action: AddRooms, roster: Roster) -> Iterator[_Fault]:
    rooms = roster.rooms_in(action.school_id, action.stage, action.year)
    if rooms is None:
        yield _Fault("action_stage", "stage", {"value": action.stage, "school_id": action.school_id}, action.school_id)
        return
    if action.existing is not None and action.existing != rooms:
        values = {"existing": action.existing, "rooms": rooms}
        yield _Fault("existing_differs", "existing", values, action.school_id)
    if rooms + action.rooms < 0:
        yield _Fault("rooms_negative", "rooms", {"rooms": rooms, "value": action.rooms}, action.school_id)


def township_at(action: OpenSchool, county: County) -> str | None:
    """Return the id of the township a new school stands in, None outside the county."""
    inside = shapely.intersects(county.township_outlines, shapely.Point(action.east_m, action.north_m))
    return min(county.township_ids[inside].tolist(), default=None)


def _merging_faults(action: MergeSchools, schools: Schools) -> Iterator[_Fault]:
    if action.into in action.school_ids or len(set(action.school_ids)) < len(action.school_ids):
        yield _Fault("merged_twice", "school_ids", {"value": ", ".join((*action.school_ids, action.into))})
        return
    receiver = schools[action.into]
    for school_id in action.school_ids:
        school = schools[school_id]
        if school["grade_from"] < receiver["grade_from"] or school["grade_to"] > receiver["grade_to"]:
            values = {
                "value": school_id, "from": int(school["grade_from"]), "to": int(school["grade_to"]),
                "into": action.into, "into_from": int(receiver["grade_from"]), "into_to": int(receiver["grade_to"]),
            }  # fmt: skip
            yield _Fault("receiver_grades", "into", values, action.into)


def _converting_faults(action: ConvertSchool, schools: Schools) -> Iterator[_Fault]:
    school = schools[action.school_id]
    if action.existing is not None and action.existing != school["kind"]:
        values = {"existing": action.existing, "kind": school["kind"]}
        yield _Fault("existing_kind_differs", "existing", values, action.school_id)
    if (action.grade_to is not None) != (action.school_kind == "teaching_point"):
        yield _Fault("grades_of_point", "grade_to", {"kind": action.school_kind})
        return
    before = stages_between(int(school["grade_from"]), int(school["grade_to"]))
    after = stages_between(*grades_after(action))
    for stage in ("primary", "junior"):
        rooms = getattr(action, f"{stage}_rooms")
        if (stage in after and stage not in before and not rooms) or (stage not in after and rooms):
            yield _Fault("rooms_of_stage", f"{stage}_rooms", {"rooms": rooms or 0, "kind": action.school_kind})


def grades_after(action: ConvertSchool) -> tuple[int, int]:
    """Return the lowest and highest grade a converted school teaches."""
    if action.school_kind == "teaching_point":
        return 1, action.grade_to or FIRST_GRADES
    return GRADES_OF_KIND[action.school_kind]


def _moving_faults(action: MoveIn, county: County) -> Iterator[_Fault]:
    known = set(county.places["place_id"])
    for field in ("place_id", "to_place_id"):
        named = getattr(action, field)
        if named is not None and named not in known:
            yield _Fault("place_unknown", field, {"value": named})
    if action.place_id in known and action.existing is not None:
        households = households_of(county, action.place_id, action.year - 1)
        if households != action.existing:
            values = {"existing": action.existing, "households": "?" if households is None else households}
            yield _Fault("existing_households_differ", "existing", values)


def households_of(county: County, place_id: str, year: int) -> int | None:
    """Return the households of a place as last dated by a year, else as registered; None where unknown."""
    dated = county.move_in[(county.move_in["place_id"] == place_id) & (county.move_in["year"] <= year)]
    said = dated.dropna(subset="households").sort_values("year")["households"]
    registered = county.places.set_index("place_id")["households"]
    count = said.iloc[-1] if len(said) else registered.loc[place_id]
    return None if pd.isna(count) else int(count)


def _bed_faults(action: SetBoarding, schools: Schools) -> Iterator[_Fault]:
    beds = schools[action.school_id]["boarding_beds"]
    now: int | None = None if pd.isna(beds) else int(beds)
    if action.existing is not None and action.existing != now:
        values = {"existing": action.existing, "beds": "?" if now is None else now}
        yield _Fault("existing_beds_differ", "existing", values, action.school_id)


def _bus_faults(action: RunBus, schools: Schools, stand: _Stand) -> Iterator[_Fault]:
    now = {line.school_id: line for line in lines_in(stand.roster, action.year)}
    running = now.pop(action.school_id, None)
    seats = running.seats if running else 0
    if action.existing is not None and action.existing != seats:
        values = {"existing": action.existing, "seats": seats}
        yield _Fault("existing_bus_differs", "existing", values, _bus(action.school_id))
    if not action.runs:
        if running is None:
            yield _Fault("bus_ends_nothing", "runs", {"school_id": action.school_id}, _bus(action.school_id))
        return
    most = stand.norms.value("bus.seats_max")
    if not 0 < action.seats <= most:
        yield _Fault("bus_seats", "seats", {"value": action.seats, "most": f"{most:g}"})
    if not action.place_ids or len(set(action.place_ids)) < len(action.place_ids):
        yield _Fault("bus_places", "place_ids", {"value": ", ".join(action.place_ids) or "-"})
    known = set(stand.county.places["place_id"])
    for place_id in action.place_ids:
        if place_id not in known:
            yield _Fault("place_unknown", "place_ids", {"value": place_id})
    school = schools[action.school_id]
    taught = set(range(int(school["grade_from"]), int(school["grade_to"]) + 1))
    if not action.grades or not set(action.grades) <= taught:
        spans: dict[str, object] = {"school_id": action.school_id, "from": min(taught), "to": max(taught)}
        yield _Fault("bus_grades", "grades", spans, action.school_id)
    for line in now.values():
        yield from _served_twice(action, line)


def _served_twice(action: RunBus, line: BusLine) -> Iterator[_Fault]:
    """Yield the places whose pupils of one grade would have buses to two schools."""
    if set(action.grades) & set(line.grades):
        for place_id in sorted(set(action.place_ids) & set(line.place_ids)):
            values = {"place_id": place_id, "school_id": action.school_id, "other_school": line.school_id}
            yield _Fault("bus_serves_twice", "place_ids", values, _bus(line.school_id))


def _road_faults(action: BuildRoad, stand: _Stand) -> Iterator[_Fault]:
    """Hold a road against those that stand: its id, its ground, and whether it meets any of them."""
    line, roads = shapely.LineString(action.line), stand.county.roads
    if action.road_id in set(roads["road_id"]) | {road.road_id for road in stand.built}:
        yield _Fault("road_id_taken", "road_id", {"value": action.road_id}, _road(action.road_id))
    if line.length <= 0:
        yield _Fault("road_no_length", "line", {"value": action.road_id})
        return
    if not stand.county.townships.geometry.intersects(line).any():
        east_m, north_m = action.line[0]
        yield _Fault("road_outside_county", "line", {"east_m": east_m, "north_m": north_m})
        return
    lines = [*roads.geometry.to_numpy(), *(shapely.LineString(road.line) for road in stand.built)]
    ends = shapely.points([action.line[0], action.line[-1]])
    gap_m = float(min(shapely.distance(end, lines).min() for end in ends))
    tolerance_m = stand.norms.value("network.join_tolerance_m")
    crosses = stand.county.node_crossings and bool(shapely.intersects(line, lines).any())
    if gap_m > tolerance_m and not crosses:
        values = {"road_id": action.road_id, "gap_m": f"{gap_m:.1f}", "tolerance_m": f"{tolerance_m:g}"}
        yield _Fault("road_apart", "line", values)
