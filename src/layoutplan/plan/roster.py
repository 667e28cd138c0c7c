"""Apply a scenario's actions to the county's schools, checking each against the ones before it."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import pandas as pd
import shapely

from layoutplan.county.layers import County
from layoutplan.county.tables import GRADES_OF_KIND
from layoutplan.errors import Problem, ScenarioError
from layoutplan.norms import Norms
from layoutplan.plan.scenario import Action, AddRooms, CloseSchool, OpenSchool, Scenario
from layoutplan.seats.supply import Roster, base_roster

_STAGES_OF_KIND = {"primary": ("primary",), "junior": ("junior",), "nine_year": ("primary", "junior")}


def apply_actions(scenario: Scenario, county: County, norms: Norms) -> Roster:
    """Return the schools of a scenario.

    Parameters
    ----------
    scenario : Scenario
        Actions are applied in the order of their year, then as written.
    county : County
        What they are applied to; it is not changed.
    norms : Norms
        Decides which schools are vacant.

    Returns
    -------
    Roster
        The county's schools and the new ones, with the years they are open and their rooms.

    Raises
    ------
    ScenarioError
        An action names a school that is not there, comes before the base year or after the last,
        meets a school already closed, or expects other rooms than there are; all at once.
    """
    roster, problems = base_roster(county, norms), []
    if scenario.last_year < county.base_year:
        values = {"first": county.base_year, "last": county.base_year + 30}
        problems.append(Problem("year_outside", scenario.name, "", "last_year", values))
    numbered = sorted(enumerate(scenario.actions, start=1), key=lambda item: (item[1].year, item[0]))
    for number, action in numbered:
        row = f"actions[{number}]"
        found = [
            Problem(code, scenario.name, row, field, values)
            for code, field, values in _faults(action, roster, county, scenario.last_year)
        ]
        problems += found
        if not found:
            roster = _applied(action, roster, county)
    if problems:
        raise ScenarioError(problems)
    return roster


_Fault = tuple[str, str, dict[str, object]]


def _faults(action: Action, roster: Roster, county: County, last_year: int) -> Iterator[_Fault]:
    if not county.base_year < action.year <= last_year:
        yield "year_outside", "year", {"first": county.base_year + 1, "last": last_year}
    schools = roster.schools.set_index("school_id")
    if isinstance(action, OpenSchool):
        yield from _opening_faults(action, schools, county)
        return
    if action.school_id not in schools.index:
        yield "school_unknown", "school_id", {"value": action.school_id}
        return
    closes = schools.loc[action.school_id, "closes_year"]
    if pd.notna(closes) and closes <= action.year:
        yield "school_closed_before", "school_id", {"value": action.school_id, "year": int(closes)}
    opens = schools.loc[action.school_id, "opens_year"]
    if pd.notna(opens) and opens > action.year:
        yield "school_not_open_yet", "school_id", {"value": action.school_id, "year": int(opens)}
    if isinstance(action, AddRooms):
        yield from _room_faults(action, roster)


def _opening_faults(action: OpenSchool, schools: pd.DataFrame, county: County) -> Iterator[_Fault]:
    if action.school_id in schools.index:
        yield "school_id_taken", "school_id", {"value": action.school_id}
    for stage in ("primary", "junior"):
        rooms = getattr(action, f"{stage}_rooms")
        if (rooms > 0) != (stage in _STAGES_OF_KIND[action.school_kind]):
            yield "rooms_of_stage", f"{stage}_rooms", {"rooms": rooms, "kind": action.school_kind}
    if not _township_at(action, county):
        yield "site_outside_county", "east_m, north_m", {"east_m": action.east_m, "north_m": action.north_m}


def _room_faults(action: AddRooms, roster: Roster) -> Iterator[_Fault]:
    rooms = _rooms_now(action, roster)
    if rooms is None:
        yield "action_stage", "stage", {"value": action.stage, "school_id": action.school_id}
        return
    if action.existing is not None and action.existing != rooms:
        yield "existing_differs", "existing", {"existing": action.existing, "rooms": rooms}
    if rooms + action.rooms < 0:
        yield "rooms_negative", "rooms", {"rooms": rooms, "value": action.rooms}


def _rooms_now(action: AddRooms, roster: Roster) -> int | None:
    rooms = roster.rooms
    mine = rooms[(rooms["school_id"] == action.school_id) & (rooms["stage"] == action.stage)]
    mine = mine[mine["from_year"] <= action.year].sort_values("from_year")
    return int(mine["rooms"].iloc[-1]) if len(mine) else None


def _township_at(action: OpenSchool, county: County) -> str | None:
    inside = county.townships.geometry.intersects(shapely.Point(action.east_m, action.north_m))
    ids = county.townships.loc[inside, "township_id"]
    return str(ids.min()) if len(ids) else None


def _applied(action: Action, roster: Roster, county: County) -> Roster:
    if isinstance(action, CloseSchool):
        closes = roster.schools["closes_year"].mask(roster.schools["school_id"] == action.school_id, action.year)
        return Roster(roster.schools.assign(closes_year=closes), roster.rooms)
    if isinstance(action, AddRooms):
        rooms = (_rooms_now(action, roster) or 0) + action.rooms
        return Roster(roster.schools, _with_rooms(roster.rooms, [(action.school_id, action.stage, action.year, rooms)]))
    added = [
        (action.school_id, stage, action.year, getattr(action, f"{stage}_rooms"))
        for stage in _STAGES_OF_KIND[action.school_kind]
    ]
    return Roster(_with_school(roster.schools, action, county), _with_rooms(roster.rooms, added))


def _with_rooms(rooms: pd.DataFrame, added: list[tuple[str, str, int, int]]) -> pd.DataFrame:
    new = pd.DataFrame(added, columns=["school_id", "stage", "from_year", "rooms"])
    keys = ["school_id", "stage", "from_year"]
    both = pd.concat([rooms, new.astype(rooms.dtypes.to_dict())], ignore_index=True)
    return both.drop_duplicates(keys, keep="last").sort_values(keys, ignore_index=True)


def _with_school(schools: gpd.GeoDataFrame, action: OpenSchool, county: County) -> gpd.GeoDataFrame:
    grade_from, grade_to = GRADES_OF_KIND[action.school_kind]
    row = dict.fromkeys(schools.columns) | {
        "school_id": action.school_id, "name": action.name, "kind": action.school_kind, "setting": action.setting,
        "township_id": _township_at(action, county), "grade_from": grade_from, "grade_to": grade_to,
        "opens_year": action.year, "geometry": shapely.Point(action.east_m, action.north_m),
    }  # fmt: skip
    new = gpd.GeoDataFrame([row], geometry="geometry", crs=schools.crs)
    attributes = {name: dtype for name, dtype in schools.dtypes.items() if name != "geometry"}
    both = pd.concat([schools, new.astype(attributes)], ignore_index=True)
    return both.sort_values("school_id", ignore_index=True)
