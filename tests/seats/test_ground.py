"""Who touches whom, which parts of a catchment are cut off, and which ground would join them again; a row by hand.

Units 0 to 4 lie in a row, each touching the next. School 0 stands on unit 0, school 1 on unit 4.
"""

from __future__ import annotations

import numpy as np
import pytest

from layoutplan.seats.ground import Ground, find_gate, find_strays, spread, touching

ROW = [(0, 1), (1, 2), (2, 3), (3, 4)]


def flags(*units, of=5):
    return np.isin(np.arange(of), units)


def ground(pairs=ROW, *, units=5, roots=((0, 0), (4, 1)), passable=(), held=None):
    start, touch = touching(units, *np.array(pairs, dtype=np.int64).reshape(-1, 2).T)
    rooted = np.zeros((units, 2), dtype=bool)
    for unit, school in roots:
        rooted[unit, school] = True
    locks = np.full(units, -1)
    for unit, school in (held or {}).items():
        locks[unit] = school
    return Ground(start, touch, rooted, flags(*passable, of=units), locks)


def test_units_of_a_pair_touch_each_other_once_however_often_they_are_named():
    start, touch = touching(4, np.array([2, 0, 1, 3]), np.array([0, 2, 0, 3]))
    # 0 touches 1 and 2; 1 and 2 touch 0; 3 is named with itself alone and touches nobody.
    assert start.tolist() == [0, 2, 3, 4, 4]
    assert touch.tolist() == [1, 2, 0, 0]


def test_the_units_around_a_unit_are_those_of_its_own_row():
    row = ground()
    assert [row.of(unit).tolist() for unit in range(5)] == [[1], [0, 2], [1, 3], [2, 4], [3]]


def test_ground_without_pairs_touches_nobody():
    start, touch = touching(2, np.array([], dtype=np.int64), np.array([], dtype=np.int64))
    assert start.tolist() == [0, 0, 0]
    assert touch.tolist() == []


@pytest.mark.parametrize(
    ("catchment", "school", "strays"),
    [
        ((0, 1, 2), 0, []),
        ((0, 2, 3), 0, [[2, 3]]),
        ((1, 3), 0, [[1], [3]]),
        ((3, 4), 1, []),
        ((0, 1, 2), 1, [[0, 1, 2]]),
        ((), 0, []),
    ],
)
def test_a_part_of_a_catchment_that_no_neighbour_joins_to_its_school_is_stray(catchment, school, strays):
    assert find_strays(ground(), flags(*catchment), school) == strays


def test_a_catchment_passes_ground_where_nobody_is_placed_and_does_not_list_it():
    assert find_strays(ground(passable=(1,)), flags(0, 2), 0) == []
    assert find_strays(ground(passable=(3,)), flags(2, 3, 4), 0) == [[2, 4]]


def test_a_school_reached_over_empty_ground_alone_is_reached():
    assert find_strays(ground(passable=(0,)), flags(1), 0) == []


def test_ground_locked_to_a_school_is_its_ground_wherever_it_lies():
    row = ground(held={2: 0})
    assert find_strays(row, flags(3), 0) == []
    assert find_strays(row, flags(3), 1) == [[3]]
    assert find_strays(row, flags(2), 0) == []


def test_what_hangs_together_is_found_once_and_what_was_seen_is_left_out():
    seen = flags(4)
    assert sorted(spread(ground(), flags(0, 1, 3, 4), [0, 3, 4], seen)) == [0, 1, 3]
    assert seen.tolist() == [True, True, False, True, True]


def test_a_stray_part_is_joined_by_the_unit_beside_it_that_the_school_reaches():
    # 3 is cut off from school 0; 2 joins it, 4 lies behind it.
    assert find_gate(ground(), [3], flags(0, 1, 2, 3, 4), 0) == [2]


def test_a_unit_that_may_not_go_to_the_school_joins_nothing():
    assert find_gate(ground(), [3], flags(0, 1, 3, 4), 0) == []
    assert find_gate(ground(), [3], flags(0, 2, 3, 4), 0) == []


def test_a_unit_that_stands_beside_the_school_joins_a_part_by_itself():
    assert find_gate(ground(), [1], flags(0, 1), 0) == [0]
    assert find_gate(ground(), [3], flags(3, 4), 1) == [4]


def test_both_sides_of_a_part_may_join_it_where_the_school_is_reached_on_both():
    ring = ground([*ROW, (4, 0)], roots=((0, 0),))
    assert find_gate(ring, [2], flags(0, 1, 2, 3, 4), 0) == [1, 3]


def test_the_way_to_the_school_may_not_lead_across_the_part_or_past_another_gate():
    # 0 - 1 - 3 and 1 - 2 - 3: both 1 and 2 touch the part, but 2 reaches the school over 1 alone.
    square = ground([(0, 1), (1, 2), (1, 3), (2, 3)], units=4, roots=((0, 0),))
    assert find_gate(square, [3], flags(0, 1, 2, 3, of=4), 0) == [1]


def test_empty_ground_beside_a_part_belongs_to_it():
    assert find_gate(ground(passable=(3,)), [4], flags(0, 1, 2, 4), 0) == [2]


def test_locked_ground_is_as_good_as_the_school_to_a_part_beside_it():
    row = ground(held={1: 0}, roots=())
    assert find_gate(row, [3], flags(2, 3), 0) == [2]
    assert find_gate(row, [3], flags(2, 3), 1) == []
