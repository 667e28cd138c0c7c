"""Ends of roads that run over another road or do not reach it, in millimetres, with a tolerance of ten."""

from __future__ import annotations

import numpy as np
import pytest

from layoutplan.access.joints import GAP, JUNCTION, Joining
from layoutplan.access.loose_ends import find_ends, find_overruns, reach_out
from layoutplan.access.segments import begins_of, grow_tree
from layoutplan.access.vertices import Vertices, pack

LONG = [(0, 100), (1000, 100)]


def ints(*values):
    return np.array(values, dtype=np.int64)


def vertices_of(*lines, road=None):
    """Return the vertices of lines, each a road of its own unless told; the corner is the origin."""
    east, north = ints(*[spot for line in lines for spot in line]).T
    line = np.repeat(np.arange(len(lines)), [len(spots) for spots in lines])
    return Vertices(east, north, pack(east, north, (0, 0)), line, line if road is None else ints(*road)[line], (0, 0))


def joining(roads, *, tolerance_mm=10, level=None, rank=None):
    return Joining(
        tolerance_mm,
        node_crossings=False,
        level=np.zeros(roads, dtype=np.int64) if level is None else ints(*level),
        spans=np.zeros(roads, dtype=np.bool_),
        rank=np.arange(roads) if rank is None else ints(*rank),
    )


def spot(key):
    return divmod(int(key), 2**32)


def sought(*lines, **rules):
    """Return the places of the ends that may be joined, with the lines they belong to."""
    vertices = vertices_of(*lines)
    ends = find_ends(vertices, joining(len(lines), **rules))
    return [(int(vertices.line[at]), spot(vertices.key[at])) for at in ends.seek]


def reached(*lines, **rules):
    """Return joints as kind, line, other line, place and gap; and the new vertices as vertex, line and place."""
    vertices, rule = vertices_of(*lines), joining(len(lines), **rules)
    begins, ends = begins_of(vertices), find_ends(vertices, rule)
    marks, inserts = reach_out(
        vertices, rule, ends, tree=grow_tree(vertices, begins), begins=begins, seek=ends.seek
    )  # fmt: skip
    columns = (marks.kind, marks.line, marks.other, marks.key, marks.gap_mm)
    told = [(*map(int, row[:3]), spot(row[3]), int(row[4])) for row in zip(*columns, strict=True)]
    split, longer = (
        sorted((int(at), int(line), spot(key)) for at, line, key in zip(one.before, one.line, one.key, strict=True))
        for one in inserts
    )
    return told, split, longer


# ---- which ends ------------------------------------------------------------------------------------
def test_an_end_is_loose_where_no_other_road_has_a_vertex():
    vertices = vertices_of(
        [(0, 0), (500, 0), (900, 0)],
        [(500, 0), (500, 300)],  # begins at a bend of the first
        [(500, 300), (800, 300), (800, 600)],
    )
    ends = find_ends(vertices, joining(3))
    assert (ends.first.tolist(), ends.last.tolist()) == ([0, 3, 5], [2, 4, 7])
    assert np.flatnonzero(ends.loose).tolist() == [0, 2, 7]
    assert ends.piece.tolist() == [0, 0, 0]
    assert sorted(ends.seek.tolist()) == [0, 2, 7]


def test_pieces_are_numbered_by_how_many_lines_they_have_and_then_from_the_west():
    vertices = vertices_of(
        [(900, 0), (950, 0)],
        [(100, 0), (200, 0)],
        [(500, 0), (550, 0)], [(550, 0), (600, 0)],
        [(700, 0), (710, 0), (720, 0), (730, 0)],
    )  # fmt: skip
    assert find_ends(vertices, joining(5)).piece.tolist() == [3, 1, 0, 0, 2]


def test_shared_ends_of_smaller_pieces_seek_and_those_of_the_largest_do_not():
    west = [[(0, 0), (100, 0)], [(100, 0), (200, 0)], [(200, 0), (300, 0)]]
    east = [[(600, 0), (700, 0)], [(700, 0), (800, 0)]]
    assert sought(*west, *east) == [
        (0, (0, 0)), (2, (300, 0)), (3, (600, 0)), (3, (700, 0)), (4, (800, 0)),
    ]  # fmt: skip


def test_of_roads_that_end_in_one_place_the_smallest_id_seeks():
    west = [[(0, 0), (100, 0)], [(100, 0), (200, 0)], [(200, 0), (300, 0)]]
    assert sought(*west, [(600, 0), (700, 0)], [(700, 0), (800, 0)], rank=[0, 1, 2, 4, 3]) == [
        (0, (0, 0)), (2, (300, 0)), (3, (600, 0)), (4, (700, 0)), (4, (800, 0)),
    ]  # fmt: skip


@pytest.mark.parametrize(("length", "seeks"), [(9, False), (10, False), (11, True)])
@pytest.mark.parametrize("turned", [False, True])
def test_a_stub_within_the_tolerance_that_hangs_on_a_road_seeks_nothing(length, seeks, turned):
    stub = [(500, 100), (500, 100 + length)]
    road = [(0, 100), (500, 100), (1000, 100)]
    loose = (1, (500, 100 + length))
    assert (loose in sought(road, stub[::-1] if turned else stub)) is seeks


def test_a_short_road_that_hangs_on_nothing_seeks_with_both_ends():
    assert sought(LONG, [(500, 200), (505, 200)]) == [
        (0, (0, 100)), (1, (500, 200)), (1, (505, 200)), (0, (1000, 100)),
    ]  # fmt: skip


def test_the_slant_of_a_stub_counts_both_ways():
    # 6 east and 8 north are 10 apart, 7 and 8 are more.
    road = [(0, 100), (500, 100), (1000, 100)]
    for east, seeks in ((6, False), (7, True)):
        assert ((1, (500 + east, 108)) in sought(road, [(500, 100), (500 + east, 108)])) is seeks


# ---- ends that run over -----------------------------------------------------------------------------
def overruns(*lines, crossing, tolerance_mm=10):
    """Return which crossings are near a loose end, the joints there, and the ends that are served."""
    vertices, rule = vertices_of(*lines), joining(len(lines), tolerance_mm=tolerance_mm)
    one, other, places = zip(*crossing, strict=True)
    where = pack(*ints(*places).T, (0, 0))
    over, marks, served = find_overruns(vertices, rule, find_ends(vertices, rule), (ints(*one), ints(*other), where))
    assert set(marks.kind.tolist()) <= {JUNCTION}
    assert set(marks.gap_mm.tolist()) <= {0}
    told = sorted(zip(marks.line.tolist(), marks.other.tolist(), map(spot, marks.key), strict=True))
    return over.tolist(), told, sorted(served.tolist())


@pytest.mark.parametrize(("north", "over"), [(91, True), (90, True), (89, False)])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("first", [False, True])
def test_an_end_that_runs_over_a_road_within_the_tolerance_ends_there(north, over, turned, first):
    street = [(500, 400), (500, north)]
    street = street[::-1] if turned else street
    lines, crossing = ([street, LONG], (0, 2)) if first else ([LONG, street], (0, 2))
    line, end = (0 if first else 1), (0 if first else 2) + (0 if turned else 1)
    joint = [(line, 1 - line, (500, 100))]
    told = overruns(*lines, crossing=[(*crossing, (500, 100))])
    assert told == ([over], joint if over else [], [end] if over else [])


def test_an_end_that_another_road_shares_does_not_run_over():
    lines = [LONG, [(500, 400), (500, 95)], [(500, 95), (700, 20)]]
    assert overruns(*lines, crossing=[(0, 2, (500, 100))]) == ([False], [], [])


def test_of_several_crossings_only_those_near_an_end_are_overruns():
    lines = [LONG, [(500, 400), (500, 95)], [(300, 0), (300, 400)], [(995, 400), (995, 92)]]
    crossing = [(0, 2, (500, 100)), (0, 4, (300, 100)), (0, 6, (995, 100))]
    # The third lies near the end of the long road, too.
    assert overruns(*lines, crossing=crossing) == (
        [True, False, True],
        [(0, 3, (995, 100)), (1, 0, (500, 100)), (3, 0, (995, 100))],
        [1, 3, 7],
    )


def test_a_tolerance_of_one_millimetre_is_one():
    for north, over in ((99, True), (98, False)):
        lines = [LONG, [(500, 400), (500, north)]]
        assert overruns(*lines, crossing=[(0, 2, (500, 100))], tolerance_mm=1)[0] == [over]


def test_without_a_tolerance_no_end_runs_over_even_where_it_ends_on_the_spot():
    lines = [LONG, [(500, 400), (500, 100)]]
    assert overruns(*lines, crossing=[(0, 2, (500, 100))], tolerance_mm=0) == ([False], [], [])


# ---- ends that reach out ----------------------------------------------------------------------------
@pytest.mark.parametrize(("gap", "joined"), [(9, True), (10, True), (11, False)])
def test_an_end_within_the_tolerance_is_joined_to_the_line_of_a_road(gap, joined):
    told, split, longer = reached(LONG, [(400, 100 + gap), (400, 500)])
    assert told == ([(JUNCTION, 1, 0, (400, 100), gap)] if joined else [])
    assert split == ([(1, 0, (400, 100))] if joined else [])
    assert longer == ([(2, 1, (400, 100))] if joined else [])


def test_a_road_that_ends_where_it_reaches_out_is_lengthened_behind_its_last_vertex():
    told, split, longer = reached(LONG, [(400, 500), (400, 300), (400, 104)])
    assert told == [(JUNCTION, 1, 0, (400, 100), 4)]
    assert split == [(1, 0, (400, 100))]
    assert longer == [(5, 1, (400, 100))]


def test_an_end_on_a_line_splits_it_without_being_lengthened():
    told, split, longer = reached(LONG, [(400, 100), (400, 500)])
    assert (told, split, longer) == ([(JUNCTION, 1, 0, (400, 100), 0)], [(1, 0, (400, 100))], [])


@pytest.mark.parametrize("turned", [False, True])
def test_a_gap_between_two_ends_is_bridged_once_from_the_western_one(turned):
    east = [(1006, 108), (1500, 108)]
    told, split, longer = reached(LONG, east[::-1] if turned else east)
    assert told == [(GAP, 0, 1, (1006, 108), 10)]
    assert split == []
    assert longer == [(2, 0, (1006, 108))]


def test_the_tolerance_is_a_circle_and_no_square():
    assert reached(LONG, [(1008, 108), (1500, 108)])[0] == []


@pytest.mark.parametrize(
    ("east", "begin", "to"),
    [(100, (105, 400), 900), (400, (405, 105), 900), (100, (95, 400), 0), (400, (395, 105), 0)],
)
def test_a_road_due_north_is_reached_from_either_side(east, begin, to):
    street = [begin, (to, begin[1])]
    assert reached([(east, 0), (east, 1000)], street)[0] == [(JUNCTION, 1, 0, (east, begin[1]), 5)]


def test_two_ends_may_reach_the_same_third_end():
    upper, lower = [(0, 100), (1000, 100)], [(0, 300), (1000, 108)]
    third = [(1006, 104), (1500, 104)]
    # 6 east and 4 north or south are 7.2.
    assert reached(upper, lower, third)[0] == [(GAP, 0, 2, (1006, 104), 7), (GAP, 1, 2, (1006, 104), 7)]
    first = [(0, 104), (1000, 104)]
    others = [(1006, 100), (1500, 100)], [(1006, 108), (1500, 300)]
    assert reached(first, *others)[0] == [(GAP, 0, 1, (1006, 100), 7), (GAP, 2, 0, (1000, 104), 7)]


def test_gaps_are_told_in_whole_millimetres():
    # 5 and 6 are 7.81 apart.
    assert reached(LONG, [(1005, 106), (1500, 106)])[0] == [(GAP, 0, 1, (1005, 106), 8)]
    # 4 and 2 are 4.47 apart.
    assert reached(LONG, [(1004, 102), (1500, 102)])[0] == [(GAP, 0, 1, (1004, 102), 4)]


def test_an_end_goes_to_an_end_even_where_the_line_is_nearer_but_to_a_line_it_stands_on():
    assert reached(LONG, [(994, 108), (994, 500)])[0] == [(GAP, 1, 0, (1000, 100), 10)]
    assert reached(LONG, [(994, 101), (994, 500)])[0] == [(GAP, 1, 0, (1000, 100), 6)]
    told, split, _ = reached(LONG, [(994, 100), (994, 500)])
    assert (1, 0, (994, 100)) in split
    assert [row for row in told if row[1] == 1] == [(JUNCTION, 1, 0, (994, 100), 0)]


def test_an_end_goes_to_the_nearest_of_several_roads():
    lines = [LONG, [(0, 112), (1000, 112)], [(400, 108), (600, 108)]]
    told, *_ = reached(*lines)
    assert told == [(JUNCTION, 2, 1, (400, 112), 4), (JUNCTION, 2, 1, (600, 112), 4)]


def test_of_two_copies_of_a_road_the_smaller_id_is_told():
    lines = [LONG, LONG, [(400, 105), (400, 500)]]
    for rank, other in (([0, 1, 2], 0), ([1, 0, 2], 1)):
        told, split, longer = reached(*lines, rank=rank)
        assert [row for row in told if row[1] == 2] == [(JUNCTION, 2, other, (400, 100), 5)]
        # Both copies are split.
        assert split == [(1, 0, (400, 100)), (3, 1, (400, 100))]
        assert longer == [(4, 2, (400, 100))]


def test_copies_of_several_roads_are_split_whichever_way_they_are_drawn():
    other = [(1000, 700), (300, 700)]
    stubs = [[(600, 695), (600, 500)], [(400, 105), (400, 300)], [(800, 705), (800, 900)]]
    # Segments of LONG begin at vertices 0 and 2, those of the other road at 4, 6 and 8.
    _, split, _ = reached(LONG[::-1], LONG, other, other[::-1], other, *stubs)
    assert split == [
        (1, 0, (400, 100)), (3, 1, (400, 100)), (5, 2, (600, 700)), (5, 2, (800, 700)),
        (7, 3, (600, 700)), (7, 3, (800, 700)), (9, 4, (600, 700)), (9, 4, (800, 700)),
    ]  # fmt: skip


def test_copies_on_another_level_are_not_split():
    lines = [LONG, LONG[::-1], LONG, [(400, 105), (400, 500)]]
    assert reached(*lines, level=[0, 0, 1, 0])[1] == [(1, 0, (400, 100)), (3, 1, (400, 100))]


def test_roads_with_only_one_end_in_common_are_no_copies():
    lines = [LONG, [(0, 100), (1000, 900)], [(50, 0), (1000, 100)], [(400, 105), (400, 300)]]
    assert reached(*lines)[1] == [(1, 0, (400, 100))]


def test_roads_of_different_levels_meet_end_to_end_only():
    assert reached(LONG, [(400, 105), (400, 500)], level=[1, 0]) == ([], [], [])
    assert reached(LONG, [(1005, 100), (1500, 100)], level=[1, 0])[0] == [(GAP, 0, 1, (1005, 100), 5)]


def test_a_road_is_not_joined_to_itself_but_to_another_road_of_its_piece_where_the_end_is_loose():
    hook = [(400, 500), (900, 500), (900, 507), (500, 507)]
    assert reached(hook)[0] == []
    # The street begins at a bend of the long road and comes back to within five of it.
    bend = [(0, 100), (300, 100), (1000, 100)]
    assert reached(bend, [(300, 100), (300, 400), (600, 400), (600, 105)])[0] == [(JUNCTION, 1, 0, (600, 100), 5)]


def test_a_shared_end_reaches_another_piece_only():
    fork = [[(400, 105), (400, 500)], [(400, 105), (700, 500)]]
    west = [[(0, 0), (0, 100)], [(0, 0), (200, 0)]]
    told, _, longer = reached(LONG, *west, *fork)
    assert told == [(JUNCTION, 3, 0, (400, 100), 5)]
    assert [line for _, line, _ in longer] == [3]
    link = [(0, 100), (0, 900), (400, 500)]
    assert reached(LONG, *west, *fork, link)[0] == []


def test_where_no_end_seeks_there_is_nothing_to_join():
    vertices, rule = vertices_of(LONG, [(400, 105), (400, 500)]), joining(2)
    begins = begins_of(vertices)
    marks, inserts = reach_out(
        vertices, rule, find_ends(vertices, rule), tree=grow_tree(vertices, begins), begins=begins, seek=ints()
    )
    assert len(marks.key) == sum(len(one.key) for one in inserts) == 0
