"""Straight segments on a sheet of squared paper, in millimetres."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layoutplan.access.segments import do_cross, lie_on, meeting_points, nearest_points, side_of, spots_of
from layoutplan.access.vertices import pack

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
