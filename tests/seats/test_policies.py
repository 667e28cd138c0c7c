"""The rules that give a school, on the toy county whose numbers fit in a head (tests/toy.py)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toy
from shapely import Point, box

from layoutplan.errors import DataError, ScenarioError
from layoutplan.norms import load_norms
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import CloseSchool, Scenario, dump_scenario, parse_scenario
from layoutplan.seats.settings import Lock, Policy
from layoutplan.seats.zones import check_zones, places_in_zones, zone_rates

NORMS = load_norms()
PREPARED = prepare(toy.county(), NORMS)
# Children of every grade: p1 10, p2 20, p3 30, p4 5. Rooms of 45: a 6 primary, b 6 primary and 3 junior.


def with_rooms(**rooms):
    """Return the toy county with these primary rooms."""
    county = toy.county()
    frame = county.rooms.copy()
    for school_id, count in rooms.items():
        frame.loc[(frame["school_id"] == school_id) & (frame["stage"] == "primary"), "rooms"] = count
    return replace(county, rooms=frame)


def plan(county, *actions, years=2, **policy):
    policy = {"assignment": "capacity"} | policy
    scenario = Scenario(name="s", last_year=2022 + years, policy=Policy(**policy), actions=actions)
    # Rooms and zones are no part of what is prepared.
    return run_plan(replace(PREPARED, county=county), scenario)


def given(result, grade, year=2022):
    flows = result.assignment.flows
    flows = flows[(flows["grade"] == grade) & (flows["year"] == year)]
    return {(row.place_id, row.school_id): row.pupils for row in flows.itertuples()}


def stage_total(result, stage="primary", year=2022):
    flows = result.assignment.flows.query("stage == @stage and year == @year")
    return flows.groupby(["place_id", "school_id"])["pupils"].sum().to_dict()


def conserved(result):
    total = pd.concat([result.assignment.flows, result.assignment.unplaced]).groupby(["year", "grade", "place_id"])
    demand = result.demand.frame.set_index(["year", "grade", "place_id"])["pupils"]
    sums = total["pupils"].sum().reindex(demand.index, fill_value=0.0)
    return np.allclose(sums, demand, rtol=1e-12, atol=1e-9)


def faults(error):
    return sorted((problem.code, problem.row, problem.field) for problem in error.value.problems)


def test_with_seats_for_all_nobody_is_sent_past_the_nearest_school():
    roomy = with_rooms(a=20, b=20)
    rooms = roomy.rooms.assign(rooms=20)
    result = plan(replace(roomy, rooms=rooms))
    near = plan(replace(roomy, rooms=rooms), assignment="nearest")
    keys = ["year", "grade", "place_id", "school_id"]
    pd.testing.assert_frame_equal(result.assignment.flows[keys], near.assignment.flows[keys])
    assert result.assignment.flows["pupils"].to_numpy() == pytest.approx(near.assignment.flows["pupils"].to_numpy())
    assert (result.assignment.prices["price"] == 0).all()
    assert conserved(result)


def test_who_lives_between_the_schools_gives_way_when_one_is_full():
    # b: 30 + 5 children in 6 grades are 210 pupils; 3 rooms are 135 seats. p3 has least to lose.
    result = plan(with_rooms(b=3))
    # The 135 seats of b go to p4 (30 pupils) and 105 of p3; 75 of p3 go the 2500 m to a, whose 270 seats suffice.
    # They are of grades 4-6, who walk faster: of grades 1-3 all 90 stay.
    total = stage_total(result)
    assert total[("p4", "b")] == pytest.approx(30.0)
    assert total[("p3", "b")] == pytest.approx(105.0)
    assert total[("p3", "a")] == pytest.approx(75.0)
    assert given(result, 1)[("p3", "b")] == pytest.approx(30.0)
    assert given(result, 4)[("p3", "a")] == pytest.approx(25.0)
    prices = result.assignment.prices.query("year == 2022 and stage == 'primary'").set_index("school_id")
    metres_a_minute = NORMS.value("speed.walk_kmh.grades_4_6") * 1000 / 60
    assert prices.loc["b", "price"] == pytest.approx(2000 / metres_a_minute, abs=1e-4)  # 2500 m to a, not 500 m to b
    assert prices.loc["a", "price"] == 0
    proof = result.assignment.proof.query("year == 2022 and stage == 'primary'").iloc[0]
    assert proof["pupil_minutes"] == pytest.approx(proof["least_minutes"])
    assert proof["split_places"] == 1
    assert conserved(result)


def test_whole_villages_move_together():
    result = plan(with_rooms(b=3), villages="whole")
    # Of each place grades 1-3 and grades 4-6 are one unit each: p3's are 90, p4's 15. b's 135 seats hold one
    # of p3's and both of p4's; the other, of the faster grades, goes to a.
    total = stage_total(result)
    assert total == {("p1", "a"): 60.0, ("p2", "a"): 120.0, ("p3", "a"): 90.0, ("p3", "b"): 90.0, ("p4", "b"): 30.0}
    assert result.assignment.proof["split_places"].max() == 0
    proof = result.assignment.proof.query("year == 2022 and stage == 'primary'").iloc[0]
    # Solved exactly, so nothing whole is shorter; split villages would be.
    assert proof["pupil_minutes"] == pytest.approx(proof["least_minutes"])
    split = plan(with_rooms(b=3)).assignment.proof.query("year == 2022 and stage == 'primary'").iloc[0]
    assert proof["pupil_minutes"] > split["pupil_minutes"]
    assert conserved(result)


def test_pupils_beyond_all_seats_are_counted_and_say_so():
    result = plan(with_rooms(a=2, b=2))  # 180 seats for 390 pupils
    left = result.assignment.unplaced.query("year == 2022 and stage == 'primary'")
    assert left["pupils"].sum() == pytest.approx(390 - 180)
    assert set(left["reason"]) == {"no_seat"}
    prices = result.assignment.prices.query("year == 2022 and stage == 'primary'")
    assert prices["places"].tolist() == [1, 1]
    # p4 is farthest from both; junior seats (150 for 195) run out as well.
    assert conserved(result)


def test_a_limit_of_minutes_leaves_the_far_without_a_seat_and_says_too_far():
    # p1 and p2 have 2500-3500 m to b: grades 7-9 are not held to a limit; grades 1-3 are, 30 min = 1800 m.
    result = plan(with_rooms(a=0), within_limits=True)
    left = result.assignment.unplaced.query("year == 2022")
    reasons = {(row.place_id, row.grade): row.reason for row in left.itertuples()}
    assert reasons[("p1", 1)] == "no_seat"  # a is open and near, but has no room
    closed = plan(toy.county(), CloseSchool(year=2023, school_id="a"), within_limits=True)
    reasons = {
        (row.place_id, row.grade): row.reason for row in closed.assignment.unplaced.query("year == 2023").itertuples()
    }
    assert reasons[("p1", 1)] == "too_far"
    assert reasons[("p1", 4)] == "no_seat"  # grades 4-6 may walk to b, which is full
    assert conserved(closed)


def test_a_township_line_is_not_crossed():
    result = plan(toy.county(), boundary="township")
    left = result.assignment.unplaced.query("year == 2022")
    assert set(left["place_id"]) == {"p1", "p2"}  # no junior school in t1
    assert set(left["stage"]) == {"junior"}
    assert set(left["reason"]) == {"boundary"}
    assert conserved(result)


def test_a_zone_line_is_not_crossed_and_who_lives_in_none_is_free():
    result = plan(with_zones([("z1", "b", "primary", box(-500, -500, 1500, 500))]), boundary="zone")
    total = stage_total(result)
    # p1 and p2 (180) may only go to b (270 seats); p3 and p4 (210) live in no zone and share b's rest and a.
    assert (total[("p1", "b")], total[("p2", "b")]) == pytest.approx((60.0, 120.0))
    assert total[("p4", "b")] + total[("p3", "b")] == pytest.approx(90.0)
    assert ("p1", "a") not in total
    assert conserved(result)


def test_locks_hold_and_the_others_get_what_is_left():
    result = plan(with_rooms(b=3), locks=(Lock(school_id="b", place_ids=("p2",), stage="primary"),))
    total = stage_total(result)
    assert total[("p2", "b")] == pytest.approx(120.0)  # of b's 135 seats
    assert total[("p4", "b")] == pytest.approx(15.0)  # the seats left; a has room for p1 and all but 15 of p3 and p4
    assert conserved(result)


@pytest.mark.parametrize("villages", ["split", "whole"])
def test_single_grades_are_sent_to_a_named_school_and_the_others_go_as_they_may(villages):
    sent = Lock(school_id="b", place_ids=("p2",), grades=(5, 6))
    result = plan(toy.county(), locks=(sent,), villages=villages)
    for grade in range(1, 7):
        assert given(result, grade)[("p2", "b" if grade >= 5 else "a")] == pytest.approx(20.0)
    # Of b's 270 seats the sent take 40, p3 and p4 210.
    assert stage_total(result)[("p2", "b")] == pytest.approx(40.0)
    assert conserved(result)


def test_two_locks_of_one_place_for_different_grades_do_not_clash():
    locks = (Lock(school_id="b", place_ids=("p1",), grades=(4,)), Lock(school_id="a", place_ids=("p1",), grades=(1, 2)))
    result = plan(toy.county(), locks=locks)
    assert (("p1", "b") in given(result, 4), ("p1", "a") in given(result, 1)) == (True, True)


def test_grades_locked_beyond_the_seats_are_named_with_numbers():
    with pytest.raises(ScenarioError) as error:
        plan(with_rooms(a=1), locks=(Lock(school_id="a", place_ids=("p3",), grades=(4, 5)),))
    assert "school a has 45 seats in 2022, but 60.0 pupils are locked to it (places p3)" in error.value.say("en")


def test_places_kept_together_go_the_same_way():
    result = plan(with_rooms(b=3), together=(("p3", "p4"),))
    for grade in (1, 4):
        way = given(result, grade)
        shares = {school: way.get(("p3", school), 0.0) / 30 for school in "ab"}
        assert {school: way.get(("p4", school), 0.0) / 5 for school in "ab"} == pytest.approx(shares)
    total = stage_total(result)
    assert total[("p3", "b")] + total[("p4", "b")] == pytest.approx(135)
    assert conserved(result)


@pytest.mark.parametrize("policy", [{}, {"villages": "whole"}, {"boundary": "township"}])
def test_rows_in_another_order_change_nothing(policy):
    county = with_rooms(a=2, b=3)
    turned = {
        name: getattr(county, name).iloc[::-1].reset_index(drop=True)
        for name in ("roads", "classes", "rooms", "children", "births")
    }
    one, other = plan(county, **policy), plan(replace(county, **turned), **policy)
    for part in ("flows", "unplaced", "prices", "proof"):
        pd.testing.assert_frame_equal(getattr(one.assignment, part), getattr(other.assignment, part))


def test_places_that_lie_close_are_kept_together_and_a_step_shorter_parts_them():
    # p3 and p4 are 1100 m apart by road, p1 and p2 1000 m; the step between the pairs is 2000 m.
    result = plan(with_rooms(b=3), together_within_m=1150.0)
    named = plan(with_rooms(b=3), together=(("p3", "p4"), ("p1", "p2")))
    pd.testing.assert_frame_equal(result.assignment.flows, named.assignment.flows)
    apart = plan(with_rooms(b=3), together_within_m=900.0)
    pd.testing.assert_frame_equal(apart.assignment.flows, plan(with_rooms(b=3)).assignment.flows)


def test_settlements_are_not_joined_across_the_boundary_and_locked_places_stand_alone():
    whole = plan(toy.county(), together_within_m=2500.0, boundary="township")
    parted = plan(toy.county(), together=(("p1", "p2"), ("p3", "p4")), boundary="township")
    pd.testing.assert_frame_equal(whole.assignment.flows, parted.assignment.flows)
    held = plan(toy.county(), together_within_m=1050.0, locks=(Lock(school_id="b", place_ids=("p1",)),))
    assert set(given(held, 1)) >= {("p1", "b"), ("p2", "a")}
    # A lock of a single grade does so in all grades.
    first = plan(toy.county(), together_within_m=1050.0, locks=(Lock(school_id="b", place_ids=("p1",), grades=(1,)),))
    assert set(given(first, 1)) >= {("p1", "b"), ("p2", "a")}
    assert set(given(first, 2)) >= {("p1", "a"), ("p2", "a")}


def test_a_catchment_hangs_together_though_an_exclave_would_be_shorter():
    """b's 180 seats hold p3. Free, p4's 30 go 3000 m farther to a, past p3; else 90 of p3 go 2000 m farther."""
    free = stage_total(plan(with_rooms(b=4), villages="whole"))
    assert (free[("p3", "b")], free[("p4", "a")]) == (180.0, 30.0)
    held = plan(with_rooms(b=4), villages="whole", contiguous=True)
    total = stage_total(held)
    assert (total[("p3", "a")], total[("p3", "b")], total[("p4", "b")]) == (90.0, 90.0, 30.0)
    assert given(held, 4)[("p3", "a")] == 30.0
    assert conserved(held)


def test_a_lock_beyond_places_locked_elsewhere_cannot_hang_together_and_is_named():
    locks = (Lock(school_id="a", place_ids=("p4",), stage="primary"), Lock(school_id="b", place_ids=("p3",)))
    assert conserved(plan(toy.county(), locks=locks, villages="whole"))
    with pytest.raises(ScenarioError) as error:
        plan(toy.county(), locks=locks, villages="whole", contiguous=True)
    assert faults(error) == [("lock_cut_off", "locks", "primary")]
    said = error.value.say("en")
    assert "p3, which may not go to school a, lie between it and p4" in said
    assert "lock one of p3 to it as well" in said


ONE = Lock(school_id="a", place_ids=("p1",))


@pytest.mark.parametrize(
    ("policy", "actions", "expected"),
    [
        ({"assignment": "nearest", "villages": "whole"}, (), [("policy_idle", "", "villages")]),
        ({"assignment": "zoned", "locks": (ONE,)}, (), [("policy_idle", "", "locks")]),
        ({"unzoned": "nearest"}, (), [("policy_idle", "", "unzoned")]),
        ({"shared_zones": "lot"}, (), [("policy_idle", "", "shared_zones")]),
        ({"contiguous": True}, (), [("policy_idle", "", "contiguous")]),
        ({"assignment": "nearest", "together_within_m": 500.0}, (), [("policy_idle", "", "together_within_m")]),
        (
            {"together_within_m": 2500.0, "within_limits": True}, (),
            [("together_apart", "together_within_m", "")],
        ),
        (
            {"locks": (Lock(school_id="x", place_ids=("p1", "p9")),)}, (),
            [("place_unknown", "locks[1]", "place_ids"), ("school_unknown", "locks[1]", "school_id")],
        ),
        (
            {"locks": (Lock(school_id="a", place_ids=("p1",)),)}, (CloseSchool(year=2023, school_id="a"),),
            [("lock_closed", "locks[1]", "school_id")],
        ),
        (
            {"locks": (Lock(school_id="a", place_ids=("p1",), stage="junior"),)}, (),
            [("lock_not_taught", "locks[1]", "school_id")],
        ),
        (
            {"locks": (ONE, Lock(school_id="b", place_ids=("p1",), stage="primary"))}, (),
            [("lock_twice", "locks[2]", "place_ids")],
        ),
        (
            {"locks": (Lock(school_id="b", place_ids=("p1",)),), "within_limits": True}, (),
            [("lock_too_far", "locks[1]", "place_ids")],
        ),
        (
            {"locks": (Lock(school_id="b", place_ids=("p1",)),), "boundary": "township"}, (),
            [("lock_boundary", "locks[1]", "place_ids")],
        ),
        (
            {"locks": (Lock(school_id="a", place_ids=("p1", "p2", "p3")),)}, (),
            [("lock_over_seats", "locks", "primary")],
        ),
        (
            {"locks": (Lock(school_id="a", place_ids=("p1",), grades=(4, 7)),)}, (),
            [("lock_not_taught", "locks[1]", "school_id")],
        ),
        (
            {"locks": (Lock(school_id="b", place_ids=("p1",), stage="primary", grades=(7, 8)),)}, (),
            [("lock_grades", "locks[1]", "grades")],
        ),
        (
            {"locks": (ONE, Lock(school_id="b", place_ids=("p1",), grades=(4, 5)))}, (),
            [("lock_twice", "locks[2]", "place_ids")],
        ),
        ({"together": (("p1", "p2"), ("p2", "p3"))}, (), [("together_twice", "together[2]", "")]),
        (
            {"together": (("p1", "p4"),), "boundary": "township"}, (), [("together_apart", "together[1]", "")],
        ),
    ],
)  # fmt: skip
def test_contradictions_are_named_with_their_ids(policy, actions, expected):
    with pytest.raises(ScenarioError) as error:
        plan(toy.county(), *actions, **policy)
    assert faults(error) == expected


def test_locked_pupils_beyond_the_seats_are_named_with_numbers():
    with pytest.raises(ScenarioError) as error:
        plan(toy.county(), locks=(Lock(school_id="a", place_ids=("p1", "p2", "p3")),))
    said = error.value.say("en")
    assert "school a has 270 seats in 2022, but 360.0 pupils are locked to it (places p1, p2, p3)" in said
    assert "270" in error.value.say("zh")


def test_a_lock_beyond_the_limit_says_how_far_and_one_without_a_way_says_so():
    with pytest.raises(ScenarioError) as error:
        plan(toy.county(), locks=(Lock(school_id="b", place_ids=("p1", "p2")),), within_limits=True)
    # b at 3500: 58.3 minutes from 0 and 41.7 from 1000, of 30.
    assert "place p1 takes 58.3 min to school b, limit 30 min" in error.value.say("en")
    assert "place p2 takes 41.7 min to school b, limit 30 min" in error.value.say("en")
    assert {problem.code for problem in error.value.problems} == {"lock_too_far"}
    places = toy.places()
    places.loc[places["place_id"] == "p4", "geometry"] = Point(90_000, 0)
    policy = Policy(assignment="capacity", locks=(Lock(school_id="a", place_ids=("p1", "p4"), stage="primary"),))
    with pytest.raises(ScenarioError) as error:
        run_plan(prepare(replace(toy.county(), places=places), NORMS), Scenario(name="s", policy=policy))
    (problem,) = error.value.problems
    assert (problem.code, problem.values["place_id"], problem.values["minutes"]) == ("lock_unreachable", "p4", "-")


def with_zones(rows):
    frame = toy.geo([{"zone_id": z, "school_id": s, "stage": t} for z, s, t, _ in rows], [row[3] for row in rows])
    return replace(toy.county(), zones=frame)


WEST, EAST = box(-500, -500, 2500, 500), box(2500, -500, 4500, 500)
FULL = [("z1", "a", "primary", WEST), ("z2", "b", "primary", EAST), ("z3", "b", "junior", box(-500, -500, 4500, 500))]


def test_zones_give_their_school_even_where_another_is_nearer():
    rows = [("z1", "b", "primary", WEST), ("z2", "a", "primary", EAST), FULL[2]]
    result = plan(with_zones(rows), assignment="zoned")
    assert set(given(result, 1)) == {("p1", "b"), ("p2", "b"), ("p3", "a"), ("p4", "a")}
    assert conserved(result)
    near = plan(with_zones(rows), assignment="nearest")
    rates = zone_rates(result.assignment, result.prepared.county, result.roster, nearest=near.assignment)
    rates = rates.query("year == 2022").set_index("stage")
    # Only b stands in a town: its 180 primary pupils live in its zone, none at the nearest school.
    assert rates.loc["primary", ["pupils", "in_zone", "at_nearest"]].tolist() == [180.0, 1.0, 0.0]
    assert rates.loc["junior", ["pupils", "in_zone", "at_nearest"]].tolist() == [195.0, 1.0, 1.0]


def test_where_the_zone_s_school_is_closed_the_nearest_one_takes_over():
    result = plan(with_zones(FULL), CloseSchool(year=2023, school_id="a"), assignment="zoned")
    assert set(given(result, 1, 2022)) == {("p1", "a"), ("p2", "a"), ("p3", "b"), ("p4", "b")}
    assert set(given(result, 1, 2023)) == {("p1", "b"), ("p2", "b"), ("p3", "b"), ("p4", "b")}


def test_zones_that_overlap_or_leave_places_out_are_named_with_ids():
    rows = [("z1", "a", "primary", box(-500, -500, 3200, 500)), ("z2", "b", "primary", box(2900, -500, 3500, 500))]
    with pytest.raises(DataError) as error:
        plan(with_zones(rows), assignment="zoned")
    assert faults(error) == [
        ("zone_gap", "p4", "primary"), ("zone_overlap", "z1", "geometry"), ("zones_none", "", "junior"),
    ]  # fmt: skip
    assert "overlaps zone z2 by 300000 m2; places in both: p3" in error.value.say("en")
    assert [problem.code for problem in check_zones(with_zones(rows), must_cover=False)] == ["zone_overlap"]


def with_shared(rooms, rows):
    county = with_zones([row[:4] for row in rows])
    return replace(
        county, zones=county.zones.assign(shared_group=[row[4] for row in rows]), rooms=with_rooms(**rooms).rooms
    )


ALL = box(-500, -500, 4500, 500)
SHARED = [("z1", "a", "primary", ALL, "g"), ("z2", "b", "primary", ALL, "g"), ("z3", "b", "junior", ALL, None)]


def test_declared_shared_ground_is_given_by_the_nearest_seats_left():
    result = plan(with_shared({"b": 3}, SHARED), assignment="zoned")
    total = stage_total(result)
    # As under the rule of seats: b's 135 hold p4 and 105 of p3.
    assert (total[("p3", "b")], total[("p3", "a")], total[("p4", "b")]) == pytest.approx((105.0, 75.0, 30.0))
    assert conserved(result)
    # Zones promise a school to everybody: whoever finds no seat goes to the nearest school of the zone.
    short = plan(with_shared({"a": 2, "b": 2}, SHARED), assignment="zoned")
    assert short.assignment.unplaced.empty
    assert conserved(short)
    whole = stage_total(short)
    assert sum(pupils for (_, school), pupils in whole.items() if school == "a") == pytest.approx(180.0)


def test_declared_shared_ground_is_given_by_lot_in_shares_of_the_seats_left():
    result = plan(with_shared({"b": 3}, SHARED), assignment="zoned", shared_zones="lot")
    total = stage_total(result)
    # 270 and 135 seats: two thirds of every place and grade, and one third.
    for place, pupils in (("p1", 60.0), ("p2", 120.0), ("p3", 180.0), ("p4", 30.0)):
        assert (total[(place, "a")], total[(place, "b")]) == pytest.approx((pupils * 2 / 3, pupils / 3))
    assert given(result, 7) == {("p1", "b"): 10.0, ("p2", "b"): 20.0, ("p3", "b"): 30.0, ("p4", "b"): 5.0}
    assert conserved(result)


def test_only_the_ground_in_common_is_shared_and_own_pupils_come_first():
    # p1 and p2 (180) live in a's zone alone, p4 (30) in b's; p3 (180) in both: 90 and 105 seats are left.
    rows = [
        ("z1", "a", "primary", box(-500, -500, 3200, 500), "g"),
        ("z2", "b", "primary", box(2500, -500, 4500, 500), "g"),
        SHARED[2],
    ]  # fmt: skip
    total = stage_total(plan(with_shared({"b": 3}, rows), assignment="zoned", shared_zones="lot"))
    assert (total[("p3", "a")], total[("p3", "b")]) == pytest.approx((180 * 90 / 195, 180 * 105 / 195))
    assert (total[("p1", "a")], total[("p2", "a")], total[("p4", "b")]) == (60.0, 120.0, 30.0)


def test_overlaps_that_nobody_declared_stay_a_fault():
    undeclared = [(*row[:4], None if row[0] == "z2" else row[4]) for row in SHARED]
    with pytest.raises(DataError) as error:
        plan(with_shared({}, undeclared), assignment="zoned")
    assert faults(error) == [("zone_overlap", "z1", "geometry")]
    assert "shared_group" in error.value.say("zh")


def test_places_outside_every_zone_go_to_the_nearest_school_if_the_policy_says_so():
    rows = [("z1", "b", "primary", box(-500, -500, 500, 500))]
    result = plan(with_zones(rows), assignment="zoned", unzoned="nearest")
    assert set(given(result, 1)) == {("p1", "b"), ("p2", "a"), ("p3", "b"), ("p4", "b")}


def test_a_sliver_between_hand_drawn_zones_is_no_fault():
    rows = [FULL[2], ("z1", "a", "primary", WEST), ("z2", "b", "primary", box(2499.9, -500, 4500, 500))]
    assert check_zones(with_zones(rows)) == []
    assert places_in_zones(with_zones(rows), "primary")["zone_id"].tolist() == ["z1", "z1", "z2", "z2"]


def test_a_policy_survives_its_file():
    policy = Policy(
        assignment="capacity", villages="whole", within_limits=True, boundary="zone", together=(("p1", "p2"),),
        locks=(Lock(school_id="a", place_ids=("p1",), stage="primary", grades=(4, 5)),),
    )  # fmt: skip
    scenario = Scenario(name="s", policy=policy)
    assert parse_scenario(dump_scenario(scenario), source="s.toml") == scenario
