"""What is told of seats given by the optimum: prices, proof, ways and reasons, on the toy county (tests/toy.py)."""

from __future__ import annotations

from dataclasses import replace

import pytest
import toy
from shapely import box

from layoutplan.errors import ScenarioError
from layoutplan.norms import load_norms
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import AddRooms, CloseSchool, Scenario
from layoutplan.seats.settings import Lock, Policy

NORMS = load_norms()
PREPARED = prepare(toy.county(), NORMS)


def plan(*actions, a=6, b=6, county=None, **policy):
    """Return the assignment of the toy county with these primary rooms of 45 seats."""
    county = county or toy.county()
    rooms = county.rooms.assign(rooms=[a, 3, b])
    scenario = Scenario(name="s", last_year=2024, policy=Policy(assignment="capacity", **policy), actions=actions)
    return run_plan(replace(PREPARED, county=replace(county, rooms=rooms)), scenario).assignment


def of(frame, year=2022, stage="primary"):
    return frame[(frame["year"] == year) & (frame["stage"] == stage)]


ALL = ("p1", "p2", "p3", "p4")


def test_an_open_school_without_a_pupil_has_a_price_and_a_closed_one_none():
    # All 390 pupils are locked to b, which has 405 seats; a is open and empty, then closed.
    found = plan(
        CloseSchool(year=2023, school_id="a"), b=9, locks=(Lock(school_id="b", place_ids=ALL, stage="primary"),)
    )
    prices = of(found.prices).set_index("school_id")[["seats", "pupils", "price", "places"]]
    assert prices.loc["a"].tolist() == [270.0, 0.0, 0.0, 0.0]
    assert prices.loc["b"].tolist() == pytest.approx([405.0, 390.0, 0.0, 0.0])
    assert of(found.prices, 2023)["school_id"].tolist() == ["b"]


def test_ways_of_flows_are_told_in_metres_and_minutes_of_their_grades():
    flows = of(plan().flows).set_index(["place_id", "grade"])
    for place, metres in (("p1", 500), ("p2", 500), ("p3", 500)):
        for grade, group in ((1, "grades_1_3"), (6, "grades_4_6")):
            row = flows.loc[(place, grade)]
            assert row["metres"] == pytest.approx(metres)
            assert row["minutes"] == pytest.approx(metres / (NORMS.value(f"speed.walk_kmh.{group}") * 1000 / 60))


def test_a_lock_that_takes_the_last_seat_is_none_too_many_and_leaves_no_seat_to_others():
    # p3's 180 fill the 4 rooms of a; p1 and p2 go to b, whose 270 seats hold 60 + 120 + 30.
    found = plan(a=4, locks=(Lock(school_id="a", place_ids=("p3",), stage="primary"),))
    total = of(found.flows).groupby(["place_id", "school_id"])["pupils"].sum().to_dict()
    assert total == pytest.approx({("p1", "b"): 60, ("p2", "b"): 120, ("p3", "a"): 180, ("p4", "b"): 30})
    assert of(found.unplaced).empty


def test_of_locks_beyond_the_seats_the_worst_year_is_named():
    # p3's 180 against 135 seats at first, and 180 from 2023 on: the fault is of 2022 alone.
    lock = Lock(school_id="a", place_ids=("p3",), stage="primary")
    with pytest.raises(ScenarioError) as error:
        plan(AddRooms(year=2023, school_id="a", stage="primary", rooms=1), a=3, locks=(lock,))
    (problem,) = error.value.problems
    assert {key: problem.values[key] for key in ("school_id", "year", "seats", "pupils", "places")} == {
        "school_id": "a", "year": 2022, "seats": "135", "pupils": "180.0", "places": "p3",
    }  # fmt: skip


def test_whole_villages_tell_how_many_more_go_without_than_need_be():
    # Only p3 (two halves of 90) and p4 (15 each) may go to b: split they fill its 135 seats, whole 90 + 15 + 15.
    found = plan(a=0, b=3, villages="whole", boundary="township")
    proof = of(found.proof).iloc[0]
    assert (proof["unplaced"], proof["least_unplaced"]) == pytest.approx((390 - 120, 390 - 135))
    assert proof["split_places"] == 0
    assert 0 < proof["least_minutes"] <= proof["pupil_minutes"]
    flows = of(found.flows)
    assert proof["pupil_minutes"] == pytest.approx((flows["pupils"] * flows["minutes"]).sum())
    assert flows.groupby("place_id")["pupils"].sum().to_dict() == pytest.approx({"p3": 90.0, "p4": 30.0})
    assert of(found.unplaced).groupby("place_id")["pupils"].sum().to_dict() == pytest.approx(
        {"p1": 60.0, "p2": 120.0, "p3": 90.0}
    )


def test_who_may_go_nowhere_is_told_what_bars_the_nearest_school():
    # p1 and p2 lie in b's zone: a, the nearest, is across the line; b is 58 and 42 minutes off for grades 1-3.
    zones = toy.geo([{"zone_id": "z", "school_id": "b", "stage": "primary"}], [box(-500, -500, 1500, 500)])
    found = plan(county=replace(toy.county(), zones=zones), boundary="zone", within_limits=True)
    left = {(row.place_id, row.grade): (row.pupils, row.reason) for row in of(found.unplaced).itertuples()}
    pupils = {"p1": 10.0, "p2": 20.0}
    assert left == {(place, grade): (pupils[place], "boundary") for place in pupils for grade in (1, 2, 3)}


def test_a_place_without_children_is_in_no_row():
    county = toy.county()
    children = county.children.copy()
    children.loc[children["place_id"] == "p4", "children"] = 0.0
    found = plan(a=2, b=2, county=replace(county, children=children))
    # 360 pupils for 180 seats.
    assert of(found.unplaced)["pupils"].sum() == pytest.approx(180)
    for frame in (of(found.flows), of(found.unplaced)):
        assert set(frame["place_id"]) <= {"p1", "p2", "p3"}
        assert (frame["pupils"] > 0).all()
