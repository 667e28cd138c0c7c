"""The toy county run from layers to findings; every number is worked out in tests/toy.py's picture."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pytest
import toy
from shapely import LineString, Point

from layoutplan.access.network import join_snaps
from layoutplan.access.travel import measure_travel
from layoutplan.labels import label
from layoutplan.norms import load_norms
from layoutplan.plan import measuring
from layoutplan.plan.compare import compare
from layoutplan.plan.openings import between_schools, snap_openings
from layoutplan.plan.planning import catchments_of, prepare, run_plan
from layoutplan.plan.scenario import AddRooms, CloseSchool, OpenSchool, Scenario
from layoutplan.seats.settings import Outlook, Policy

NORMS = load_norms()
BASE = Scenario(name="base")
NEW = OpenSchool(
    year=2024, school_id="n", name="N", school_kind="nine_year", setting="village", east_m=1200.0, north_m=0.0,
    primary_rooms=6, junior_rooms=3,
)  # fmt: skip


@pytest.fixture(scope="module")
def prepared():
    return prepare(toy.county(), NORMS)


@pytest.fixture(scope="module")
def base(prepared):
    return run_plan(prepared, BASE)


def test_the_first_run_on_a_machine_says_that_it_compiles(monkeypatch):
    for warm, steps in ((True, ["network", "travel", "cells"]), (False, ["network", "compile", "travel", "cells"])):
        monkeypatch.setattr(measuring, "is_warm", lambda warm=warm: warm)
        said = []
        prepare(toy.county(), NORMS, say=said.append)
        assert said == steps
        assert all(label(f"cli.step.{step}", "zh") != label(f"ui.progress.{step}", "en") for step in steps)


def flow(result, place_id, grade, year=2022):
    flows = result.assignment.flows
    (row,) = flows[(flows["year"] == year) & (flows["grade"] == grade) & (flows["place_id"] == place_id)].itertuples()
    return row


def enrolled(result, school_id, grade, year):
    frame = result.enrolment.frame
    return frame[(frame["year"] == year) & (frame["grade"] == grade) & (frame["school_id"] == school_id)][
        "pupils"
    ].sum()


@pytest.mark.parametrize(
    ("place_id", "grade", "school_id", "metres"),
    [
        ("p1", 1, "a", 500.0),
        ("p2", 6, "a", 500.0),
        ("p3", 1, "b", 500.0),
        ("p4", 1, "b", 600.0),
        ("p1", 7, "b", 3500.0),
    ],
)
def test_every_place_goes_to_its_nearest_school_that_teaches_the_grade(base, place_id, grade, school_id, metres):
    row = flow(base, place_id, grade)
    assert (row.school_id, row.metres) == (school_id, metres)
    # 3.6, 4.0 and 4.5 km/h: 60, 66.7 and 75 m a minute.
    metres_a_minute = {1: 60, 6: 200 / 3, 7: 75}[grade]
    assert row.minutes == pytest.approx(metres / metres_a_minute)


def test_flows_and_unplaced_add_up_to_the_demand(base):
    for part in ("flows", "unplaced"):
        assert set(getattr(base.assignment, part).columns) >= {"year", "grade", "place_id", "stage", "pupils"}
    total = base.assignment.flows["pupils"].sum() + base.assignment.unplaced["pupils"].sum()
    assert total == pytest.approx(base.demand.frame["pupils"].sum())


def test_planted_problems_of_the_toy_are_found_and_nothing_else(base):
    found = base.findings.frame
    # How many norms nobody has confirmed yet is no matter of the toy.
    found = found[~found["rule"].isin(["norms_unconfirmed", "staff_unknown"])]
    assert found[["rule", "subject", "year", "measured", "limit"]].values.tolist() == [
        ["catchment_over_seats", "b/junior", 2022, 195.0, 150.0],  # 65 children a grade, 3 rooms of 50
        ["class_extra_large", "b/8/1", 2022, 66.0, 50.0],
        ["class_large", "b/7/1", 2022, 56.0, 50.0],
        ["class_large_ahead", "b/junior", 2023, 66.0, 56.0],  # the class of 66 moves up
        ["class_over_norm", "a/2/1", 2022, 46.0, 45.0],
        ["class_over_norm_ahead", "a/primary", 2023, 46.0, 45.0],
        ["class_over_norm_ahead", "b/junior", 2023, 66.0, 50.0],
        ["count_missing", "a", 2022, 1.0, 3.0],
        ["count_missing", "b", 2022, 1.0, 3.0],
        ["county_seat_gap", "junior", 2022, 45.0, 0.0],
        ["junior_school_missing", "t1/junior", 2022, 0.0, 1.0],
        ["rooms_short", "a/primary", 2022, 7.0, 6.0],  # 46 pupils are two classes
        ["rooms_short", "b/junior", 2022, 5.0, 3.0],  # 56 and 66 are two each, 35 are one
        ["seat_gap", "t1/junior", 2022, 90.0, 0.0],  # 30 children in each of grades 7-9, no junior room
    ]


def test_enrolment_moves_up_and_entries_come_from_the_catchment(base):
    assert enrolled(base, "a", 3, 2023) == 46.0  # the class of 46 moved up
    assert enrolled(base, "a", 1, 2023) == 30.0  # p1 10 and p2 20
    assert enrolled(base, "b", 7, 2023) == 65.0  # all four places
    assert enrolled(base, "b", 9, 2024) == 56.0


def test_a_grade_over_the_norm_takes_a_second_class_only_if_there_is_a_room(base):
    frame = base.enrolment.frame.set_index(["year", "school_id", "grade"])
    # b has 3 junior rooms for grades 7, 8, 9: 65 pupils stay in one class.
    assert frame.loc[(2023, "b", 7), "classes"] == 1
    more = run_plan(
        base.prepared, Scenario(name="rooms", actions=(AddRooms(year=2023, school_id="b", stage="junior", rooms=2),))
    )
    wider = more.enrolment.frame.set_index(["year", "school_id", "grade"])
    assert wider.loc[(2023, "b", 7), ["classes", "class_size"]].tolist() == [2, 32.5]
    assert wider.loc[(2023, "b", 8), "classes"] == 1  # one of the five rooms is left for each grade but two


def test_opening_a_school_takes_those_for_whom_it_is_nearest(prepared, base):
    opened = run_plan(prepared, Scenario(name="open", actions=(NEW,)))
    assert flow(opened, "p2", 1, year=2023).school_id == "a"
    row = flow(opened, "p2", 1, year=2024)
    assert (row.school_id, row.metres) == ("n", 200.0)
    assert flow(opened, "p1", 8, year=2024).school_id == "n"  # 1200 m instead of 3500
    assert enrolled(opened, "n", 1, 2024) == 20.0
    assert enrolled(opened, "n", 2, 2024) == 0.0  # it fills by its entry grades
    after = opened.assignment.flows.set_index(["year", "grade", "place_id"])["minutes"]
    before = base.assignment.flows.set_index(["year", "grade", "place_id"])["minutes"]
    assert (after <= before.reindex(after.index) + 1e-9).all()


def test_closing_a_school_moves_its_pupils_together_and_none_is_lost(prepared):
    closed = run_plan(prepared, Scenario(name="close", actions=(CloseSchool(year=2024, school_id="a"),)))
    assert enrolled(closed, "a", 3, 2023) == 46.0
    # In 2024 those 46 are in grade 4 at b, beside b's own 35.
    assert enrolled(closed, "b", 4, 2024) == 81.0
    assert closed.enrolment.adrift.empty
    frame = closed.enrolment.frame
    assert frame[(frame["year"] >= 2024) & (frame["school_id"] == "a")].empty
    supply = closed.supply.frame.set_index(["year", "school_id", "stage"])["seats"]
    assert supply[2023, "a", "primary"] == 270.0
    assert supply[2024, "a", "primary"] == 0.0


def test_pupils_nobody_can_take_are_adrift_and_counted(prepared):
    both = (CloseSchool(year=2024, school_id="a"), CloseSchool(year=2024, school_id="b"))
    closed = run_plan(prepared, Scenario(name="none", actions=both))
    assert set(closed.assignment.unplaced["reason"]) == {"no_school"}
    lost = closed.enrolment.adrift
    stayed = closed.enrolment.frame
    before = stayed[(stayed["year"] == 2023) & ~stayed["grade"].isin((6, 9))]["pupils"].sum()
    assert lost[lost["year"] == 2024]["pupils"].sum() == pytest.approx(before)


def test_a_place_on_an_island_is_unplaced_with_the_reason_and_no_average_hides_it():
    county = toy.county()
    road = gpd.GeoDataFrame(
        [dict(county.roads.iloc[0].drop("geometry")) | {"road_id": "far"}],
        geometry=[LineString([(0, 400), (300, 400)])], crs=toy.CRS,
    )  # fmt: skip
    places = county.places.copy()
    places.loc[0, "geometry"] = Point(100, 400)
    roads = pd.concat([county.roads, road], ignore_index=True)
    result = run_plan(prepare(replace(county, places=places, roads=roads), NORMS), BASE)
    lost = result.assignment.unplaced
    assert set(lost["place_id"]) == {"p1"}
    assert set(lost["reason"]) == {"island"}
    assert lost[lost["year"] == 2022]["pupils"].sum() == 90.0
    assert "p1" in set(result.findings.frame.query("rule == 'place_unreached'")["subject"])


def test_catchments_tile_the_county(base):
    catchments = catchments_of(base, stage="primary", year=2022)
    assert set(catchments["school_id"]) == {"a", "b"}
    assert catchments.area.sum() == pytest.approx(5000 * 1000)
    # The watershed of a and b lies half way between them, at 2000 m east.
    west = catchments.set_index("school_id").loc["a", "geometry"]
    assert west.contains(Point(1000, 0))
    assert not west.intersects(Point(3000, 0))


def test_a_plan_changes_nothing_it_was_given(prepared):
    before = prepared.county.schools.copy(), prepared.county.rooms.copy(), prepared.travel["walk"].cost.copy()
    run_plan(prepared, Scenario(name="open", actions=(NEW, CloseSchool(year=2025, school_id="b"))))
    pd.testing.assert_frame_equal(prepared.county.schools, before[0])
    pd.testing.assert_frame_equal(prepared.county.rooms, before[1])
    assert (prepared.travel["walk"].cost == before[2]).all()


def test_the_order_of_layers_rows_changes_no_result(base):
    county = toy.county()
    turned = {
        name: getattr(county, name).iloc[::-1].reset_index(drop=True)
        for name in ("roads", "classes", "rooms", "children", "births")
    }
    again = run_plan(prepare(replace(county, **turned), NORMS), BASE)
    for part in ("balance", "indicators"):
        pd.testing.assert_frame_equal(getattr(again, part), getattr(base, part))
    pd.testing.assert_frame_equal(again.assignment.flows, base.assignment.flows)
    pd.testing.assert_frame_equal(again.findings.frame, base.findings.frame)


def test_compare_shows_every_indicator_side_by_side_with_its_change(prepared, base):
    rooms = Scenario(name="rooms", actions=(AddRooms(year=2024, school_id="b", stage="junior", rooms=2),))
    table = compare([base, run_plan(prepared, rooms)]).set_index(["indicator", "year"])
    assert table.loc[("seats_junior", 2024), ["base", "rooms", "rooms - base"]].tolist() == [150.0, 250.0, 100.0]
    with pytest.raises(ValueError, match="names must differ"):
        compare([base, base])


def test_ways_between_schools_equal_those_measured_anew(prepared):
    """New schools are put in one by one; the result is that of measuring all together."""
    again = OpenSchool(**(NEW.model_dump() | {"school_id": "0", "east_m": 2900.0}))
    openings = snap_openings(prepared, Scenario(name="s", actions=(NEW, again)))
    found = between_schools(prepared, Policy(), openings)["walk"]
    sites = [replace(site, ids=(school_id,)) for school_id, site in openings["walk"].items()]
    everyone = join_snaps(prepared.schools["walk"], *sites)
    anew = measure_travel(prepared.network, everyone, everyone, mode="walk", norms=NORMS)
    assert (found.place_ids, found.school_ids) == (anew.place_ids, anew.school_ids) == (("0", "a", "b", "n"),) * 2
    for name in ("start", "school", "cost", "length_mm", "minutes"):
        assert getattr(found, name).tolist() == getattr(anew, name).tolist()


def test_demand_is_shared_by_plans_that_only_differ_in_schools(prepared, base):
    assert run_plan(prepared, Scenario(name="s", actions=(NEW,))).demand is run_plan(prepared, BASE).demand
    other = run_plan(prepared, Scenario(name="s", outlook=Outlook(births_change=-0.1))).demand
    assert not other.frame["pupils"].equals(base.demand.frame["pupils"])
    assert run_plan(prepared, BASE).demand.frame.equals(base.demand.frame)
