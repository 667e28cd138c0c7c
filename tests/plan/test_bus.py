"""Bus runs by hand: seats, minutes at capped speeds, limits, and places no bus can reach."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import toy

from layoutplan.norms import load_norms
from layoutplan.plan.bus import bus_norms, bus_runs, minutes_between, plan_buses, ways_in
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import Scenario
from layoutplan.seats.settings import Policy

NORMS = load_norms()
WAYS = toy.ways_of({("p1", "b"): 31.0, ("p2", "b"): 20.0, ("p3", "c"): 5.0})
FAR = pd.DataFrame(
    [("p1", "b", "grades_1_3", 10.0), ("p2", "b", "grades_4_6", 60.0), ("p3", "b", "grades_1_3", 5.0)],
    columns=["place_id", "school_id", "group", "pupils"],
)


@pytest.mark.parametrize(("pupils", "runs"), [(0.0, 0), (0.5, 1), (56.0, 1), (56.5, 2), (112.0, 2), (113.0, 3)])
def test_runs_are_filled_to_the_seats_of_a_bus(pupils, runs):
    assert bus_runs(pupils, seats=NORMS.value("bus.seats_max")) == runs


def test_the_seats_of_a_bus_are_56_and_not_verified():
    norm = bus_norms(NORMS)["bus.seats_max"]
    assert (norm.value, norm.verified) == (56, False)


def test_runs_by_hand():
    run = plan_buses(FAR, WAYS, norms=NORMS).runs.iloc[0]
    assert (run["school_id"], run["pupils"], run["unreached"], run["runs"], run["seats"]) == ("b", 70.0, 5.0, 2, 70)
    assert run["minutes_mean"] == pytest.approx((10 * 31 + 60 * 20) / 70)
    assert (run["minutes_longest"], run["round_trip_minutes"], run["meets_limit"]) == (31.0, 62.0, False)


def test_each_group_is_held_to_its_own_limit():
    young, older = plan_buses(FAR, WAYS, norms=NORMS).rides.to_dict("records")
    assert (young["group"], young["limit"], young["verified"], young["over_limit"]) == ("grades_1_3", 30.0, True, 10.0)
    assert (older["group"], older["limit"], older["verified"], older["over_limit"]) == ("grades_4_6", 40.0, False, 0.0)
    assert (young["meets_limit"], older["meets_limit"]) == (False, True)


def test_who_cannot_be_driven_is_counted_and_has_no_minutes():
    buses = plan_buses(FAR[FAR["place_id"] == "p3"], WAYS, norms=NORMS)
    run, ride = buses.runs.iloc[0], buses.rides.iloc[0]
    assert (run["pupils"], run["unreached"], run["runs"], run["seats"]) == (0.0, 5.0, 0, 0)
    assert np.isnan(run["minutes_longest"])
    assert np.isnan(run["round_trip_minutes"])
    assert not ride["meets_limit"]


def test_nobody_far_needs_no_bus():
    buses = plan_buses(FAR.iloc[:0], WAYS, norms=NORMS)
    assert buses.runs.empty
    assert buses.rides.empty


def test_law_7_the_order_of_rows_does_not_matter():
    once, again = plan_buses(FAR, WAYS, norms=NORMS), plan_buses(FAR.iloc[::-1], WAYS, norms=NORMS)
    pd.testing.assert_frame_equal(once.runs, again.runs)
    pd.testing.assert_frame_equal(once.rides, again.rides)


def test_minutes_of_a_pair_without_a_way_or_school_are_missing():
    minutes = minutes_between(WAYS, pd.Series(["p1", "p1", "p2"]), pd.Series(["b", "c", None]))
    np.testing.assert_array_equal(minutes, [31.0, np.nan, np.nan])


# 3,500 m from p1 to b. A stated 100 km/h is cut to 60. In snow 60 km/h become 36, and the cap for ice makes them 20.
@pytest.mark.parametrize(("season", "kmh", "minutes"), [("dry", 30.0, 7.0), ("dry", 100.0, 3.5), ("snow", 60.0, 10.5)])
def test_speeds_of_the_bus_are_capped(season, kmh, minutes):
    county = toy.county(roads=toy.roads().assign(drive_kmh=kmh))
    scenario = Scenario(name="toy", last_year=2023, policy=Policy(season=season))
    drive = ways_in(run_plan(prepare(county, NORMS), scenario), "drive")
    assert drive.mode == "drive"
    assert minutes_between(drive, pd.Series(["p1"]), pd.Series(["b"]))[0] == pytest.approx(minutes, abs=1e-3)


def plan(*far, minutes=None):
    """Return the buses for pupils (place, school, group, number) over ways of so many minutes."""
    ways = toy.ways_of(minutes or {("p1", "b"): 31.0, ("p2", "b"): 20.0, ("p3", "c"): 5.0})
    return plan_buses(pd.DataFrame(far, columns=[*FAR.columns]), ways, norms=NORMS)


def test_a_ride_of_exactly_the_limit_is_within_it_and_a_hair_more_is_not():
    for minutes, over in ((30.0, 0.0), (30.0000001, 10.0)):
        (ride,) = plan(("p1", "b", "grades_1_3", 10.0), minutes={("p1", "b"): minutes}).rides.to_dict("records")
        assert (ride["over_limit"], ride["meets_limit"]) == (over, over == 0)


@pytest.mark.parametrize(
    ("far", "met"),
    [
        ([("p2", "b", "grades_1_3", 10.0)], True),
        ([("p1", "b", "grades_1_3", 1.0)], False),  # 31 minutes
        ([("p1", "b", "grades_1_3", 0.5)], False),
        ([("p3", "b", "grades_1_3", 1.0)], False),  # no way
        ([("p2", "b", "grades_1_3", 10.0), ("p3", "b", "grades_1_3", 0.5)], False),
        ([("p1", "b", "grades_1_3", 1.0), ("p2", "b", "grades_7_9", 9.0)], False),
    ],
)
def test_a_school_keeps_the_limit_if_every_group_does_and_nobody_is_left(far, met):
    (run,) = plan(*far).runs.to_dict("records")
    assert run["meets_limit"] is met


def test_schools_and_groups_are_told_in_order_each_with_its_own_pupils():
    buses = plan(
        ("p3", "c", "grades_7_9", 2.0), ("p3", "c", "grades_1_3", 1.0), ("p2", "b", "grades_4_6", 60.0),
        ("p1", "b", "grades_4_6", 4.0),
    )  # fmt: skip
    assert buses.runs[
        ["school_id", "pupils", "runs", "seats", "minutes_longest", "round_trip_minutes"]
    ].values.tolist() == [
        ["b", 64.0, 2, 64, 31.0, 62.0],
        ["c", 3.0, 1, 3, 5.0, 10.0],
    ]
    assert buses.rides[["school_id", "group", "pupils"]].values.tolist() == [
        ["b", "grades_4_6", 64.0], ["c", "grades_1_3", 1.0], ["c", "grades_7_9", 2.0],
    ]  # fmt: skip


def test_half_a_pupil_rides_and_takes_a_whole_seat():
    (run,) = plan(("p2", "b", "grades_4_6", 0.5)).runs.to_dict("records")
    assert (run["pupils"], run["seats"], run["runs"], run["minutes_mean"]) == (0.5, 1, 1, 20.0)


def test_what_a_sum_leaves_over_takes_no_seat_and_no_run():
    # Two pupils, or a bus of 56, and what adding floats may leave.
    (run,) = plan(("p2", "b", "grades_4_6", 2.0 + 1e-12)).runs.to_dict("records")
    assert run["seats"] == 2
    assert (bus_runs(56 + 1e-12, seats=56), bus_runs(56.001, seats=56)) == (1, 2)


def test_who_can_be_driven_has_minutes_though_others_cannot():
    (ride,) = plan(("p2", "b", "grades_1_3", 3.0), ("p3", "b", "grades_1_3", 1.0)).rides.to_dict("records")
    assert (ride["pupils"], ride["unreached"], ride["minutes_mean"], ride["minutes_longest"]) == (3.0, 1.0, 20.0, 20.0)


def test_each_place_has_its_own_ways_to_several_schools():
    ways = toy.ways_of({("p1", "a"): 1.0, ("p1", "b"): 2.0, ("p2", "a"): 3.0, ("p3", "b"): 4.0})
    pairs = [("p1", "a"), ("p1", "b"), ("p2", "a"), ("p2", "b"), ("p3", "a"), ("p3", "b")]
    places, schools = (pd.Series(ids) for ids in zip(*pairs, strict=True))
    np.testing.assert_array_equal(minutes_between(ways, places, schools), [1.0, 2.0, 3.0, np.nan, np.nan, 4.0])
    np.testing.assert_array_equal(minutes_between(ways, places[2:3], schools[2:3]), [3.0])
