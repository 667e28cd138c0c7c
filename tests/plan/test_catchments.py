"""Catchments alone say of pupils, seats and ways what the whole plan says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toy
from shapely import LineString, Point

from layoutplan.errors import ScenarioError
from layoutplan.norms import load_norms
from layoutplan.plan.catchments import draw_up_catchments
from layoutplan.plan.measuring import measure_county
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import (
    AddRooms,
    CloseSchool,
    ConvertSchool,
    MergeSchools,
    MoveIn,
    OpenSchool,
    RunBus,
    Scenario,
    SetBoarding,
)
from layoutplan.seats.settings import Outlook, Policy

NORMS = load_norms()
SITE = OpenSchool(
    year=2024, school_id="aa", name="new", school_kind="primary", setting="village", east_m=2900.0, north_m=0.0,
    primary_rooms=6,
)  # fmt: skip
CLOSING = CloseSchool(year=2025, school_id="a")


@pytest.fixture(scope="module")
def prepared():
    return prepare(toy.county(), NORMS)


@pytest.mark.parametrize(
    "actions",
    [
        (),
        (SITE,),
        (CLOSING,),
        (SITE, CLOSING),
        (AddRooms(year=2024, school_id="a", stage="primary", rooms=2),),
        (MergeSchools(year=2026, school_ids=("a",), into="b"),),
        (ConvertSchool(year=2024, school_id="a", school_kind="nine_year", junior_rooms=3),),
        (SetBoarding(year=2024, school_id="b", beds=50),),
        (MoveIn(year=2024, place_id="p3", households=40), SITE),
    ],
    ids=lambda actions: "+".join(action.kind for action in actions) or "none",
)
def test_they_say_what_the_whole_plan_says(prepared, actions):
    policy = Policy(mode="walk", grades_4_6="walk")
    scenario = Scenario(name="x", last_year=2028, policy=policy, actions=actions)
    found, plan = draw_up_catchments(prepared, scenario), run_plan(prepared, scenario)
    ours = found.numbers.frame.set_index(["indicator", "year"])
    theirs = plan.indicators.set_index(["indicator", "year"])
    shared = ours.index.intersection(theirs.index)
    # All but what a school has beyond its seats are indicators of the plan too.
    assert {name for name, _ in ours.index.difference(theirs.index)} == {
        "pupils_beyond_seats_junior",
        "pupils_beyond_seats_primary",
    }
    assert {"pupils_over_limit", "pupils_over_limit_grades_4_6", "seat_gap_primary"} <= {name for name, _ in shared}
    pd.testing.assert_frame_equal(ours.loc[shared], theirs.loc[shared])
    flows = plan.assignment.flows.groupby(["year", "stage", "school_id"])["pupils"].sum()
    supply = plan.supply.frame.set_index(["year", "stage", "school_id"])["seats"].fillna(0.0)
    index = pd.MultiIndex.from_product(
        [found.years, ["junior", "primary"], found.school_ids], names=["year", "stage", "school_id"]
    )
    for cube, wanted in ((found.pupils, flows), (found.seats, supply)):
        np.testing.assert_allclose(cube.ravel(), wanted.reindex(index).fillna(0.0).to_numpy(float), atol=1e-9)
    beyond = (flows - supply).dropna().clip(lower=0.0).groupby(["year", "stage"]).sum()
    assert ours["value"]["pupils_beyond_seats_primary", 2028] == pytest.approx(beyond[2028, "primary"])


def test_one_scenario_leaves_nothing_for_the_next(prepared):
    base = Scenario(name="base", last_year=2028)
    before = draw_up_catchments(prepared, base).numbers.frame
    draw_up_catchments(prepared, Scenario(name="x", last_year=2028, actions=(SITE, CLOSING)))
    pd.testing.assert_frame_equal(draw_up_catchments(prepared, base).numbers.frame, before)
    fewer = Scenario(name="fewer", last_year=2028, outlook=Outlook(births_change=-0.1))
    entered = draw_up_catchments(prepared, fewer).numbers.frame.set_index(["indicator", "year"])["value"]
    assert entered["pupils_primary", 2022] == before.set_index(["indicator", "year"])["value"]["pupils_primary", 2022]
    scale = Policy(grades_1_3="drive")
    driven = draw_up_catchments(prepared, Scenario(name="d", last_year=2028, policy=scale)).numbers.frame
    minutes = driven.set_index(["indicator", "year"])["value"]["mean_minutes_primary", 2022]
    assert minutes < before.set_index(["indicator", "year"])["value"]["mean_minutes_primary", 2022]


def test_another_rule_and_a_wrong_action_are_refused(prepared):
    with pytest.raises(ScenarioError) as caught:
        draw_up_catchments(prepared, Scenario(name="x", policy=Policy(assignment="capacity")))
    assert [problem.code for problem in caught.value.problems] == ["catchments_nearest_only"]
    bus = RunBus(year=2024, school_id="b", place_ids=("p1",), seats=40)
    with pytest.raises(ScenarioError) as caught:
        draw_up_catchments(prepared, Scenario(name="x", actions=(SITE, bus)))
    assert [(problem.code, problem.row) for problem in caught.value.problems] == [("catchments_action", "actions[2]")]
    with pytest.raises(ScenarioError) as caught:
        draw_up_catchments(prepared, Scenario(name="x", actions=(CloseSchool(year=2024, school_id="ghost"),)))
    assert [problem.code for problem in caught.value.problems] == ["school_unknown"]


# ---- by hand
JUNIOR, PRIMARY = 0, 1


def measured(*, at=None, rooms=(6, 3, 6), modes=("walk",), **layers):
    """Return the ways of the toy county, some places moved (east in metres, on the road), with other rooms."""
    places = toy.places()
    moved = {place_id: Point(east, north) for place_id, (east, north) in (at or {}).items()}
    ground = [moved.get(name, point) for name, point in zip(places["place_id"], places.geometry, strict=True)]
    county = toy.county(places=places.set_geometry(ground, crs=toy.CRS), **layers)
    return measure_county(replace(county, rooms=county.rooms.assign(rooms=list(rooms))), NORMS, modes=modes)


@pytest.fixture(scope="module")
def roads():
    return measured(at={"p4": (4000, 0)}, modes=("drive", "walk"))


def drawn(ways, *actions, **policy):
    """Return the catchments to 2025, and their numbers by name and year."""
    found = draw_up_catchments(ways, Scenario(name="x", last_year=2025, actions=actions, policy=Policy(**policy)))
    return found, found.numbers.frame.set_index(["indicator", "year"])["value"]


def pupils(found, year, stage):
    return dict(zip(found.school_ids, found.pupils[year - 2022, stage].tolist(), strict=True))


@pytest.mark.parametrize(("school_id", "taken"), [("A", 180.0), ("c", 0.0)])
def test_of_a_new_school_and_one_as_near_the_smaller_id_is_taken(roads, school_id, taken):
    beside = SITE.model_copy(update={"school_id": school_id, "east_m": 500.0})
    found, _ = drawn(roads, beside)
    # p1 and p2, 10 and 20 in each of six grades, have a and the new one at the same distance.
    assert pupils(found, 2024, PRIMARY) == {"a": 180.0 - taken, "b": 210.0, school_id: taken}
    assert pupils(found, 2023, PRIMARY)[school_id] == 0.0


def test_ways_by_road_to_a_new_school_are_timed_at_the_speed_of_the_road(roads):
    _, numbers = drawn(roads, SITE, mode="drive")
    # At 30 km/h: p1, p2 and p4 go 500 m in 1 min, p3 goes 100 m to the new school in 0.2 min.
    assert numbers["mean_minutes_primary", 2024] == pytest.approx((10 + 20 + 5 + 30 * 0.2) / 65, abs=1e-4)
    assert numbers["mean_minutes_primary", 2023] == pytest.approx(1.0, abs=1e-4)


def test_a_place_without_a_way_is_unplaced_and_nobody_else():
    # p4 lies at a road of its own, which leads nowhere.
    lane = toy.roads().iloc[[0]].assign(road_id="lane").set_geometry([LineString([(4000, 400), (4100, 400)])])
    found, numbers = drawn(measured(at={"p4": (4000, 400)}, roads=pd.concat([toy.roads(), lane.set_crs(toy.CRS)])))
    assert [numbers["pupils_unplaced", year] for year in range(2022, 2026)] == [45.0] * 4  # 5 in each of nine grades
    assert pupils(found, 2022, PRIMARY) == {"a": 180.0, "b": 180.0}
    assert pupils(found, 2022, JUNIOR) == {"a": 0.0, "b": 180.0}


def test_without_a_school_of_the_grade_pupils_are_unplaced_and_have_no_minutes(roads):
    found, numbers = drawn(roads, CloseSchool(year=2024, school_id="b"), CLOSING)
    # From 2024 on nobody teaches 65 pupils in each of grades 7-9, from 2025 on nobody teaches anybody.
    assert [numbers["pupils_unplaced", year] for year in range(2022, 2026)] == [0.0, 0.0, 195.0, 585.0]
    assert pupils(found, 2024, PRIMARY) == {"a": 390.0, "b": 0.0}
    assert ("mean_minutes_junior", 2023) in numbers
    assert ("mean_minutes_junior", 2024) not in numbers
    assert ("mean_minutes_primary", 2025) not in numbers


def test_who_walks_exactly_as_long_as_the_limit_is_not_over_it():
    ways = measured(at={"p2": (2300, 0), "p4": (4000, 0)})
    _, numbers = drawn(ways, CloseSchool(year=2024, school_id="b"))
    # To a: p2 walks 1,800 m, 30 minutes; p3 with 30 and p4 with 5 pupils in each of three grades walk farther.
    assert [numbers["pupils_over_limit", year] for year in (2023, 2024)] == [0.0, 105.0]
    assert "pupils_over_limit_grades_4_6" not in numbers.index.get_level_values("indicator")


def test_seats_that_lack_are_counted_by_school_and_by_township():
    found, numbers = drawn(measured(rooms=(1, 3, 6)))
    # a has 45 seats for 180 pupils, b 270 for 210; at junior level b has 150 for 195.
    assert found.seats[0].tolist() == [[0.0, 150.0], [45.0, 270.0]]
    assert [numbers[f"pupils_beyond_seats_{stage}", 2022] for stage in ("junior", "primary")] == [45.0, 135.0]
    # 90 juniors live in t1, which has no junior seat; 105 in t2, which has 150.
    assert [numbers[f"seat_gap_{stage}", 2022] for stage in ("junior", "primary")] == [90.0, 135.0]
    assert [numbers[f"{name}_primary", 2022] for name in ("pupils", "seats")] == [390.0, 315.0]


def test_years_run_from_the_base_year_to_the_last(roads):
    found, _ = drawn(roads)
    assert found.years.tolist() == [2022, 2023, 2024, 2025]


def test_every_action_that_catchments_leave_out_is_named_by_its_number(roads):
    bus = RunBus(year=2024, school_id="b", place_ids=("p1",), seats=40)
    with pytest.raises(ScenarioError) as caught:
        drawn(roads, bus, SITE, bus)
    assert [problem.row for problem in caught.value.problems] == ["actions[1]", "actions[3]"]


def test_pupils_of_uneven_grades_are_counted_in_their_own_stage():
    # p1 has 40 instead of 10 children of every age from 13 on: two of the nine grades, both junior, are larger.
    children = toy.county().children
    older = children["children"].mask((children["place_id"] == "p1") & (children["age"] >= 13), 40.0)
    found, numbers = drawn(measured(children=children.assign(children=older)))
    assert pupils(found, 2022, PRIMARY) == {"a": 180.0, "b": 210.0}
    assert pupils(found, 2022, JUNIOR) == {"a": 0.0, "b": 195.0 + 2 * 30.0}
    assert numbers["pupils_junior", 2022] == 255.0
