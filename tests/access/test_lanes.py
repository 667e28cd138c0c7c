"""Keys of the nearest schools on a handful of nodes, for plans side by side and for lists of k, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")
from layoutplan.access.hierarchy import Arcs
from layoutplan.access.lanes import (
    Desk,
    collect_lists,
    collect_plans,
    go_straight,
    insert,
    merge,
    sow_lists,
    sow_plans,
    sweep_lists,
    sweep_plans,
)
from layoutplan.access.sweeps import Part, Stops

NONE = 2**61
CLOSED = (-1, NONE)


def way(cost, school):
    """Return the key of a way to a school."""
    return cost * 65_536 + school


def stops(*points):
    """Return points with two sides each, (node, cost)."""
    node = np.array([[side[0] for side in sides] for sides in points], dtype=np.int32)
    return Stops(node, np.array([[side[1] for side in sides] for sides in points], dtype=np.int64))


def arcs(nodes, *between):
    """Return arcs (tail, head, weight), tails ascending."""
    first = [sum(tail < node for tail, _, _ in between) for node in range(nodes + 1)]
    head, weight = ([arc[at] for arc in between] for at in (1, 2))
    return Arcs(np.array(first, dtype=np.int32), np.array(head, dtype=np.int32), np.array(weight, dtype=np.int32))


def part(nodes, up, down):
    return Part(np.arange(nodes, dtype=np.int32), arcs(nodes, *up), arcs(nodes, *down))


def lanes(*rows):
    return np.array(rows, dtype=np.int64)


def nothing(rows, columns):
    return np.full((rows, columns), NONE, dtype=np.int64)


def pairs(*ways):
    return tuple(np.array([one[at] for one in ways], dtype=np.int64) for at in range(3))


# ---- plans side by side ---------------------------------------------------------------------------
def test_a_school_stands_on_both_ends_of_its_edge_in_the_plans_that_open_it():
    schools = stops(((0, 5), (2, 7)), ((2, 6), (1, 0)), ((2, 7), CLOSED))
    key = nothing(3, 8)
    sow_plans(schools, np.array([[True, False, True], [True, True, True]]), key)
    # At node 2 the second plan's school 1 is nearer; the first plan's schools 0 and 2 are as near, so 0 counts.
    assert key[:, 0].tolist() == [way(5, 0), NONE, way(7, 0)]
    assert key[:, 1].tolist() == [way(5, 0), way(0, 1), way(6, 1)]
    assert key[:, 2:].tolist() == nothing(3, 6).tolist()


def test_a_school_is_not_put_where_the_way_in_is_closed_or_there_is_no_node():
    key = nothing(3, 8)
    sow_plans(stops(((1, NONE), (0, 4)), (CLOSED, CLOSED)), np.array([[True, True]]), key)
    assert key[:, 0].tolist() == [way(4, 0), NONE, NONE]


OWN, THEIRS = [way(20 + lane, lane) for lane in range(8)], [way(200 + lane, 7 - lane) for lane in range(8)]


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (OWN, THEIRS, OWN),
        (THEIRS, OWN, [way(23 + lane, lane) for lane in range(8)]),
        # 3 more than the lower half of the lanes, far less than the upper half.
        (OWN[:4] + THEIRS[4:], THEIRS[:4] + OWN[4:], OWN[:4] + [way(23 + lane, lane) for lane in range(4, 8)]),
    ],
)
@pytest.mark.parametrize("upward", [True, False])
def test_every_plan_takes_the_better_way_of_its_own_lane(low, high, wanted, upward):
    """Up arcs bring a lower node what a higher one knows; down arcs bring it to the higher."""
    arc = [(0, 1, 3)]
    key = lanes(low, high) if upward else lanes(high, low)
    sweep_plans(part(2, arc if upward else [], [] if upward else arc), key)
    node, other = (0, 1) if upward else (1, 0)
    assert key[node].tolist() == wanted
    assert key[other].tolist() == high


@pytest.mark.parametrize("upward", [True, False])
def test_of_several_arcs_the_cheapest_counts_in_every_lane(upward):
    """Three nodes around one: at weights 1, 4 and 2, their keys differ by lane."""
    near = [[way(10 + (lane + turn) % 3 * 5, turn) for lane in range(8)] for turn in range(3)]
    # Lane 0: 10+1, 15+4, 20+2; lane 1: 15+1, 20+4, 10+2; lane 2: 20+1, 10+4, 15+2; and again.
    wanted = [way(*best) for best in [(11, 0), (12, 2), (14, 1)] * 3][:8]
    empty = [NONE] * 8
    if upward:
        key = lanes(empty, *near)
        sweep_plans(part(4, [(0, 1, 1), (0, 2, 4), (0, 3, 2)], []), key)
        assert key[0].tolist() == wanted
    else:
        key = lanes(*near, empty)
        sweep_plans(part(4, [], [(0, 3, 1), (1, 3, 4), (2, 3, 2)]), key)
        assert key[3].tolist() == wanted


def test_a_sweep_goes_up_to_the_top_and_down_to_the_bottom():
    # 0 - 2 - 3 and 1 - 2, costs 10, 100 and 40; a one-way street of 7 leads from 4 to 3.
    both = [(0, 2, 10), (1, 2, 40), (2, 3, 100)]
    key = nothing(5, 8)
    key[0, :2], key[3, 1] = way(1, 5), way(20, 3)
    sweep_plans(part(5, both, [*both, (3, 4, 7)]), key)
    assert key[:, 0].tolist() == [way(1, 5), way(51, 5), way(11, 5), way(111, 5), way(118, 5)]
    assert key[:, 1].tolist() == [way(1, 5), way(51, 5), way(11, 5), way(20, 3), way(27, 3)]
    key = nothing(5, 8)
    key[3, 0] = way(20, 3)
    sweep_plans(part(5, both, both), key)
    assert key[:, 0].tolist() == [way(130, 3), way(160, 3), way(120, 3), way(20, 3), NONE]
    assert (key[:, 1:] >= NONE).all()


def test_a_way_too_long_for_32_bits_with_its_school_is_still_told():
    key = nothing(2, 8)
    key[1, 0] = way(0, 9)
    street = [(0, 1, 400_000_000)]
    sweep_plans(part(2, street, []), key)
    assert key[0, 0] == way(400_000_000, 9)
    key = nothing(2, 8)
    key[0, 7] = way(0, 9)
    sweep_plans(part(2, [], street), key)
    assert key[1, 7] == way(400_000_000, 9)


def test_a_home_goes_to_the_better_end_of_its_edge_in_every_plan():
    key = nothing(2, 8)
    key[0, :2], key[1, :2] = (way(30, 1), way(10, 4)), (way(20, 2), way(90, 2))
    # Old numbers that must not stay.
    found = np.ones((2, 3), dtype=np.int64)
    collect_plans(stops(((0, 5), (1, 16)), ((0, NONE), (1, 1)), (CLOSED, CLOSED)), key, found)
    assert found.tolist() == [[way(35, 1), way(21, 2), NONE], [way(15, 4), way(91, 2), NONE]]


def test_a_home_from_where_no_open_school_is_reached_has_no_key():
    found = np.zeros((1, 1), dtype=np.int64)
    collect_plans(stops(((0, 5), (1, 16))), nothing(2, 8), found)
    assert found[0, 0] == NONE


def test_the_way_along_the_own_edge_counts_where_the_school_is_open_and_the_way_is_better():
    found = lanes([way(9, 0), way(9, 0)], [way(9, 0), way(4, 0)], [NONE, NONE], [NONE, NONE])
    is_open = np.array([[True, True, False], [True, True, True], [False, False, False], [False, False, True]])
    go_straight(pairs((0, 1, 9), (0, 2, 3), (1, 1, 5)), is_open, found)
    # 9 to school 1 is no better than 9 to school 0.
    assert found.tolist() == [[way(9, 0), way(5, 1)], [way(3, 2), way(4, 0)], [NONE, NONE], [way(3, 2), NONE]]


# ---- lists of the k nearest -----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("row", "key", "wanted"),
    [
        ([], (5, 0), [(5, 0)]),
        ([(2, 1), (8, 2)], (5, 3), [(2, 1), (5, 3), (8, 2)]),
        ([(2, 1), (8, 2), (9, 4)], (5, 3), [(2, 1), (5, 3), (8, 2)]),  # the farthest makes room
        ([(2, 1), (8, 2), (9, 4)], (9, 3), [(2, 1), (8, 2), (9, 3)]),  # as far, but the smaller id
        ([(2, 1), (8, 2), (9, 4)], (9, 5), [(2, 1), (8, 2), (9, 4)]),
        ([(2, 1), (8, 2), (9, 4)], (10, 3), [(2, 1), (8, 2), (9, 4)]),
        ([(2, 1), (8, 2), (9, 4)], (1, 0), [(1, 0), (2, 1), (8, 2)]),
        ([(2, 1), (8, 2), (9, 4)], (1, 3), [(1, 3), (2, 1), (8, 2)]),
        ([(2, 1), (8, 2), (9, 4)], (3, 1), [(2, 1), (8, 2), (9, 4)]),  # known by a shorter way
        ([(2, 1), (8, 2), (9, 4)], (2, 1), [(2, 1), (8, 2), (9, 4)]),
        ([(2, 1), (8, 2), (9, 4)], (9, 2), [(2, 1), (8, 2), (9, 4)]),
        ([(2, 1), (8, 2), (9, 4)], (1, 2), [(1, 2), (2, 1), (9, 4)]),  # known by a longer way
        ([(2, 1), (8, 2), (9, 4)], (7, 2), [(2, 1), (7, 2), (9, 4)]),
        ([(2, 1), (8, 2), (9, 4)], (3, 4), [(2, 1), (3, 4), (8, 2)]),
        ([(2, 0), (4, 2)], (5, 0), [(2, 0), (4, 2)]),
        ([(2, 0), (4, 2)], (3, 1), [(2, 0), (3, 1), (4, 2)]),
        ([(2, 0)], (2, 2), [(2, 0), (2, 2)]),
        ([(4, 1)], (2, 0), [(2, 0), (4, 1)]),
        ([(2, 1)], (5, 0), [(2, 1), (5, 0)]),
        ([(3, 1), (8, 2), (9, 4)], (5, 1), [(3, 1), (8, 2), (9, 4)]),
        ([(2, 1), (7, 2), (9, 4)], (5, 2), [(2, 1), (5, 2), (9, 4)]),
        ([(2, 5), (8, 1), (9, 4)], (3, 0), [(2, 5), (3, 0), (8, 1)]),
        ([(4, 40_001)], (7, 40_000), [(4, 40_001), (7, 40_000)]),
    ],
)
def test_a_school_is_put_into_a_row_of_the_three_nearest_once_and_in_order(row, key, wanted):
    keys = nothing(2, 3)
    keys[1, : len(row)] = [way(*one) for one in row]
    insert(keys, 1, way(*key))
    assert keys[1].tolist() == [way(*one) for one in wanted] + [NONE] * (3 - len(wanted))
    assert keys[0].tolist() == [NONE] * 3


@pytest.mark.parametrize(
    ("mine", "theirs", "wanted"),
    [
        ([], [], []),
        ([], [(1, 2)], [(11, 2)]),
        ([(3, 1)], [], [(3, 1)]),
        ([(3, 1), (20, 2)], [(4, 3)], [(3, 1), (14, 3), (20, 2)]),
        ([(3, 1), (20, 2), (30, 4)], [(4, 3)], [(3, 1), (14, 3), (20, 2)]),
        ([(3, 1), (20, 2), (30, 4)], [(15, 3), (16, 5)], [(3, 1), (20, 2), (25, 3)]),  # only the first fits
        ([(3, 1), (20, 2), (30, 4)], [(20, 3)], [(3, 1), (20, 2), (30, 3)]),  # as far, but the smaller id
        ([(3, 1), (20, 2), (30, 4)], [(20, 5)], [(3, 1), (20, 2), (30, 4)]),
        ([(3, 1), (20, 2), (30, 4)], [(1, 4), (2, 2)], [(3, 1), (11, 4), (12, 2)]),  # known, by shorter ways
        ([(3, 1), (20, 2), (30, 4)], [(0, 1), (12, 2)], [(3, 1), (20, 2), (30, 4)]),  # known, by longer ways
        ([(30, 4), (40, 5), (50, 6)], [(1, 0), (2, 1), (3, 2)], [(11, 0), (12, 1), (13, 2)]),
        ([(1, 0)], [(2, 0)], [(1, 0)]),
        ([(30, 0)], [(2, 0)], [(12, 0)]),
        ([(30, 1), (31, 2), (32, 3)], [(0, 3), (1, 1), (2, 2)], [(10, 3), (11, 1), (12, 2)]),
    ],
)
def test_a_row_of_the_three_nearest_takes_what_is_nearer_ten_farther_on(mine, theirs, wanted):
    keys = nothing(2, 3)
    keys[1, : len(mine)], keys[0, : len(theirs)] = [way(*one) for one in mine], [way(*one) for one in theirs]
    before = keys[0].tolist()
    desk = Desk(np.zeros(3, dtype=np.int64), np.zeros(7, dtype=np.int64), np.zeros(1, dtype=np.int64))
    for _ in range(2):  # the second time nothing is new
        merge(desk, keys, np.int32(1), 0, np.int64(way(10, 0)))
        assert keys[1].tolist() == [way(*one) for one in wanted] + [NONE] * (3 - len(wanted))
        assert keys[0].tolist() == before


def test_schools_stand_in_the_lists_of_both_ends_of_their_edges():
    keys = nothing(3, 2)
    sow_lists(stops(((0, 5), (2, 7)), ((2, 6), (1, NONE)), ((0, 9), CLOSED), ((2, 1), (0, 5))), keys)
    assert keys.tolist() == [[way(5, 0), way(5, 3)], [NONE, NONE], [way(1, 3), way(6, 1)]]


def test_every_node_learns_its_two_nearest_schools():
    # 0 - 2 - 3 and 1 - 2, costs 10, 100 and 40; one way from 4 to 3 at 7; a school on 0, on 1 and on 3.
    both = [(0, 2, 10), (1, 2, 40), (2, 3, 100)]
    keys = nothing(5, 2)
    keys[0, 0], keys[1, 0], keys[3, 0] = way(0, 2), way(5, 0), way(1, 1)
    sweep_lists(part(5, both, [*both, (3, 4, 7)]), keys, 3)
    assert keys.tolist() == [
        [way(0, 2), way(55, 0)],
        [way(5, 0), way(50, 2)],
        [way(10, 2), way(45, 0)],
        [way(1, 1), way(110, 2)],
        [way(8, 1), way(117, 2)],
    ]


def test_lists_are_handed_down_over_more_than_one_node():
    keys = nothing(4, 1)
    keys[3, 0] = way(0, 0)
    sweep_lists(part(4, [(0, 1, 1), (1, 2, 10), (2, 3, 400_000_000)], []), keys, 1)
    assert keys[:, 0].tolist() == [way(400_000_011, 0), way(400_000_010, 0), way(400_000_000, 0), way(0, 0)]
    keys = nothing(4, 1)
    keys[0, 0] = way(0, 0)
    sweep_lists(part(4, [], [(0, 1, 400_000_000), (1, 2, 10), (2, 3, 1)]), keys, 1)
    assert keys[:, 0].tolist() == [way(0, 0), way(400_000_000, 0), way(400_000_010, 0), way(400_000_011, 0)]


def test_a_home_gathers_its_nearest_schools_from_both_ends_of_its_edge():
    keys = nothing(2, 3)
    keys[0] = [way(1, 0), way(6, 4), way(7, 3)]
    keys[1] = [way(2, 3), way(4, 5), way(30, 1)]
    homes = stops(((0, 10), (1, 5)), ((0, 10), (1, NONE)), (CLOSED, CLOSED), ((1, 0), CLOSED))
    found = nothing(4, 3)
    collect_lists(homes, keys, pairs(), found)
    assert found.tolist() == [
        [way(7, 3), way(9, 5), way(11, 0)],
        [way(11, 0), way(16, 4), way(17, 3)],
        [NONE] * 3,
        [way(2, 3), way(4, 5), way(30, 1)],
    ]


def test_a_list_takes_in_the_way_along_the_own_edge():
    keys = nothing(2, 2)
    keys[0, 0], keys[1] = way(1, 0), [way(2, 3), way(40, 1)]
    found = nothing(2, 2)
    collect_lists(stops(((0, 10), (1, 5)), (CLOSED, CLOSED)), keys, pairs((0, 1, 8), (1, 3, 4), (0, 3, 9)), found)
    assert found.tolist() == [[way(7, 3), way(8, 1)], [way(4, 3), NONE]]
