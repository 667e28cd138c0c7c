"""Attendance zones on squares drawn by hand: who lives in which, what is wrong with them, and the rates near home."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import toy
from shapely import box

from layoutplan.norms import load_norms
from layoutplan.seats.assignment import Assignment
from layoutplan.seats.roster import base_roster
from layoutplan.seats.zones import check_zones, in_zone_of, places_in_zones, shared_groups, zone_rates

NORMS = load_norms()


def zones(*drawn):
    """Return the toy county with zones ``(zone, school, stage, west, east)``, 2 km from south to north."""
    ids, schools, stages, west, east = zip(*drawn, strict=True)
    frame = gpd.GeoDataFrame(
        {"zone_id": ids, "school_id": schools, "stage": stages},
        geometry=[box(left, -1000, right, 1000) for left, right in zip(west, east, strict=True)], crs=toy.CRS,
    )  # fmt: skip
    return replace(toy.county(), zones=frame)


def homes():
    """Return how far east every place lies [m]."""
    county = toy.county()
    spots = county.places.geometry.representative_point()
    return dict(zip(county.places["place_id"], spots.x, strict=True))


def told(problems):
    return [(problem.code, problem.row, problem.field) for problem in problems]


def test_places_are_told_by_zone_of_the_stage_and_the_line_belongs_to_it():
    east = homes()
    last = max(east, key=east.get)
    county = zones(
        ("z2", "b", "primary", -9e3, east[last]),
        ("z1", "a", "primary", east[last], 9e4),
        ("z3", "b", "junior", -9e3, 9e4),
    )
    found = places_in_zones(county, "primary")
    assert list(found.itertuples(index=False, name=None)) == sorted(
        [(place, "z2", "b") for place in east] + [(last, "z1", "a")]
    )
    assert set(places_in_zones(county, "junior")["zone_id"]) == {"z3"}


def test_who_lives_in_a_zone_is_asked_of_some_places_and_schools():
    east = homes()
    first = min(east, key=east.get)
    county = zones(("z1", "a", "primary", -9e3, 9e4), ("z2", "x", "primary", -9e3, 9e4))
    inside = in_zone_of(county, "primary", place_ids=["nowhere", first], school_ids=["b", "a"])
    assert inside.tolist() == [[False, False], [False, True]]


def test_zones_that_share_no_ground_say_so_by_nothing_or_by_a_gap():
    assert shared_groups(pd.DataFrame({"zone_id": ["z1", "z2"]})) == ["", ""]
    assert shared_groups(pd.DataFrame({"shared_group": ["g", None]})) == ["g", ""]


def test_a_stage_without_zones_and_homes_outside_are_faults_only_where_zones_must_cover():
    county = zones(("z1", "a", "primary", -9e4, -8e4))
    lived_in = sorted(set(county.children.query("children > 0")["place_id"]))
    wanted = [("zone_gap", place, "primary") for place in lived_in] + [("zones_none", "", "junior")]
    assert told(check_zones(county)) == wanted
    assert check_zones(county, must_cover=False) == []


def test_a_home_without_children_may_lie_outside():
    east = homes()
    last = max(east, key=east.get)
    covering = zones(("z1", "a", "primary", -9e3, east[last] - 1), ("z2", "a", "junior", -9e3, 9e4))
    assert told(check_zones(covering)) == [("zone_gap", last, "primary")]
    nobody = covering.children.assign(
        children=covering.children["children"].where(covering.children["place_id"] != last, 0)
    )
    assert check_zones(replace(covering, children=nobody)) == []


@pytest.mark.parametrize(("overlap_m", "is_fault"), [(0, False), (1, False), (2, True)])
def test_ground_of_two_schools_is_a_fault_beyond_a_thousandth_of_the_smaller_zone(overlap_m, is_fault):
    # Zones of 1,000 and 5,000 m, east of all homes but drawn side by side: a thousandth of the smaller is 1 m.
    county = zones(("z1", "a", "primary", 50_000, 51_000), ("z2", "b", "primary", 51_000 - overlap_m, 56_000))
    problems = [one for one in check_zones(county, must_cover=False) if one.code == "zone_overlap"]
    assert told(problems) == ([("zone_overlap", "z1", "geometry")] if is_fault else [])
    if is_fault:
        assert dict(problems[0].values) == {"other": "z2", "area_m2": 2 * 2000, "places": "-"}


def test_zones_of_one_school_or_of_one_group_may_overlap():
    same = zones(("z1", "a", "primary", 0, 9e3), ("z2", "a", "primary", 0, 9e3))
    assert check_zones(same, must_cover=False) == []
    two = zones(("z1", "a", "primary", 0, 9e3), ("z2", "b", "primary", 0, 9e3))
    assert [one.code for one in check_zones(two, must_cover=False)] == ["zone_overlap"]
    for groups, faults in ((["g", "g"], 0), (["g", "h"], 1), (["g", None], 1)):
        county = replace(two, zones=two.zones.assign(shared_group=groups))
        assert len(check_zones(county, must_cover=False)) == faults


def test_a_place_on_the_line_between_two_schools_is_named():
    east = homes()
    last = max(east, key=east.get)
    county = zones(("z1", "a", "primary", -9e3, east[last]), ("z2", "b", "primary", east[last], 9e4))
    (problem,) = check_zones(county, must_cover=False)
    assert dict(problem.values) == {"other": "z2", "area_m2": 0, "places": last}


def flows(*parts):
    columns = ["year", "grade", "place_id", "school_id", "stage", "pupils"]
    return Assignment(pd.DataFrame(parts, columns=columns), *(pd.DataFrame() for _ in range(3)))


def test_rates_near_home_count_the_pupils_of_town_schools():
    east = homes()
    first, last = min(east, key=east.get), max(east, key=east.get)
    county = zones(("z1", "b", "primary", east[last] - 1, 9e4))
    roster = base_roster(replace(county, schools=county.schools.assign(setting=["village", "town"])), NORMS)
    given = flows(
        (2024, 1, first, "b", "primary", 3.0), (2024, 1, last, "b", "primary", 1.0),
        (2024, 1, last, "a", "primary", 90.0),
        (2024, 7, last, "b", "junior", 5.0),
    )  # fmt: skip
    nearest = flows((2024, 1, first, "b", "primary", 9.0), (2024, 1, last, "a", "primary", 1.0))
    rates = zone_rates(given, county, roster, nearest=nearest)
    assert rates.columns.tolist() == ["year", "stage", "pupils", "in_zone", "at_nearest"]
    junior, primary = rates.itertuples(index=False, name=None)
    # The one who lives in the zone of b is not at the nearest school; the three others are. Juniors have no zones.
    assert primary == (2024, "primary", 4.0, 0.25, 0.75)
    assert junior[:3] == (2024, "junior", 5.0)
    assert np.isnan(junior[3])
    assert junior[4] == 0.0
