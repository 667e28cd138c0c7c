"""Straight segments on a sheet of squared paper, in millimetres."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from layoutplan.access.segments import (
    begins_of,
    do_cross,
    grow_tree,
    insert,
    lie_on,
    meeting_points,
    nearest_points,
    put_along,
    side_of,
    spots_of,
)
from layoutplan.access.vertices import Vertices, pack

SMALL = st.integers(0, 40)


def keys(*spots):
    east, north = np.array(spots, dtype=np.int64).T
    return pack(east, north, (0, 0))


def spots(*places):
    return np.array(places, dtype=np.int64)


def crossed(*ends):
    """Return whether the segments of the first two and the last two ends cross."""
    return bool(do_cross(spots(*ends), np.array([0]), np.array([2]))[0])


def test_left_of_a_segment_is_positive_and_twice_the_area():
    begin, end = spots([1, 1]), spots([5, 1])
    assert side_of(begin, end, spots([3, 4])).tolist() == [12]
    assert side_of(begin, end, spots([3, -1])).tolist() == [-8]
    assert side_of(begin, end, spots([9, 1])).tolist() == [0]
    assert side_of(spots([1, 1]), spots([1, 5]), spots([4, 2])).tolist() == [-12]


@pytest.mark.parametrize(
    ("ends", "wanted"),
    [
        (([0, 0], [4, 4], [0, 4], [4, 0]), True),
        (([0, 0], [4, 4], [5, 0], [9, 4]), False),  # side by side
        (([0, 0], [4, 4], [4, 4], [8, 0]), False),  # end to end
        (([0, 0], [4, 0], [2, 0], [2, 5]), False),  # the end of one lies on the other
        (([0, 0], [4, 0], [6, -2], [6, 2]), False),  # only the line of the first is crossed
        (([6, -2], [6, 2], [0, 0], [4, 0]), False),
        (([2, 0], [2, 5], [0, 0], [4, 0]), False),
    ],
)
def test_segments_cross_where_each_has_its_ends_on_either_side_of_the_other(ends, wanted):
    assert crossed(*ends) is wanted


def test_where_segments_cross_is_the_same_whichever_comes_first_and_however_they_run():
    # Slopes of 1/3 and -1: east = 7.5, north = 2.5, rounded from the smaller end of the smaller segment.
    a, b, c, d = [0, 0], [12, 4], [3, 7], [9, 1]
    found = {
        tuple(spots_of(meeting_points(keys(*ends), np.array([0]), np.array([2])))[0].tolist())
        for ends in ((a, b, c, d), (b, a, c, d), (a, b, d, c), (c, d, a, b), (d, c, b, a))
    }
    assert found == {(8, 2)}
    assert spots_of(
        meeting_points(keys([0, 0], [10, 10], [0, 10], [10, 0]), np.array([0]), np.array([2]))
    ).tolist() == [[5, 5]]


@given(st.lists(st.tuples(SMALL, SMALL), min_size=4, max_size=4))
def test_a_crossing_lies_within_a_millimetre_of_both_segments(ends):
    if not crossed(*ends):
        return
    (spot,) = spots_of(meeting_points(keys(*ends), np.array([0]), np.array([2])))
    for begin, end in (ends[:2], ends[2:]):
        run = np.subtract(end, begin)
        assert abs(int(side_of(spots(begin), spots(end), spots(spot))[0])) <= np.hypot(*run) * 0.7072
    again = meeting_points(keys(*ends[2:], *ends[:2]), np.array([0]), np.array([2]))
    assert spots_of(again).tolist() == [spot.tolist()]


def test_a_vertex_lies_on_a_segment_between_its_ends_and_within_the_rounding():
    # Segment from (0, 0) to (10, 0); then vertices on it, at its ends, beyond them, one off, and far off.
    key = keys([0, 0], [10, 0], [4, 0], [0, 0], [10, 0], [11, 0], [4, 1], [1, 9])
    vertex = np.arange(2, 8)
    assert lie_on(key, vertex, np.zeros(6, dtype=np.int64)).tolist() == [True, False, False, False, False, False]
    # Off a line to (20, 18): (1, 1) by 2 / sqrt(724) = 0.07 mm, (3, 2) by 0.52, (3, 1) by 1.26.
    slanting = keys([0, 0], [20, 18], [1, 1], [3, 2], [3, 1])
    assert lie_on(slanting, np.array([2, 3, 4]), np.zeros(3, dtype=np.int64)).tolist() == [True, True, False]


def test_the_nearest_point_of_a_segment_is_its_foot_or_an_end():
    key = keys([10, 10], [20, 10], [10, 10])
    places = spots([13, 14], [2, 10], [25, 3])
    first, back = np.zeros(3, dtype=np.int64), np.ones(3, dtype=np.int64)
    for segment in (first, back):
        assert spots_of(nearest_points(key, segment, places)).tolist() == [[13, 10], [10, 10], [20, 10]]
    # On a slope of one half the foot of (0, 10) is (4, 2).
    assert spots_of(nearest_points(keys([0, 0], [20, 10]), np.array([0]), spots([0, 10]))).tolist() == [[4, 2]]


def two_lines():
    """Return a line from (10, 10) over (20, 10) to (20, 30) and one from (12, 5) to (12, 25), of roads 3 and 7."""
    east, north = np.array([10, 20, 20, 12, 12]), np.array([10, 10, 30, 5, 25])
    line, road = np.array([0, 0, 0, 1, 1]), np.array([3, 3, 3, 7, 7])
    return Vertices(east, north, pack(east, north, (10, 5)), line, road, (10, 5))


def test_the_bounds_of_a_segment_are_those_of_its_two_ends():
    east, north = np.array([0, 50, 50, 90]), np.array([10, 20, 80, 100])
    vertices = Vertices(east, north, keys(*zip(east, north, strict=True)), np.zeros(4), np.zeros(4), (0, 0))
    tree = grow_tree(vertices, begins_of(vertices))
    assert [tree.query(shapely.Point(*spot)).tolist() for spot in ((40, 12), (50, 50), (60, 90), (15, 40))] == [
        [0], [1], [2], [],
    ]  # fmt: skip


def test_many_pairs_are_answered_in_their_order():
    # Crossing at (5, 5) and at (23, 4); feet on the second of three segments, both ways.
    key = keys([0, 0], [10, 10], [0, 10], [10, 0], [20, 4], [26, 4], [23, 9], [23, 1])
    one, other = np.array([0, 6, 4]), np.array([2, 4, 6])
    assert spots_of(meeting_points(key, one, other)).tolist() == [[5, 5], [23, 4], [23, 4]]
    bent = keys([90, 3], [10, 10], [30, 10], [2, 60])
    assert spots_of(nearest_points(bent, np.array([1]), spots([14, 90]))).tolist() == [[14, 10]]
    assert spots_of(nearest_points(bent[::-1], np.array([1]), spots([14, 90]))).tolist() == [[14, 10]]


def placed(vertices):
    return list(zip(vertices.east_mm.tolist(), vertices.north_mm.tolist(), vertices.road.tolist(), strict=True))


def test_a_segment_begins_at_every_vertex_but_the_last_of_a_line():
    vertices = two_lines()
    begins = begins_of(vertices)
    assert begins.tolist() == [0, 1, 3]
    # From the corner (10, 5): what is near (2, 5) are the first and the third segment.
    assert sorted(grow_tree(vertices, begins).query(shapely.box(1, 4, 3, 6)).tolist()) == [0, 2]
    assert grow_tree(vertices, begins).query(shapely.box(9, 20, 11, 21)).tolist() == [1]


def test_points_are_put_into_their_segments_in_the_order_they_lie_along_them():
    vertices = two_lines()
    # Told from the far end: 18 and 12 east on the first segment, 25 north on the second, 10 north on the third.
    key = pack(np.array([18, 12, 20, 12]), np.array([10, 10, 25, 10]), (10, 5))
    inserts = put_along(vertices, np.array([0, 0, 1, 3]), key)
    assert inserts.before.tolist() == [1, 1, 2, 4]
    assert inserts.line.tolist() == [0, 0, 0, 1]
    assert inserts.along.tolist() == [80.0, 20.0, 300.0, 100.0]
    assert placed(insert(vertices, [inserts])) == [
        (10, 10, 3), (12, 10, 3), (18, 10, 3), (20, 10, 3), (20, 25, 3), (20, 30, 3), (12, 5, 7), (12, 10, 7),
        (12, 25, 7),
    ]  # fmt: skip


def test_a_point_told_twice_is_put_in_once_but_into_every_line_it_belongs_to():
    vertices = two_lines()
    key = pack(np.array([12, 12]), np.array([10, 10]), (10, 5))
    twice = insert(vertices, [put_along(vertices, np.array([0, 3]), key), put_along(vertices, np.array([3, 0]), key)])
    assert placed(twice) == [
        (10, 10, 3), (12, 10, 3), (20, 10, 3), (20, 30, 3), (12, 5, 7), (12, 10, 7), (12, 25, 7),
    ]  # fmt: skip
    assert twice.line.tolist() == [0, 0, 0, 0, 1, 1, 1]
    nothing = put_along(vertices, np.array([], dtype=np.int64), np.array([], dtype=np.int64))
    assert insert(vertices, [nothing]) is vertices
