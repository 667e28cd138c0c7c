"""Ways between homes and schools by sweeps, on two streets of which the second is one way for vehicles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("numba")
from layoutplan.access.elimination import NONE
from layoutplan.access.engine import open_hierarchy
from layoutplan.access.hierarchy import Arcs
from layoutplan.access.kernels import UNREACHED
from layoutplan.access.matrix import (
    BeyondBoundsError,
    enter,
    find_part,
    grow_trees,
    leave,
    measure_all,
    narrow,
    straight_ways,
)
from layoutplan.access.network import Snaps
from layoutplan.access.sweeps import Stops
from layoutplan.access.warming import tiny_network

LENGTH = 2**31  # what one of cost is beside the length


def ints(*values):
    return np.array(values, dtype=np.int64)


def snaps(*points):
    """Return points told as edge, offset and gap in millimetres."""
    edge, offset, gap = (ints(*column) for column in zip(*points, strict=True))
    return Snaps(tuple(map(str, range(len(points)))), edge, offset, gap)


# Of 100 m and then 200 m; by car 10 m a second, the second only onward. A metre of gap takes a second.
STREETS = tiny_network()


def named(stops, hierarchy):
    """Return node and cost of both sides by the network's own names of nodes."""
    name = {int(rank): node for node, rank in enumerate(hierarchy.shape.rank)} | {-1: -1}
    return [
        [(name[int(node)], int(cost)) for node, cost in zip(*point, strict=True)]
        for point in zip(stops.node, stops.cost, strict=True)
    ]


def test_homes_leave_to_both_ends_and_schools_are_entered_from_both():
    points = snaps((0, 30_000, 5), (-1, 7, 9), (1, 50_000, 0))
    walk = open_hierarchy(STREETS, "walk")
    assert walk.length_bits == 0
    sides = [[(0, 30_005), (1, 70_005)], [(-1, NONE), (-1, NONE)], [(1, 50_000), (2, 150_000)]]
    for way in (leave, enter):
        assert named(way(STREETS, walk, points, "walk"), walk) == sides


def test_by_car_cost_and_length_travel_together_and_oneway_streets_are_closed():
    points = snaps((0, 30_000, 5_000), (-1, 7, 9), (1, 50_000, 0))
    drive = open_hierarchy(STREETS, "drive")
    assert drive.length_bits == 31
    first = [(0, 8_000 * LENGTH + 35_000), (1, 12_000 * LENGTH + 75_000)]
    nowhere = [(-1, NONE), (-1, NONE)]
    left, entered = (way(STREETS, drive, points, "drive") for way in (leave, enter))
    assert named(left, drive) == [first, nowhere, [(1, NONE), (2, 15_000 * LENGTH + 150_000)]]
    assert named(entered, drive) == [first, nowhere, [(1, 5_000 * LENGTH + 50_000), (2, NONE)]]
    assert named(narrow(left, drive), drive) == [
        [(0, 8_000), (1, 12_000)], nowhere, [(1, NONE), (2, 15_000)],
    ]  # fmt: skip


def test_narrow_leaves_closed_what_is_closed():
    stops = Stops(np.zeros((1, 2), dtype=np.int32), np.array([[NONE, NONE - 1]]))
    drive = open_hierarchy(STREETS, "drive")
    assert narrow(stops, drive).cost.tolist() == [[NONE, 2**30 - 1]]


def test_what_can_be_reached_upward_is_found_from_every_start():
    arcs = Arcs(*(np.array(part, dtype=np.int32) for part in ([0, 1, 2, 3, 3, 3], [2, 3, 3], [1, 1, 1])))
    for start, reached in (([0, -1], [0, 2, 3]), ([1, 4], [1, 3, 4]), ([-1, -1], []), ([3, 0], [0, 2, 3])):
        assert np.flatnonzero(find_part(arcs, np.array(start, dtype=np.int32))).tolist() == reached


def test_every_home_is_measured_to_every_school_by_cost_and_length():
    homes, schools = snaps((0, 30_000, 1_000), (1, 50_000, 0), (-1, 0, 0)), snaps((0, 0, 0), (1, 150_000, 2_000))
    drive = measure_all(STREETS, open_hierarchy(STREETS, "drive"), homes, schools, mode="drive")
    # 3 s and 1 of gap back; 7 + 15 onward and gaps of 1 + 2; along the second street 100 m in 10 s.
    assert drive[0].tolist() == [[4_000, 25_000], [UNREACHED, 12_000], [UNREACHED, UNREACHED]]
    assert drive[1].tolist() == [[31_000, 223_000], [UNREACHED, 102_000], [UNREACHED, UNREACHED]]
    cost, length = measure_all(STREETS, open_hierarchy(STREETS, "walk"), homes, schools, mode="walk")
    assert cost.tolist() == [[31_000, 223_000], [150_000, 102_000], [UNREACHED, UNREACHED]]
    assert length is cost


def test_more_schools_than_one_sweep_holds_are_all_measured():
    # 70 schools a metre apart along the second street.
    schools = snaps(*[(1, 1_000 * row + 1, 0) for row in range(70)])
    homes = snaps((0, 0, 0), (1, 200_000, 0))
    for _ in range(2):  # working space is used again
        for mode in ("walk", "drive"):
            length = measure_all(STREETS, open_hierarchy(STREETS, mode), homes, schools, mode=mode)[1]
            assert length[0].tolist() == [100_001 + 1_000 * row for row in range(70)]
        assert length[1].tolist() == [UNREACHED] * 70


def test_the_ways_along_a_shared_edge_are_told_pair_by_pair():
    homes = snaps((1, 50_000, 0), (0, 10_000, 1_000), (-1, 0, 0), (1, 150_000, 0))
    schools = snaps((1, 100_000, 2_000), (-1, 0, 0), (0, 60_000, 0), (1, 150_000, 0), (0, 10_000, 0))
    walk, drive = (
        straight_ways(STREETS, open_hierarchy(STREETS, mode), homes, schools, mode=mode) for mode in ("walk", "drive")
    )
    told = [sorted(zip(*(part.tolist() for part in ways), strict=True)) for ways in (walk, drive)]
    assert told[0] == [
        (0, 0, 52_000), (0, 3, 100_000), (1, 2, 51_000), (1, 4, 1_000), (3, 0, 52_000), (3, 3, 0),
    ]  # fmt: skip
    # Against the one-way street there is no way from the last home to the first school.
    assert told[1] == [
        (0, 0, 7_000 * LENGTH + 52_000), (0, 3, 10_000 * LENGTH + 100_000), (1, 2, 6_000 * LENGTH + 51_000),
        (1, 4, 1_000 * LENGTH + 1_000), (3, 3, 0),
    ]  # fmt: skip


def test_trees_lead_from_every_node_to_each_point():
    edge, offset = ints(1, 0), ints(50_000, 25_000)
    walk, drive = (
        list(grow_trees(STREETS, open_hierarchy(STREETS, mode), mode, edge=edge, offset_mm=offset))
        for mode in ("walk", "drive")
    )
    assert [tree.cost.tolist() for tree in walk] == [[150_000, 50_000, 150_000], [25_000, 75_000, 275_000]]
    assert [tree.length_mm.tolist() for tree in walk] == [[150_000, 50_000, 150_000], [25_000, 75_000, 275_000]]
    assert [tree.cost.tolist() for tree in drive] == [[15_000, 5_000, UNREACHED], [2_500, 7_500, UNREACHED]]
    assert [tree.length_mm.tolist() for tree in drive] == [[150_000, 50_000, UNREACHED], [25_000, 75_000, UNREACHED]]


def test_homes_at_one_end_of_a_long_road_are_measured_to_schools_all_along_it():
    # Thirty streets of 100 m in a row; what the homes cannot use lies beside the schools.
    count = 30
    length = np.full(count, 100_000)
    network = replace(
        STREETS,
        node_east_m=np.arange(count + 1) * 100.0,
        node_north_m=np.zeros(count + 1),
        edge_from=np.arange(count),
        edge_to=np.arange(1, count + 1),
        edge_length_mm=length,
        cost={"walk": (length, length), "drive": (length, length)},
    )
    homes, schools = snaps((0, 10_000, 0), (0, 90_000, 0)), snaps(*[(edge, 50_000, 0) for edge in range(1, count)])
    for mode in ("walk", "drive"):
        cost, _ = measure_all(network, open_hierarchy(network, mode), homes, schools, mode=mode)
        for home, first in enumerate((140_000, 60_000)):
            assert cost[home].tolist() == [first + 100_000 * edge for edge in range(count - 1)]


# A route may cost 2 ** 29 on foot and by car, where its length may be 2 ** 30.
@pytest.mark.parametrize(("mode", "of", "limit"), [("walk", 1, 2**29), ("drive", 1, 2**30), ("drive", 0, 2**29)])
@pytest.mark.parametrize(("beyond", "fits"), [(-1, True), (0, False)])
def test_routes_up_to_the_bounds_of_the_sweeps_are_measured(mode, of, limit, beyond, fits):
    far, near = ints(limit // 2, limit // 2 + beyond), ints(10, 10)
    length, drive = (far, near) if of else (near, far)
    network = replace(STREETS, edge_length_mm=length, cost={"walk": (length, length), "drive": (drive, drive)})
    ends = snaps((0, 0, 0), (1, int(length[1]), 0))
    hierarchy = open_hierarchy(network, mode)
    if fits:
        assert measure_all(network, hierarchy, ends, ends, mode=mode)[of].tolist() == [[0, limit - 1], [limit - 1, 0]]
    else:
        with pytest.raises(BeyondBoundsError):
            measure_all(network, hierarchy, ends, ends, mode=mode)
