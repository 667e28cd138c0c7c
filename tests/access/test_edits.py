"""Schools that open and close on a few nodes: who is nearest to each, and what is taken back."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

pytest.importorskip("numba")
from layoutplan.access.edits import Board, change, close_school, offer, open_school, orphan, pop, push, spread, undo
from layoutplan.access.hierarchy import Arcs
from layoutplan.access.sweeps import Stops

NONE = 2**61
CLOSED = (-1, NONE)
BITS = 3  # up to eight nodes


def way(cost, school):
    """Return the key of a way to a school."""
    return cost * 65_536 + school


def stops(*points):
    """Return points with two sides each, (node, cost)."""
    node = np.array([[side[0] for side in sides] for sides in points], dtype=np.int32)
    return Stops(node, np.array([[side[1] for side in sides] for sides in points], dtype=np.int64))


def by_tail(roads):
    roads = sorted(roads)
    first = [sum(tail < node for tail, _, _ in roads) for node in range(9)]
    head, weight = ([road[at] for road in roads] for at in (1, 2))
    return Arcs(np.array(first, dtype=np.int32), np.array(head, dtype=np.int32), np.array(weight, dtype=np.int32))


def streets(*roads, oneway=()):
    """Return the arcs by the node they leave and by the node they enter; streets as (node, node, cost)."""
    roads = [*roads, *((head, tail, cost) for tail, head, cost in roads), *oneway]
    return by_tail(roads), by_tail([(head, tail, cost) for tail, head, cost in roads])


def board_of(*keys, heap=32, region=8):
    keys = [way(*key) if key else NONE for key in keys]
    count = len(keys)
    return Board(
        key=np.array(keys, dtype=np.int64),
        turn=np.zeros(count, dtype=np.int32),
        noted=np.full(count, -7, dtype=np.int32),
        held=np.full(count, -7, dtype=np.int64),
        heap=np.full(heap, -7, dtype=np.int64),
        region=np.full(region, -7, dtype=np.int32),
        at=np.array([1, 0, 0]),
    )


def shown(board):
    return [None if key >= NONE else divmod(key, 65_536) for key in board.key.tolist()]


def noted(board):
    """Return the nodes changed in this turn and what they held."""
    count = int(board.at[1])
    held = [None if key >= NONE else divmod(key, 65_536) for key in board.held[:count].tolist()]
    return list(zip(board.noted[:count].tolist(), held, strict=True))


# ---- the heap -------------------------------------------------------------------------------------
def emptied(items, room):
    """Return what comes off a heap of these items, put on one by one; what lies beyond them must not matter."""
    heap = np.full(room, -1, dtype=np.int64)
    heap[-1] = 1000
    for size, item in enumerate(items):
        push(heap, size, item)
    assert sorted(heap[: len(items)].tolist()) == sorted(items)
    return [int(pop(heap, size)) for size in range(len(items), 0, -1)]


@pytest.mark.parametrize("items", [[4], [1, 2, 3, 4, 5, 6], [3, 3, 1, 1, 2, 2], [0, 5, 0, 5, 9]])
def test_items_come_off_the_heap_smallest_first_in_whatever_order_they_came(items):
    for order in set(itertools.permutations(items)):
        assert emptied(order, len(items) + 2) == sorted(items)


def test_a_large_heap_is_taken_off_in_order():
    random = np.random.default_rng(5)
    for _ in range(20):
        items = random.integers(0, 60, 40).tolist()
        assert emptied(items, 41) == sorted(items)


def test_items_put_on_between_takings_find_their_place():
    heap = np.zeros(8, dtype=np.int64)
    for size, item in enumerate([8, 3, 9, 5]):
        push(heap, size, item)
    assert pop(heap, 4) == 3
    push(heap, 3, 4)
    push(heap, 4, 10)
    assert [int(pop(heap, size)) for size in (5, 4, 3, 2, 1)] == [4, 5, 8, 9, 10]


# ---- one node -------------------------------------------------------------------------------------
def test_a_node_changed_twice_in_a_turn_is_noted_once_with_what_it_held_first():
    board = board_of((5, 0), None, (7, 1))
    change(board, 2, way(3, 2))
    change(board, 0, way(4, 2))
    change(board, 2, way(1, 3))
    assert shown(board) == [(4, 2), None, (1, 3)]
    assert noted(board) == [(2, (7, 1)), (0, (5, 0))]
    assert board.at.tolist() == [1, 2, 0]


def test_a_better_key_is_taken_and_waits_on_the_heap_by_its_cost():
    board = board_of((5, 0), None, (7, 1))
    assert offer(board, 2, way(6, 4), BITS)
    assert shown(board) == [(5, 0), None, (6, 4)]
    assert board.heap[0] == 6 * 8 + 2
    assert board.at.tolist() == [1, 1, 1]
    assert offer(board, 1, way(2, 4), BITS)
    assert board.heap[:2].tolist() == [2 * 8 + 1, 6 * 8 + 2]
    # Of equal costs the smaller school counts.
    assert offer(board, 2, way(6, 3), BITS)
    assert board.at.tolist() == [1, 2, 3]


@pytest.mark.parametrize("key", [(7, 1), (7, 2), (8, 0)])
def test_a_key_that_is_no_better_changes_nothing(key):
    board = board_of((5, 0), None, (7, 1))
    assert offer(board, 2, way(*key), BITS)
    assert shown(board) == [(5, 0), None, (7, 1)]
    assert board.at.tolist() == [1, 0, 0]


def test_a_full_heap_takes_no_more_and_says_so():
    board = board_of(None, None, heap=1)
    assert offer(board, 0, way(1, 0), BITS)
    assert not offer(board, 1, way(1, 0), BITS)
    assert shown(board) == [(1, 0), None]
    assert offer(board, 0, way(2, 0), BITS)  # no better, so there is nothing to take


# ---- a school opens -------------------------------------------------------------------------------
# 0 - 1 - 2 - 3 - 4, ten each.
STREET = [(node, node + 1, 10) for node in range(4)]
FROM_WEST = [(0, 0), (10, 0), (20, 0), (30, 0), (40, 0)]


def test_a_school_takes_over_the_nodes_it_is_nearer_to():
    _, inward = streets(*STREET)
    board = board_of(*FROM_WEST)
    assert open_school(inward, board, stops(((0, 0), CLOSED), ((3, 2), (4, 8))), 1, (9, BITS))
    # At node 2 the new school is at 12; at node 1 it would be at 22.
    assert shown(board) == [(0, 0), (10, 0), (12, 1), (2, 1), (8, 1)]
    assert sorted(noted(board)) == [(2, (20, 0)), (3, (30, 0)), (4, (40, 0))]
    assert board.at.tolist() == [1, 3, 0]


def test_a_school_at_the_first_node_is_open_to_it():
    _, inward = streets(*STREET)
    board = board_of(None, None, None, None, None)
    assert open_school(inward, board, stops(((0, 3), CLOSED)), 0, (9, BITS))
    assert shown(board) == [(3, 0), (13, 0), (23, 0), (33, 0), (43, 0)]


def test_of_equally_near_schools_the_smaller_id_keeps_the_node():
    _, inward = streets(*STREET)
    for old, new, kept in ((0, 1, 0), (1, 0, 0)):
        board = board_of((0, old), (10, old), (20, old), (30, old), (40, old))
        schools = stops(((4, 0), CLOSED), ((4, 0), CLOSED))
        assert open_school(inward, board, schools, new, (9, BITS))
        assert shown(board)[2] == (20, kept)


def test_nothing_is_entered_where_the_way_in_is_closed():
    _, inward = streets(*STREET)
    board = board_of(*FROM_WEST)
    assert open_school(inward, board, stops(((2, NONE), (4, NONE)), (CLOSED, CLOSED)), 0, (9, BITS))
    assert open_school(inward, board, stops((CLOSED, CLOSED), (CLOSED, CLOSED)), 1, (9, BITS))
    assert shown(board) == FROM_WEST
    assert board.at.tolist() == [1, 0, 0]


def test_a_oneway_street_leads_to_school_only_the_way_it_runs():
    _, inward = streets((0, 1, 10), oneway=[(1, 2, 5), (3, 1, 7)])
    board = board_of(None, None, None, None)
    assert open_school(inward, board, stops(((1, 0), CLOSED)), 0, (9, BITS))
    assert shown(board) == [(10, 0), (0, 0), None, (7, 0)]


def test_a_node_found_a_longer_way_first_hands_on_the_shorter_one():
    # 1 is met at 10 straight on, then at 5 over 2; what lies behind 3 is farther than the longer way.
    _, inward = streets((0, 1, 10), (0, 2, 3), (2, 1, 2), (1, 3, 1), (3, 4, 20), (4, 5, 30))
    board = board_of(*[None] * 6)
    assert open_school(inward, board, stops(((0, 0), CLOSED)), 0, (9, BITS))
    assert shown(board) == [(0, 0), (5, 0), (3, 0), (6, 0), (26, 0), (56, 0)]


def test_a_way_too_long_for_32_bits_with_its_school_is_still_told():
    _, inward = streets((0, 1, 400_000_000))
    board = board_of(None, None)
    assert open_school(inward, board, stops(((0, 0), CLOSED), ((0, 0), CLOSED)), 1, (9, BITS))
    assert shown(board) == [(0, 1), (400_000_000, 1)]


@pytest.mark.parametrize(("budget", "done"), [(3, True), (2, False)])
def test_a_search_may_change_as_many_nodes_as_allowed(budget, done):
    _, inward = streets(*STREET)
    board = board_of(*FROM_WEST)
    assert open_school(inward, board, stops(((3, 2), CLOSED), ((3, 2), CLOSED)), 1, (budget, BITS)) is done


def test_a_search_ends_where_the_heap_is_full():
    star = [(0, node, 10) for node in range(1, 5)]
    for room, done in ((4, True), (3, False)):
        board = board_of(*[None] * 5, heap=room)
        assert open_school(streets(*star)[1], board, stops(((0, 0), CLOSED)), 0, (9, BITS)) is done


def test_what_an_earlier_search_left_on_the_heap_is_forgotten():
    outward, inward = streets(*STREET)
    board = board_of(*FROM_WEST, heap=1)
    board.heap[0], board.at[2] = 3, 1
    schools = stops(((0, 0), CLOSED), ((4, 39), CLOSED))
    assert open_school(inward, board, schools, 1, (9, BITS))
    assert shown(board) == [*FROM_WEST[:4], (39, 1)]
    board.heap[0], board.at[2] = 3, 1
    assert close_school((outward, inward), board, schools, np.array([True, False]), 1, (9, BITS))
    assert shown(board) == FROM_WEST
    assert board.at[2] == 0


def test_spreading_hands_on_what_waits_on_the_heap():
    _, inward = streets(*STREET)
    board = board_of((0, 0), None, None, None, (2, 1))
    board.heap[:2], board.at[2] = [0 * 8 + 0, 2 * 8 + 4], 2
    assert spread(inward, board, 9, BITS)
    assert shown(board) == [(0, 0), (10, 0), (20, 0), (12, 1), (2, 1)]
    assert board.at.tolist() == [1, 3, 0]


# ---- a school closes ------------------------------------------------------------------------------
def test_the_nodes_of_a_school_are_found_from_its_own_outward():
    _, inward = streets(*STREET)
    board = board_of((0, 0), (10, 0), (12, 2), (2, 2), (8, 2))
    assert orphan(inward, board, stops(((0, 0), CLOSED), (CLOSED, CLOSED), ((3, 2), (4, 8))), 2) == 3
    assert board.region[:3].tolist() == [3, 4, 2]
    assert shown(board) == [(0, 0), (10, 0), None, None, None]
    assert noted(board) == [(3, (2, 2)), (4, (8, 2)), (2, (12, 2))]


def test_nodes_without_a_school_are_not_those_of_the_first_school():
    _, inward = streets(*STREET)
    board = board_of(None, (0, 0), None, (3, 1), None)
    assert orphan(inward, board, stops(((1, 0), (2, NONE))), 0) == 1
    assert shown(board) == [None, None, None, (3, 1), None]
    assert noted(board) == [(1, (0, 0))]


def test_a_school_that_is_nearest_to_no_node_leaves_none():
    _, inward = streets(*STREET)
    board = board_of(*FROM_WEST)
    assert orphan(inward, board, stops((CLOSED, CLOSED), ((3, 90), CLOSED), ((0, 1), (1, 9))), 1) == 0
    assert orphan(inward, board, stops((CLOSED, CLOSED), ((3, 90), CLOSED), ((0, 1), (1, 9))), 2) == 0
    assert shown(board) == FROM_WEST
    # Node 4 belongs to it, but lies not beside it: there is nothing to walk from.
    board = board_of((0, 0), (10, 0), (20, 0), (30, 0), (1, 1))
    assert orphan(inward, board, stops((CLOSED, CLOSED), ((3, 90), CLOSED)), 1) == 0


@pytest.mark.parametrize("others", [(1, 0), (3, 5), (65_534, 4)])
def test_a_schools_nodes_are_told_from_those_of_schools_of_any_other_id(others):
    _, inward = streets(*STREET)
    board = board_of((10, others[0]), (0, 2), (11, 2), (33, others[1]), (34, 2))
    assert orphan(inward, board, stops(*[(CLOSED, CLOSED)] * 2, ((1, 0), CLOSED)), 2) == 2
    assert shown(board) == [(10, others[0]), None, None, (33, others[1]), (34, 2)]


@pytest.mark.parametrize(("room", "count"), [(5, 5), (4, -1)])
def test_there_is_room_for_so_many_nodes_of_a_closing_school(room, count):
    _, inward = streets(*STREET)
    assert orphan(inward, board_of(*FROM_WEST, region=room), stops(((0, 0), CLOSED)), 0) == count


def test_the_nodes_of_a_closed_school_go_to_the_nearest_around_them():
    roads = streets(*STREET)
    board = board_of((0, 0), (10, 0), (12, 2), (2, 2), (8, 1))
    schools = stops(((0, 0), CLOSED), ((4, 8), CLOSED), ((3, 2), CLOSED))
    assert close_school(roads, board, schools, np.array([True, True, False]), 2, (9, BITS))
    # At node 2 the western school is at 20, the eastern one at 28.
    assert shown(board) == [(0, 0), (10, 0), (20, 0), (18, 1), (8, 1)]
    assert sorted(noted(board)) == [(2, (12, 2)), (3, (2, 2))]
    assert board.at.tolist() == [1, 2, 0]


def test_the_last_school_that_closes_leaves_all_without_one():
    roads = streets(*STREET)
    board = board_of(*FROM_WEST)
    assert close_school(roads, board, stops(((0, 0), CLOSED)), np.array([False]), 0, (9, BITS))
    assert shown(board) == [None] * 5


def test_a_school_that_was_hidden_behind_the_closed_one_comes_forward_by_either_side():
    roads = streets(*STREET)
    # Schools 1 and 2 were nowhere nearest; 3 is closed as well, 4 cannot be entered.
    hidden = stops(((2, 0), CLOSED), (CLOSED, (3, 5)), ((0, 9), CLOSED), ((2, 0), CLOSED), ((2, NONE), (1, NONE)))
    board = board_of((20, 0), (10, 0), (0, 0), (10, 0), (20, 0))
    is_open = np.array([False, True, True, False, True])
    assert close_school(roads, board, hidden, is_open, 0, (9, BITS))
    assert shown(board) == [(9, 2), (19, 2), (15, 1), (5, 1), (15, 1)]


def test_a_closed_school_that_nobody_used_changes_nothing():
    roads = streets(*STREET)
    board = board_of(*FROM_WEST)
    schools = stops(((0, 0), CLOSED), ((4, 90), CLOSED))
    assert close_school(roads, board, schools, np.array([True, False]), 1, (0, BITS))
    assert shown(board) == FROM_WEST
    assert board.at.tolist() == [1, 0, 0]


def test_oneway_streets_lead_orphans_only_the_way_they_run():
    # From 1 one may drive to 0 and to 2; from 3 to 1. The school at 1 closes, those at 0 and 2 are open.
    roads = streets(oneway=[(1, 0, 9), (1, 2, 4), (3, 1, 7), (0, 3, 1)])
    schools = stops(((0, 0), CLOSED), ((1, 0), CLOSED), ((2, 6), CLOSED))
    board = board_of((0, 0), (0, 1), (6, 2), (7, 1))
    assert close_school(roads, board, schools, np.array([True, False, True]), 1, (9, BITS))
    assert shown(board) == [(0, 0), (9, 0), (6, 2), (16, 0)]


def test_an_orphan_far_off_goes_by_a_way_too_long_for_32_bits():
    roads = streets((0, 1, 400_000_000))
    board = board_of((0, 1), (0, 0))
    schools = stops(((1, 0), CLOSED), ((0, 0), CLOSED))
    assert close_school(roads, board, schools, np.array([True, False]), 1, (9, BITS))
    assert shown(board) == [(400_000_000, 0), (0, 0)]


@pytest.mark.parametrize(
    ("limits", "budget", "done"),
    [
        ({}, 2, True),
        ({}, 1, False),
        ({"region": 1}, 2, False),
        ({"region": 2}, 2, True),
        ({"heap": 2}, 2, True),
        ({"heap": 1}, 2, False),
    ],
)
def test_a_closing_that_takes_too_much_is_left_to_a_sweep(limits, budget, done):
    board = board_of((0, 0), (10, 0), (12, 2), (2, 2), (8, 1), **limits)
    schools = stops(((0, 0), CLOSED), ((4, 8), CLOSED), ((3, 2), CLOSED))
    is_open = np.array([True, True, False])
    assert close_school(streets(*STREET), board, schools, is_open, 2, (budget, BITS)) is done


def test_a_hidden_school_that_finds_the_heap_full_is_left_to_a_sweep():
    # Nothing lies around the only node, but two schools come forward at it.
    schools = stops(((0, 0), CLOSED), ((0, 5), CLOSED), ((0, 4), CLOSED))
    for room, done in ((2, True), (1, False)):
        board = board_of((0, 0), heap=room)
        assert close_school(streets(), board, schools, np.array([False, True, True]), 0, (9, BITS)) is done


# ---- and back -------------------------------------------------------------------------------------
def test_undo_takes_back_all_of_a_turn_and_nothing_before_it():
    roads = streets(*STREET)
    schools = stops(((0, 0), CLOSED), ((4, 0), CLOSED))
    board = board_of(*FROM_WEST)
    assert open_school(roads[1], board, schools, 1, (9, BITS))
    assert close_school(roads, board, schools, np.array([False, True]), 0, (9, BITS))
    assert shown(board) == [(40, 1), (30, 1), (20, 1), (10, 1), (0, 1)]
    undo(board)
    assert shown(board) == FROM_WEST
    assert board.at.tolist() == [2, 0, 0]
    # The next turn notes anew what it changes.
    assert open_school(roads[1], board, schools, 1, (9, BITS))
    assert sorted(noted(board)) == [(3, (30, 0)), (4, (40, 0))]
    undo(board)
    assert shown(board) == FROM_WEST
    assert board.at.tolist() == [3, 0, 0]
