"""The list of what was joined: which road to which, where, and once."""

from __future__ import annotations

import numpy as np

from layoutplan.access.joints import (
    CROSSING,
    GAP,
    JOINT_KINDS,
    JUNCTION,
    Marks,
    gather_marks,
    name_joints,
    no_joints,
    road_of_line,
)
from layoutplan.access.vertices import Vertices, pack

CORNER = (1000, 2000)
# Roads in the order of the table, and the order of their ids.
IDS, RANK = np.array(["c", "a", "b"], dtype=object), np.array([2, 0, 1])


def ints(*values):
    return np.array(values, dtype=np.int64)


def vertices_of(line, road):
    """Return vertices of so many lines; where they are does not matter here."""
    place = np.zeros(len(line), dtype=np.int64)
    return Vertices(place, place, place, ints(*line), ints(*road), CORNER)


# Lines 0 and 1 are parts of road 0, line 3 is road 1 and line 4 road 2; line 2 has no vertices left.
LINES = vertices_of([0, 0, 1, 1, 3, 3, 4, 4], [0, 0, 0, 0, 1, 1, 2, 2])


def marks_of(*rows):
    """Return marks told as kind, east and north in millimetres, line, other line and gap."""
    kind, east, north, line, other, gap = (ints(*column) for column in zip(*rows, strict=True))
    return Marks(kind, pack(east, north, CORNER), line, other, gap)


def named(*rows):
    return [tuple(row) for row in name_joints(marks_of(*rows), LINES, road_id=IDS, rank=RANK).frame().to_numpy()]


def test_kinds_are_numbered_as_they_are_named():
    assert [JOINT_KINDS[kind] for kind in (CROSSING, JUNCTION, GAP)] == ["crossing", "junction", "gap"]


def test_every_line_knows_the_row_of_its_road():
    assert road_of_line(LINES).tolist() == [0, 0, 0, 1, 2]


def test_a_joint_tells_road_and_other_road_and_where_they_meet():
    assert named((JUNCTION, 1500, 2250, 0, 3, 400), (GAP, 9000, 2000, 3, 4, 1000)) == [
        ("junction", "c", "a", 1.5, 2.25, 0.4),
        ("gap", "a", "b", 9.0, 2.0, 1.0),
    ]


def test_of_roads_that_cross_the_smaller_id_comes_first_but_an_end_before_what_it_reaches():
    assert named((CROSSING, 1500, 2250, 0, 3, 0), (CROSSING, 1600, 2250, 3, 4, 0), (JUNCTION, 1700, 2250, 1, 4, 0)) == [
        ("crossing", "a", "c", 1.5, 2.25, 0.0),
        ("crossing", "a", "b", 1.6, 2.25, 0.0),
        ("junction", "c", "b", 1.7, 2.25, 0.0),
    ]


def test_two_roads_are_joined_once_a_place_however_often_it_was_told():
    crossing, again = (CROSSING, 1500, 2250, 1, 4, 0), (CROSSING, 1500, 2250, 4, 0, 0)
    elsewhere = (CROSSING, 1500, 2251, 0, 4, 0)
    assert named(crossing, again, elsewhere) == [
        ("crossing", "b", "c", 1.5, 2.25, 0.0),
        ("crossing", "b", "c", 1.5, 2.251, 0.0),
    ]


def test_joints_are_sorted_by_east_north_and_ids():
    rows = [
        (JUNCTION, 1600, 2000, 3, 4, 5),
        (JUNCTION, 1500, 2900, 3, 4, 5),
        (JUNCTION, 1500, 2100, 0, 4, 5),
        (JUNCTION, 1500, 2100, 3, 4, 5),
        (JUNCTION, 1500, 2100, 3, 0, 5),
    ]
    told = [
        ("junction", "a", "b", 1.5, 2.1, 0.005),
        ("junction", "a", "c", 1.5, 2.1, 0.005),
        ("junction", "c", "b", 1.5, 2.1, 0.005),
        ("junction", "a", "b", 1.5, 2.9, 0.005),
        ("junction", "a", "b", 1.6, 2.0, 0.005),
    ]
    assert named(*rows) == told
    assert named(*rows[::-1]) == told


def test_joints_are_counted_by_kind():
    marks = marks_of(
        (GAP, 1000, 2000, 3, 4, 7), (GAP, 1100, 2000, 3, 4, 7), (GAP, 1200, 2000, 3, 4, 7),
        (JUNCTION, 1000, 2100, 3, 4, 7), (JUNCTION, 1000, 2200, 3, 4, 7), (CROSSING, 1000, 2300, 3, 4, 0),
    )  # fmt: skip
    joints = name_joints(marks, LINES, road_id=IDS, rank=RANK)
    assert joints.count() == {"joined_crossing": 1, "joined_junction": 2, "joined_gap": 3}
    assert joints.gap_mm.tolist() == [7, 7, 7, 0, 7, 7]


def test_where_nothing_was_marked_there_are_no_joints():
    none = Marks(*[ints()] * 5)
    for joints in (name_joints(none, LINES, road_id=IDS, rank=RANK), no_joints()):
        assert joints.count() == {"joined_crossing": 0, "joined_junction": 0, "joined_gap": 0}
        assert list(joints.frame().columns) == ["kind", "road_id", "other_road_id", "east_m", "north_m", "gap_m"]
        assert len(joints.frame()) == 0


def test_groups_of_marks_become_one_in_their_order():
    one, other = marks_of((GAP, 1000, 2001, 3, 4, 7)), marks_of((CROSSING, 1001, 2000, 0, 3, 0), (GAP, 1, 2, 1, 0, 9))
    both = gather_marks([one, Marks(*[ints()] * 5), other])
    assert both.kind.tolist() == [GAP, CROSSING, GAP]
    assert both.key.tolist()[:2] == [1, 2**32]
    assert both.line.tolist() == [3, 0, 1]
    assert both.other.tolist() == [4, 3, 0]
    assert both.gap_mm.tolist() == [7, 0, 9]
