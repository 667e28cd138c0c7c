"""A trial within the seats says what a plan with the school opened there would say."""

from __future__ import annotations

from dataclasses import replace

import pytest
import toy
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, box

from layoutplan.norms import load_norms
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import OpenSchool, RunBus, Scenario
from layoutplan.plan.seatlab import open_seat_lab, try_seats
from layoutplan.seats.settings import Lock, Policy

PREPARED = prepare(toy.county(), load_norms())
SHORT = toy.county().rooms.assign(rooms=[2, 2, 3])
COUNTY = replace(PREPARED, county=replace(toy.county(), rooms=SHORT))
POLICY = Policy(assignment="capacity", within_limits=True)
BASE = run_plan(COUNTY, Scenario(name="base", last_year=2025, policy=POLICY))
LAB = open_seat_lab(BASE, stage="primary", year=2025, rooms=3)


@settings(max_examples=10)
@given(st.floats(-400, 4400).map(lambda metres: round(metres, 1)), st.sampled_from([0.0, 80.0]))
def test_a_trial_equals_the_plan_with_the_school_opened_there(east_m, north_m):
    trial = try_seats(LAB, east_m, north_m)
    action = OpenSchool(
        year=2025, school_id="site-1", name="N", school_kind="primary", setting="village", east_m=east_m,
        north_m=north_m, primary_rooms=3,
    )  # fmt: skip
    plan = run_plan(COUNTY, Scenario(name="open", last_year=2025, policy=POLICY, actions=(action,)))
    proof = plan.assignment.proof.query("year == 2025 and stage == 'primary'").iloc[0]
    assert trial.pupil_minutes_after == pytest.approx(proof["pupil_minutes"], rel=1e-6)
    left = plan.assignment.unplaced.query("year == 2025 and stage == 'primary' and reason == 'no_seat'")
    assert trial.unplaced_after == pytest.approx(left["pupils"].sum(), abs=1e-5)
    flows = plan.assignment.flows.query("year == 2025 and stage == 'primary' and school_id == 'site-1'")
    assert trial.pupils == pytest.approx(flows["pupils"].sum(), abs=1e-5)


def test_three_rooms_beside_p3_seat_135_pupils_more():
    trial = try_seats(LAB, 3000.0, 0.0)
    assert (trial.unplaced_before, trial.unplaced_after) == (pytest.approx(165.0), pytest.approx(30.0))
    assert trial.pupils == pytest.approx(135.0)


def test_a_point_outside_changes_nothing():
    trial = try_seats(LAB, 9000.0, 0.0)
    assert trial.reason == "outside_county"
    assert trial.unplaced_after == trial.unplaced_before
    assert trial.relief.empty


def test_a_policy_a_trial_could_not_follow_is_refused():
    plan = run_plan(COUNTY, Scenario(name="n", last_year=2025))
    with pytest.raises(ValueError, match="capacity"):
        open_seat_lab(plan, stage="primary", year=2025, rooms=3)


# ---- by hand
def lab(*, rooms=(2, 2, 3), site_rooms=3, actions=(), places=None, children=None, townships=None, **policy):
    """Return a lab of primary seats in 2025 with so many rooms at a, at b (junior, primary) and at the site."""
    county = toy.county()
    ground = [(places or {}).get(name, point) for name, point in zip(county.places["place_id"], county.places.geometry,
                                                                     strict=True)]  # fmt: skip
    there = county.children
    for place_id, count in (children or {}).items():
        there = there.assign(children=there["children"].mask(there["place_id"] == place_id, count))
    county = replace(county, places=county.places.set_geometry(ground, crs=toy.CRS), children=there,
                     rooms=county.rooms.assign(rooms=list(rooms)))  # fmt: skip
    if townships is not None:
        county = replace(county, townships=townships)
    scenario = Scenario(name="s", last_year=2025, policy=Policy(assignment="capacity", **policy), actions=actions)
    base = PREPARED if not places and townships is None else prepare(county, load_norms())
    return open_seat_lab(run_plan(replace(base, county=county), scenario), stage="primary", year=2025, rooms=site_rooms)


@pytest.mark.parametrize(
    "policy",
    [
        {"assignment": "nearest"}, {"villages": "whole"}, {"together": (("p1", "p2"),)}, {"together_within_m": 100.0},
        {"boundary": "township"},
    ],
)  # fmt: skip
def test_a_lab_wants_seats_that_bind_and_villages_that_split_and_no_line(policy):
    scenario = Scenario(name="s", last_year=2025, policy=Policy(**{"assignment": "capacity"} | policy))
    with pytest.raises(ValueError, match="capacity"):
        open_seat_lab(replace(BASE, scenario=scenario), stage="primary", year=2025, rooms=3)


def test_seats_of_locked_pupils_and_of_riders_are_not_to_be_had():
    # a has 90 seats, b 135. The 60 pupils of p1 stay with a, or with the 30 of p4, who fill it.
    locked = lab(locks=(Lock(school_id="a", place_ids=("p1",)),))
    assert (locked.seats.tolist(), locked.before.unplaced.sum()) == ([30.0, 135.0], pytest.approx(165.0))
    full = lab(locks=(Lock(school_id="a", place_ids=("p1", "p4")),))
    assert (full.seats.tolist(), full.before.unplaced.sum()) == ([0.0, 135.0], pytest.approx(165.0))
    # p1 is 58 minutes from b on foot and 7 by bus: 20 ride.
    bus = RunBus(year=2024, school_id="b", place_ids=("p1",), grades=(1, 2, 3), seats=20)
    assert lab(actions=(bus,), within_limits=True).seats.tolist() == [90.0, 115.0]


def test_a_site_far_from_every_road_changes_nothing():
    # The county reaches 8 km north of its road; a way is sought 5 km around.
    ground = [box(west, -500, west + 2500, 8000) for west in (-500, 2000)]
    far = lab(townships=toy.county().townships.set_geometry(ground, crs=toy.CRS))
    trial = try_seats(far, 1000.0, 6000.0)
    assert (trial.reason, trial.pupils, trial.unplaced_after) == ("off_network", 0.0, trial.unplaced_before)


def test_a_site_in_the_first_stretch_of_road_is_on_it():
    assert try_seats(LAB, 200.0, 0.0).reason == ""


def test_a_site_among_seats_enough_relieves_whom_it_is_nearer_to():
    trial = try_seats(lab(rooms=(6, 3, 6)), 1000.0, 0.0)
    # The 120 pupils of p2 had 500 m to a: 60 of them walked 60 m a minute, 60 of them 66.7.
    assert trial.pupils == pytest.approx(120.0)
    assert trial.relief.values.tolist() == [["a", pytest.approx(180.0), pytest.approx(60.0), 270.0]]
    assert trial.pupil_minutes_before - trial.pupil_minutes_after == pytest.approx(60 * 500 / 60 + 60 * 7.5, abs=0.1)
    assert (trial.unplaced_before, trial.unplaced_after) == (0.0, 0.0)


def test_schools_are_told_by_how_many_pupils_they_are_relieved_of_half_a_pupil_too():
    # Between p2 with a tenth of a child a grade and p3 with 30; both have 1,300 m to their schools.
    between = lab(rooms=(6, 3, 6), site_rooms=7, places={"p2": Point(1800, 0), "p3": Point(2200, 0)},
                  children={"p2": 0.1})  # fmt: skip
    relief = try_seats(between, 2000.0, 0.0).relief
    assert relief["school_id"].tolist() == ["b", "a"]
    assert (relief["pupils_before"] - relief["pupils_after"]).tolist() == pytest.approx([180.0, 0.6])
    assert relief["seats"].tolist() == [270.0, 270.0]


def test_within_limits_a_site_seats_the_young_up_to_exactly_30_minutes():
    # a has 45 seats for the 90 pupils of grades 1-3 in p1 and p2, and b is too far for them.
    held = lab(rooms=(1, 2, 3), site_rooms=10, within_limits=True)
    # 1,800 m from p2 are 30 minutes at 60 m a minute, 1,830 m are 30.5.
    assert [try_seats(held, east_m, 0.0).unplaced_after for east_m in (2800.0, 2830.0)] == pytest.approx([0.0, 45.0])
    free = lab(rooms=(1, 2, 3), site_rooms=10)
    assert try_seats(free, 2830.0, 0.0).unplaced_after == pytest.approx(0.0)
