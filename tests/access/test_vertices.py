"""Roads as vertices in whole millimetres, on lines short enough to count along."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from layoutplan.access.vertices import (
    Vertices,
    collect_vertices,
    cut_edges,
    draw_lines,
    hash_shape,
    line_ends,
    measure,
    pack,
    unpack,
)
from layoutplan.errors import NetworkError


def table(*shapes):
    shapes = [shape if hasattr(shape, "geom_type") else shapely.LineString(shape) for shape in shapes]
    return gpd.GeoDataFrame(geometry=shapes, crs="EPSG:4544")


def vertices_of(*lines):
    """Return the vertices of lines told in millimetres, each a road of its own."""
    east, north = np.array([spot for line in lines for spot in line], dtype=np.int64).T
    line = np.repeat(np.arange(len(lines)), [len(line) for line in lines])
    corner = int(east.min()), int(north.min())
    return Vertices(east, north, pack(east, north, corner), line, line, corner)


def ints(*values):
    return np.array(values, dtype=np.int64)


def stretches(cut):
    return list(zip(cut[0].tolist(), cut[1].tolist(), strict=True)), cut[2]


# ---- from lines to vertices -------------------------------------------------------------------------
def test_coordinates_are_rounded_to_whole_millimetres_and_counted_from_the_corner():
    vertices, dropped = collect_vertices(table([(1.0004, 7), (3, 5.0006)], [(2, 9), (2, 8), (4, 8)]))
    assert vertices.east_mm.tolist() == [1000, 3000, 2000, 2000, 4000]
    assert vertices.north_mm.tolist() == [7000, 5001, 9000, 8000, 8000]
    assert vertices.corner == (1000, 5001)
    assert vertices.key.tolist() == [
        1999, 2000 * 2**32, 1000 * 2**32 + 3999, 1000 * 2**32 + 2999, 3000 * 2**32 + 2999,
    ]  # fmt: skip
    assert (vertices.line.tolist(), vertices.road.tolist()) == ([0, 0, 1, 1, 1], [0, 0, 1, 1, 1])
    assert dropped == 0


def test_a_vertex_told_twice_in_a_row_stands_once_but_once_a_line():
    # The second road begins where the first ends; the third comes back to where it was.
    vertices, dropped = collect_vertices(
        table([(0, 0), (0, 0.0003), (5, 0), (5, 0)], [(5, 0), (5, 9)], [(1, 1), (2, 1), (1, 1)])
    )
    assert vertices.east_mm.tolist() == [0, 5000, 5000, 5000, 1000, 2000, 1000]
    assert vertices.line.tolist() == [0, 0, 1, 1, 2, 2, 2]
    assert dropped == 0


def test_a_line_without_a_length_is_dropped_and_counted_and_keeps_its_number():
    vertices, dropped = collect_vertices(
        table([(3, 3), (3, 3)], [(0, 0), (5, 0)], [(4, 4), (4.0002, 4), (4, 4.0001)], [(1, 1), (1.001, 1)])
    )
    assert dropped == 2
    assert vertices.line.tolist() == [1, 1, 3, 3]
    assert vertices.road.tolist() == [1, 1, 3, 3]
    assert vertices.east_mm.tolist() == [0, 5000, 1000, 1001]


def test_the_parts_of_a_road_are_lines_of_their_own():
    parts = shapely.MultiLineString([[(0, 0), (1, 0)], [(1, 0), (2, 0)]])
    vertices, _ = collect_vertices(table([(7, 7), (8, 8)], parts, [(9, 9), (9, 8)]))
    assert vertices.line.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert vertices.road.tolist() == [0, 0, 1, 1, 1, 1, 2, 2]
    vertices, _ = collect_vertices(table(parts, parts))
    assert (vertices.line.tolist(), vertices.road.tolist()) == ([0, 0, 1, 1, 2, 2, 3, 3], [0, 0, 0, 0, 1, 1, 1, 1])


@pytest.mark.parametrize("shapes", [[], [shapely.LineString()], [[(5, 5), (5, 5)]], [[(5, 5), (5, 5)]] * 2])
def test_roads_without_a_length_are_refused(shapes):
    with pytest.raises(NetworkError) as told:
        collect_vertices(table(*shapes))
    assert [problem.code for problem in told.value.problems] == ["network_no_roads"]


@pytest.mark.parametrize("way", [(1, 0), (0, 1), (1, 1)])
def test_roads_may_spread_over_as_many_millimetres_as_31_bits_hold(way):
    most = (2**31 - 1) / 1000
    vertices, _ = collect_vertices(table([(10, 10), (10 + most * way[0], 10 + most * way[1])]))
    assert (np.ptp(vertices.east_mm), np.ptp(vertices.north_mm)) == ((2**31 - 1) * way[0], (2**31 - 1) * way[1])
    far = most + 0.001
    with pytest.raises(NetworkError) as told:
        collect_vertices(table([(10, 10), (10 + far * way[0], 10 + far * way[1])]))
    (problem,) = told.value.problems
    assert (problem.code, problem.values) == ("network_too_wide", {"limit_km": 2147})


def test_a_point_is_one_number_that_grows_eastward_and_then_northward():
    east, north = ints(10, 10, 11, 10 + 2**31 - 1), ints(20, 20 + 2**31 - 1, 20, 21)
    key = pack(east, north, (10, 20))
    assert key.tolist() == [0, 2**31 - 1, 2**32, (2**31 - 1) * 2**32 + 1]
    assert [part.tolist() for part in unpack(key, (10, 20))] == [east.tolist(), north.tolist()]
    assert [part.tolist() for part in unpack(key, (0, 0))] == [[0, 0, 1, 2**31 - 1], [0, 2**31 - 1, 0, 1]]


# ---- where lines are cut ----------------------------------------------------------------------------
def test_every_line_has_two_ends():
    vertices = vertices_of([(0, 0), (1, 0), (2, 0)], [(5, 5), (6, 5)], [(8, 8), (9, 8), (9, 9), (9, 7)])
    assert np.flatnonzero(line_ends(vertices)).tolist() == [0, 2, 3, 4, 5, 8]


def test_lines_are_cut_where_they_end_and_where_a_vertex_is_used_twice():
    vertices = vertices_of(
        [(0, 0), (1, 0), (2, 0), (3, 0), (4, 0)],
        [(2, 0), (2, 5), (2, 9)],  # begins at a bend of the first
        [(9, 9), (2, 5), (7, 7), (8, 8)],  # crosses the second at a vertex
    )
    assert stretches(cut_edges(vertices)) == ([(0, 2), (2, 4), (5, 6), (6, 7), (8, 9), (9, 11)], 0)


def test_a_road_that_returns_to_its_start_is_halved_in_its_middle():
    ring = [(0, 0), (4, 0), (4, 4), (0, 4), (0, 0)]
    vertices = vertices_of([(50, 50), (60, 60)], ring)
    assert stretches(cut_edges(vertices)) == ([(0, 1), (2, 4), (4, 6)], 1)
    # With one vertex more the middle is the nearer one; a road to a corner of the ring makes it no loop.
    longer = vertices_of([(0, 0), (4, 0), (4, 4), (2, 5), (0, 4), (0, 0)])
    assert stretches(cut_edges(longer)) == ([(0, 2), (2, 5)], 1)
    assert stretches(cut_edges(vertices_of(ring, [(4, 4), (9, 9)]))) == ([(0, 2), (2, 4), (5, 6)], 0)


def test_a_road_that_passes_a_spot_twice_is_cut_there_and_its_loop_halved():
    # 0 - 2 - round - 2 - 9: a lasso.
    vertices = vertices_of([(0, 0), (2, 0), (4, 1), (4, 3), (2, 0), (2, 9)])
    assert stretches(cut_edges(vertices)) == ([(0, 1), (1, 2), (2, 4), (4, 5)], 1)


# ---- how long and how drawn -------------------------------------------------------------------------
STEPS = ([(0, 0), (3, 4), (3, 16), (12, 4)], [(100, 0), (100, 7)])


def test_lengths_are_counted_from_vertex_to_vertex_in_either_order():
    vertices = vertices_of(*STEPS)
    # Steps of 5, 12 and 15; then a road of 7 far off.
    first, last = ints(0, 1, 0, 3, 4, 5, 2, 3), ints(1, 2, 3, 0, 5, 4, 1, 1)
    assert measure(vertices, first, last).tolist() == [5, 12, 32, 32, 7, 7, 12, 27]


def test_half_a_millimetre_counts_as_a_whole_one_and_lengths_are_rounded_only_once():
    # Steps of 100.499 twice, then of 256.500.
    vertices = vertices_of([(0, 0), (10, 100), (20, 200), (276, 216)])
    assert measure(vertices, ints(0, 0, 2, 0), ints(1, 2, 3, 3)).tolist() == [100, 201, 257, 457]
    assert measure(vertices_of([(0, 0), (16, 256)]), ints(0), ints(1)).tolist() == [257]


def test_no_piece_is_shorter_than_a_millimetre():
    vertices = vertices_of([(0, 0), (2, 0)])
    assert measure(vertices, ints(0, 1, 0), ints(0, 1, 1)).tolist() == [1, 1, 2]


def test_the_course_of_a_piece_is_told_apart_from_any_other_but_not_from_its_way_back():
    one = vertices_of([(0, 1), (5, 5), (9, 0)], [(9, 0), (5, 5), (0, 1)], [(0, 1), (5, 4), (9, 0)])
    first, last = ints(0, 2, 3, 5, 6, 8), ints(2, 0, 5, 3, 8, 6)
    there, back, other, other_back, near, near_back = hash_shape(one, first, last).tolist()
    assert there == back == other == other_back
    assert near == near_back
    assert near != there
    # A part of a road is not the whole, and neither of two parts the other.
    parts = hash_shape(one, ints(0, 1, 0), ints(1, 2, 2)).tolist()
    assert len(set(parts)) == 3


def test_two_pieces_over_the_same_ground_are_alike_wherever_they_stand_in_their_roads():
    vertices = vertices_of([(0, 0), (5, 5), (9, 0)], [(1, 8), (7, 7), (9, 0), (5, 5), (0, 0), (3, 3)])
    alike = hash_shape(vertices, ints(0, 5, 4), ints(2, 7, 6)).tolist()
    assert alike[0] == alike[1]
    assert alike[0] != alike[2]


def test_swapping_norths_between_vertices_makes_another_course():
    vertices = vertices_of([(0, 0), (4, 9), (8, 2), (20, 20)], [(0, 0), (4, 2), (8, 9), (20, 20)])
    one, other = hash_shape(vertices, ints(0, 4), ints(3, 7)).tolist()
    assert one != other


def test_lines_are_drawn_in_metres_from_the_first_to_the_last_vertex():
    vertices = vertices_of(*STEPS)
    drawn = draw_lines(vertices, ints(1, 3, 5, 0), ints(3, 1, 4, 1))
    assert [shapely.get_coordinates(line).tolist() for line in drawn] == [
        [[0.003, 0.004], [0.003, 0.016], [0.012, 0.004]],
        [[0.012, 0.004], [0.003, 0.016], [0.003, 0.004]],
        [[0.1, 0.007], [0.1, 0.0]],
        [[0.0, 0.0], [0.003, 0.004]],
    ]
