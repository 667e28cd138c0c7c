from __future__ import annotations

from dataclasses import replace

import network_oracle as oracle
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from network_oracle import NORMS, points, roads

from layoutplan.access.kernels import UNREACHED
from layoutplan.access.network import MODES, build_network, snap_points
from layoutplan.access.travel import (
    Travel,
    add_places,
    add_school,
    costs_to_point,
    measure_travel,
    nearest_open,
    travel_frame,
    within,
)

# The toy: a main road west-east with a side road north from its middle, in metres.
#
#                  4 (600, 300)
#                  |
#    0 ----- 1 ----2---------- 3
#  (0,0)  (200,0) (600,0)   (1000,0)
#
# Schools a at (200, 0), on node 1, and b at (600, 310), 10 m beyond the end of the side road.
MAIN = [[(0, 0), (200, 0)], [(200, 0), (600, 0)], [(600, 0), (1000, 0)], [(600, 0), (600, 300)]]
SCHOOLS = points(a=(200, 0), b=(600, 310))
# p1 stands on node 0; p2 at 500 m, 20 m off the road; p3 at 900 m; p4 on the side road, 100 m up.
PLACES = points(p1=(0, 0), p2=(500, -20), p3=(900, 0), p4=(600, 100))


def measure(network, places, schools, mode="walk") -> Travel:
    snapped = [snap_points(network, where, mode=mode, norms=NORMS) for where in (places, schools)]
    return measure_travel(network, *snapped, mode=mode, norms=NORMS)


def pairs(travel: Travel) -> dict[str, list[tuple[str, int]]]:
    ends = zip(travel.start[:-1], travel.start[1:], strict=True)
    return {
        place: [(travel.school_ids[travel.school[pair]], int(travel.cost[pair])) for pair in range(begin, end)]
        for place, (begin, end) in zip(travel.place_ids, ends, strict=True)
    }


def equal(left: Travel, right: Travel) -> bool:
    arrays = ["start", "school", "cost", "length_mm", "minutes"]
    return (
        (left.mode, left.place_ids, left.school_ids, left.unreached)
        == (right.mode, right.place_ids, right.school_ids, right.unreached)
    ) and all(np.array_equal(getattr(left, name), getattr(right, name)) for name in arrays)


def test_the_toy_by_hand():
    network = build_network(roads(MAIN), norms=NORMS)
    assert pairs(measure(network, PLACES, SCHOOLS)) == {
        "p1": [("a", 200_000), ("b", 600_000 + 300_000 + 10_000)],
        "p2": [("a", 20_000 + 300_000), ("b", 20_000 + 100_000 + 300_000 + 10_000)],
        "p3": [("b", 300_000 + 300_000 + 10_000), ("a", 700_000)],
        "p4": [("b", 200_000 + 10_000), ("a", 100_000 + 400_000)],
    }


def test_the_toy_driven():
    network = build_network(roads(MAIN, drive_kmh=36.0), norms=NORMS)
    travel = measure(network, PLACES, SCHOOLS, "drive")
    # 36 km/h is 10 mm a ms; the gaps, 20 m and 10 m, are walked at 3.6 km/h, 1 mm a ms.
    assert pairs(travel)["p2"] == [("a", 20_000 + 30_000), ("b", 20_000 + 40_000 + 10_000)]
    assert travel.length_mm[travel.start[1] : travel.start[2]].tolist() == [320_000, 430_000]
    assert travel.minutes[travel.start[1]] == pytest.approx(50 / 60)


def test_minutes_walked_are_metres_by_the_speed_of_the_norm():
    network = build_network(roads(MAIN), norms=NORMS)
    frame = travel_frame(measure(network, PLACES, SCHOOLS))
    first = frame.iloc[0]
    # 200 m at 3.6 km/h, 60 m a minute
    assert (first["place_id"], first["school_id"], first["metres"]) == ("p1", "a", 200.0)
    assert first["minutes"] == pytest.approx(200 / 60)
    assert list(frame.columns) == ["place_id", "school_id", "minutes", "metres"]
    assert len(frame) == 8


def test_a_place_at_its_school_has_only_the_gaps_to_walk():
    network = build_network(roads(MAIN), norms=NORMS)
    at_gate = points(on=(200, 0), off=(600, 310))
    assert [pairs(measure(network, at_gate, SCHOOLS))[place][0] for place in ("on", "off")] == [("a", 0), ("b", 20_000)]


def test_place_and_school_on_one_edge_go_straight():
    network = build_network(roads([[(0, 0), (1000, 0)]]), norms=NORMS)
    assert pairs(measure(network, points(p=(300, 0)), points(s=(800, 0)))) == {"p": [("s", 500_000)]}


def test_on_a_one_way_edge_vehicles_go_round_where_walkers_turn_back():
    # South side one way eastwards, back over the north: 100 + 300 + 100 m.
    lines = [[(0, 0), (300, 0)], [(0, 0), (0, 100), (300, 100), (300, 0)]]
    network = build_network(roads(lines, oneway=[True, False], drive_kmh=36.0), norms=NORMS)
    home, school = points(p=(200, 0)), points(s=(150, 0))
    assert pairs(measure(network, home, school)) == {"p": [("s", 50_000)]}
    # East 100 m, round 500 m, then 150 m: 750 m at 10 mm a ms.
    driven = measure(network, home, school, "drive")
    assert pairs(driven) == {"p": [("s", 75_000)]}
    assert driven.length_mm.tolist() == [750_000]


def test_the_way_is_from_home_to_school():
    network = build_network(roads([[(0, 0), (100, 0)], [(100, 0), (200, 0)]], oneway=True), norms=NORMS)
    west, east = points(w=(10, 0)), points(e=(190, 0))
    assert pairs(measure(network, west, east, "drive"))["w"]
    back = measure(network, east, west, "drive")
    assert pairs(back) == {"e": []}
    assert back.unreached == {"e": "one_way"}


def test_ties_go_to_the_smaller_id():
    network = build_network(roads([[(0, 0), (1000, 0)]]), norms=NORMS)
    assert pairs(measure(network, points(p=(500, 0)), points(z=(400, 0), b=(600, 0)))) == {
        "p": [("b", 100_000), ("z", 100_000)]
    }


def test_whoever_reaches_no_school_has_a_reason():
    lines = [[(0, 0), (100, 0)], [(0, 500), (100, 500)]]
    network = build_network(roads(lines), norms=NORMS)
    travel = measure(network, points(far=(0, 20_000), near=(50, 0), over=(50, 500)), points(s=(0, 0)))
    assert travel.unreached == {"far": "off_network", "over": "island"}
    assert pairs(travel) == {"far": [], "near": [("s", 50_000)], "over": []}


def test_without_schools_every_place_is_on_an_island():
    network = build_network(roads(MAIN), norms=NORMS)
    travel = measure(network, PLACES, SCHOOLS.iloc[:0])
    assert set(travel.unreached.values()) == {"island"}
    assert nearest_open(travel, np.zeros(0, dtype=bool)).tolist() == [-1] * 4


def test_a_school_off_the_network_is_reached_by_nobody():
    network = build_network(roads(MAIN), norms=NORMS)
    target = snap_points(network, points(s=(0, 99_000)), mode="walk", norms=NORMS)
    origins = snap_points(network, PLACES, mode="walk", norms=NORMS)
    cost, length = costs_to_point(network, origins, target, mode="walk")
    assert (cost == UNREACHED).all()
    assert (length == UNREACHED).all()
    assert measure_travel(network, origins, target, mode="walk", norms=NORMS).unreached.keys() == set(PLACES.index)


def test_the_nearest_open_school_skips_the_closed_ones():
    network = build_network(roads(MAIN), norms=NORMS)
    travel = measure(network, PLACES, SCHOOLS)
    only_b = nearest_open(travel, np.array([False, True]))
    assert travel.school[only_b].tolist() == [1, 1, 1, 1]
    assert travel.school[nearest_open(travel, np.array([True, True]))].tolist() == [0, 0, 1, 1]
    assert nearest_open(travel, np.array([False, False])).tolist() == [-1] * 4


def test_a_school_that_is_there_cannot_be_added_again():
    network = build_network(roads(MAIN), norms=NORMS)
    travel = measure(network, PLACES, SCHOOLS)
    with pytest.raises(ValueError, match="already"):
        add_school(travel, "a", np.zeros(4, dtype=np.int64), np.zeros(4, dtype=np.int64), norms=NORMS)


def test_within_a_limit_and_at_least_the_nearest_by_hand():
    network = build_network(roads(MAIN), norms=NORMS)
    travel = measure(network, PLACES, SCHOOLS)
    # 60 m a minute: p1 3.3 and 15.2, p2 5.3 and 7.2, p3 10.2 and 11.7, p4 3.5 and 8.3 minutes.
    near = within(travel, limit_min=8.0)
    assert {place: [school for school, _ in row] for place, row in pairs(near).items()} == {
        "p1": ["a"], "p2": ["a", "b"], "p3": [], "p4": ["b"],
    }  # fmt: skip
    assert near.unreached == {"p3": "beyond_limit"}
    kept = within(travel, limit_min=8.0, k=1)
    assert pairs(kept)["p3"] == [("b", 610_000)]
    assert kept.unreached == {"p3": "beyond_limit"}
    assert near.minutes.tolist() == [m for m in travel.minutes.tolist() if m <= 8.0]


@settings(max_examples=40, deadline=None)
@given(
    oracle.small_roads(), oracle.small_points(), st.sampled_from(MODES), st.floats(0, 15), st.integers(0, 3)
)  # fmt: skip
def test_within_equals_picking_pair_by_pair(table, where, mode, limit_min, k):
    network = build_network(table, norms=NORMS)
    travel = measure(network, where, where.iloc[:4], mode)
    found = within(travel, limit_min=limit_min, k=k)
    lost = dict(travel.unreached)
    for row, place in enumerate(travel.place_ids):
        all_pairs = range(travel.start[row], travel.start[row + 1])
        kept = [p for rank, p in enumerate(all_pairs) if travel.minutes[p] <= limit_min or rank < k]
        mine = slice(found.start[row], found.start[row + 1])
        assert found.school[mine].tolist() == travel.school[kept].tolist()
        assert found.cost[mine].tolist() == travel.cost[kept].tolist()
        if len(all_pairs) and not any(travel.minutes[p] <= limit_min for p in all_pairs):
            lost[place] = "beyond_limit"
    assert found.unreached == lost


@settings(max_examples=60, deadline=None)
@given(oracle.small_roads(), oracle.small_points(), st.sampled_from(MODES))
def test_every_pair_equals_networkx(table, where, mode):
    network = build_network(table, norms=NORMS)
    snaps = snap_points(network, where, mode=mode, norms=NORMS)
    travel = measure_travel(network, snaps, snaps, mode=mode, norms=NORMS)
    found = {(int(place[1:]), int(school[1:])): cost for place, row in pairs(travel).items() for school, cost in row}
    assert found == oracle.costs_by_networkx(network, snaps, mode, origins=list(range(len(where))))
    assert set(travel.unreached) == {place for place, row in pairs(travel).items() if not row}


@settings(max_examples=40, deadline=None)
@given(oracle.small_roads(), oracle.small_points(), st.sampled_from(MODES), st.randoms(use_true_random=False))
def test_the_order_of_points_never_shows(table, where, mode, random):
    network = build_network(table, norms=NORMS)
    rows = list(range(len(where)))
    random.shuffle(rows)
    assert equal(
        measure(network, where, where.iloc[:3], mode), measure(network, where.iloc[rows], where.iloc[[2, 0, 1]], mode)
    )


@settings(max_examples=60, deadline=None)
@given(oracle.small_roads(), oracle.small_points(8), st.sampled_from(MODES), st.integers(0, 3))
def test_adding_a_school_equals_measuring_anew_and_never_lengthens_a_way(table, where, mode, new):
    network = build_network(table, norms=NORMS)
    places, schools = (where.iloc[4:], where.iloc[:4])
    before = measure(network, places, schools.drop(f"p{new}"), mode)
    target = snap_points(network, schools.loc[[f"p{new}"]], mode=mode, norms=NORMS)
    origins = snap_points(network, places, mode=mode, norms=NORMS)
    after = add_school(before, f"p{new}", *costs_to_point(network, origins, target, mode=mode), norms=NORMS)
    anew = measure(network, places, schools, mode)
    # A place that reaches nobody keeps the reason it had; all else is as measured anew.
    assert after.unreached.keys() == anew.unreached.keys()
    assert equal(replace(after, unreached={}), replace(anew, unreached={}))
    for place, row in pairs(before).items():
        assert not row or pairs(after)[place][0][1] <= row[0][1]


@settings(max_examples=40, deadline=None)
@given(oracle.small_roads(), oracle.small_points(8), st.sampled_from(MODES), st.integers(1, 3))
def test_adding_places_equals_measuring_anew(table, where, mode, new):
    network = build_network(table, norms=NORMS)
    parts = (where.iloc[new:4], where.iloc[:new])
    one, other = (measure(network, part, where.iloc[4:], mode) for part in parts)
    anew = measure(network, where.iloc[:4], where.iloc[4:], mode)
    assert equal(add_places(one, other), anew)
    assert equal(add_places(other, one), anew)
