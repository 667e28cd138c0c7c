"""Attendance zones as drawn: who lives in which, and what is wrong with the drawing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
import shapely

from layoutplan.access.network import Flags
from layoutplan.county.layers import County
from layoutplan.county.tables import STAGES
from layoutplan.errors import Problem
from layoutplan.seats.assignment import Assignment
from layoutplan.seats.roster import Roster

# Lines drawn by hand next to each other overlap in slivers, which are no second zone.
_SLIVER_SHARE = 0.001
_TOWN_SETTINGS = ("county_town", "town")


def places_in_zones(county: County, stage: str) -> pd.DataFrame:
    """Return which zones each place lies in.

    Parameters
    ----------
    county : County
        Places and zones.
    stage : {"primary", "junior"}
        Whose zones.

    Returns
    -------
    DataFrame
        ``place_id, zone_id, school_id``, sorted; a place outside every zone has no row, one where
        zones overlap several. A place is where its representative point is; the line of a zone
        belongs to it.
    """
    zones = county.zones[county.zones["stage"] == stage].sort_values("zone_id", ignore_index=True)
    points = shapely.point_on_surface(county.places.geometry.to_numpy())
    place, zone = shapely.STRtree(zones.geometry.to_numpy()).query(points, predicate="intersects")
    frame = pd.DataFrame(
        {
            "place_id": county.places["place_id"].to_numpy(object)[place],
            "zone_id": zones["zone_id"].to_numpy(object)[zone],
            "school_id": zones["school_id"].to_numpy(object)[zone],
        }
    )
    return frame.sort_values(["place_id", "zone_id"], ignore_index=True)


def in_zone_of(county: County, stage: str, *, place_ids: Sequence[str], school_ids: Sequence[str]) -> Flags:
    """Return whether each place lies in a zone of each school (bool [place, school])."""
    inside = np.zeros((len(place_ids), len(school_ids)), dtype=bool)
    place = pd.Index(place_ids)
    school = pd.Index(school_ids)
    frame = places_in_zones(county, stage)
    rows, columns = place.get_indexer(pd.Index(frame["place_id"])), school.get_indexer(pd.Index(frame["school_id"]))
    known = (rows >= 0) & (columns >= 0)
    inside[rows[known], columns[known]] = True
    return inside


def shared_groups(zones: pd.DataFrame) -> list[str]:
    """Return the group each zone shares ground in, empty where it shares none."""
    if "shared_group" not in zones:
        return [""] * len(zones)
    return ["" if pd.isna(group) else str(group) for group in zones["shared_group"]]


def check_zones(county: County, *, must_cover: bool = True) -> list[Problem]:
    """Return what keeps the zones from giving every place one school.

    Parameters
    ----------
    county : County
        Places and zones.
    must_cover : bool
        Whether a place with children outside every zone is a fault.

    Returns
    -------
    list of Problem
        ``zones_none`` (a stage has none at all), ``zone_overlap`` (two zones share ground or a place without being
        declared to in one ``shared_group``),
        ``zone_gap`` (a place with children is in none), each with its ids.
    """
    problems: list[Problem] = []
    children = county.children.groupby("place_id")["children"].sum()
    lived_in = sorted(children.index[children > 0].astype(str))
    for stage in STAGES:
        zones = county.zones[county.zones["stage"] == stage].sort_values("zone_id", ignore_index=True)
        if not len(zones):
            if must_cover:
                problems.append(Problem("zones_none", "zones", field=stage))
            continue
        inside = places_in_zones(county, stage)
        problems += _overlaps(zones, inside)
        if must_cover:
            outside = sorted(set(lived_in) - set(inside["place_id"]))
            problems += [
                Problem("zone_gap", "zones", row=place_id, field=stage, values={"place_id": place_id})
                for place_id in outside
            ]
    return problems


def _overlaps(zones: pd.DataFrame, inside: pd.DataFrame) -> Iterable[Problem]:
    """Name every two zones of different schools that share ground, with the places that lie in both."""
    shapes = zones["geometry"].to_numpy()
    zone_ids, school_ids = zones["zone_id"].to_numpy(str).tolist(), zones["school_id"].to_numpy(str).tolist()
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    shared = {
        (int(a), int(b)): float(shapely.area(shapely.intersection(shapes[a], shapes[b])))
        for a, b in zip(left, right, strict=True)
        if a < b
    }
    groups = shared_groups(zones)
    both: dict[tuple[str, str], list[str]] = {}
    for place_id, group in inside.groupby("place_id"):
        for pair in combinations(group["zone_id"], 2):
            both.setdefault(pair, []).append(str(place_id))
    for (a, b), area_m2 in sorted(shared.items()):
        one, other = zone_ids[a], zone_ids[b]
        places = both.get((one, other), [])
        smaller = min(shapely.area(shapes[a]), shapely.area(shapes[b]))
        if groups[a] and groups[a] == groups[b]:
            continue
        if school_ids[a] != school_ids[b] and (places or area_m2 > _SLIVER_SHARE * smaller):
            values = {"other": other, "area_m2": round(area_m2), "places": ", ".join(places) or "-"}
            yield Problem("zone_overlap", "zones", row=one, field="geometry", values=values)


def zone_rates(assignment: Assignment, county: County, roster: Roster, *, nearest: Assignment) -> pd.DataFrame:
    """Return the two rates of admission near home, for the schools of county town and towns.

    Parameters
    ----------
    assignment : Assignment
        Who is given which school.
    county : County
        Zones as drawn.
    roster : Roster
        Where each school stands.
    nearest : Assignment
        The same pupils by the rule ``nearest``.

    Returns
    -------
    DataFrame
        ``year, stage`` (key), ``pupils`` [person] of schools in county town and towns, ``in_zone`` and
        ``at_nearest`` [share of them] living in a zone of their school, and given the nearest one;
        ``in_zone`` is missing where the stage has no zones.
    """
    setting = roster.schools.set_index("school_id")["setting"]
    flows = assignment.flows
    flows = flows[flows["school_id"].map(setting).isin(_TOWN_SETTINGS)]
    keys = ["year", "grade", "place_id", "school_id"]
    close = nearest.flows[keys].assign(at_nearest=True)
    flows = flows.merge(close, how="left", on=keys)
    zones = pd.concat([places_in_zones(county, stage).assign(stage=stage) for stage in STAGES])
    zones = zones[["place_id", "school_id", "stage"]].drop_duplicates().assign(in_zone=True)
    flows = flows.merge(zones, how="left", on=["place_id", "school_id", "stage"])
    drawn = set(county.zones["stage"])
    rows = []
    for (year, stage), group in flows.groupby(["year", "stage"], sort=True):
        weight = group["pupils"].to_numpy(float)
        share = {
            name: float(weight @ group[name].notna().to_numpy()) / weight.sum() for name in ("in_zone", "at_nearest")
        }
        in_zone = share["in_zone"] if stage in drawn else np.nan
        rows.append((year, stage, weight.sum(), in_zone, share["at_nearest"]))
    return pd.DataFrame(rows, columns=["year", "stage", "pupils", "in_zone", "at_nearest"])
