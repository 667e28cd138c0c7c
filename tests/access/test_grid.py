"""The nearest road of a point by a grid of squares, on roads drawn so that distances are whole numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("numba")
from layoutplan.access.grid import Grid, Pieces, enter_pieces, measure_along, measure_off, search_grid


def pieces_of(*lines):
    first = np.cumsum([0, *map(len, lines)]).astype(np.int64)
    return Pieces(np.array([spot for line in lines for spot in line], dtype=np.float64), first)


def entered(pieces, corner, shape):
    """Return where the entries of every square begin, and the entries, after both rounds."""
    corner, shape = np.array(corner, dtype=np.float64), np.array(shape, dtype=np.int64)
    start = np.zeros(int(shape.prod()) + 2, dtype=np.int64)
    enter_pieces(pieces, corner, shape, start, np.empty(0, dtype=np.int64))
    start = np.cumsum(start)
    piece = np.full(int(start[-1]), -7, dtype=np.int64)
    enter_pieces(pieces, corner, shape, start, piece)
    edge = np.repeat(np.arange(len(pieces.first) - 1), np.diff(pieces.first))
    return Grid(corner, shape, start, piece, edge)


def found(lines, corner, shape, points, *, limit_m=1000.0):
    """Return edge, distance and way along of every point."""
    pieces = pieces_of(*lines)
    where = np.array(points, dtype=np.float64).reshape(-1, 2)
    answer = search_grid(pieces, entered(pieces, corner, shape), where, limit_m)
    return list(zip(*(part.tolist() for part in answer), strict=True))


# ---- which pieces touch which square ----------------------------------------------------------------
def test_a_piece_is_entered_in_every_square_its_bounds_touch():
    pieces = pieces_of([(105, 205), (125, 205), (125, 215)], [(112, 218), (108, 211)])
    grid = entered(pieces, (100, 200, 10), (3, 2))
    by_square = [grid.piece[begin:end].tolist() for begin, end in zip(grid.start[:-2], grid.start[1:-1], strict=True)]
    # Squares of the western column from south to north, then those of the next.
    assert by_square == [[0], [3], [0], [3], [0, 1], [1]]
    assert len(grid.piece) == 7


def test_the_entries_of_a_square_are_counted_two_places_on():
    pieces = pieces_of([(105, 205), (125, 205), (125, 215)], [(112, 218), (108, 211)])
    start = np.zeros(8, dtype=np.int64)
    corner, shape = np.array([100.0, 200.0, 10.0]), np.array([3, 2])
    enter_pieces(pieces, corner, shape, start, np.empty(0, dtype=np.int64))
    assert start.tolist() == [0, 0, 1, 1, 1, 1, 2, 1]


def test_what_touches_the_side_of_a_square_belongs_to_the_one_east_and_north_of_it():
    grid = entered(pieces_of([(10, 0), (10, 10)], [(0, 20), (9.5, 29.5)]), (0, 0, 10), (2, 3))
    by_square = [grid.piece[begin:end].tolist() for begin, end in zip(grid.start[:-2], grid.start[1:-1], strict=True)]
    assert by_square == [[], [], [2], [0], [0], []]


# ---- one piece, one edge ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("point", "off"),
    [
        ((3, 7), math.sqrt(20)),
        ((7, -1), math.sqrt(20)),
        ((3, 2), 0),
        ((1, 1), 0),
        ((-2, -3), 5),  # beyond the beginning
        ((12, 9), 5),  # beyond the end
        ((15, 13), 10),
    ],
)
def test_a_point_is_as_far_off_as_the_foot_on_the_piece_or_the_nearer_end(point, off):
    # From (1, 1) to (9, 5): 8 east, 4 north; (3, 7) lies 2 west and 4 north of its middle.
    spot = np.array([[0, 0], [1, 1], [9, 5]], dtype=np.float64)
    assert measure_off(*map(float, point), spot, 1) == pytest.approx(off, abs=1e-12)
    turned = np.array([[0, 0], [9, 5], [1, 1]], dtype=np.float64)
    assert measure_off(*map(float, point), turned, 1) == pytest.approx(off, abs=1e-12)


def test_the_way_along_an_edge_counts_the_pieces_before():
    # 3 east and 4 north, then 12 east, then 9 south.
    pieces = pieces_of([(0, 90), (0, 80)], [(10, 10), (13, 14), (25, 14), (25, 5)])
    along = {
        (8, 9): 0,
        (10, 10): 0,
        (11.5, 12): 2.5,
        (13, 14): 5,
        (17, 20): 9,
        (13, 20): 5,
        (25, 14): 17,
        (27, 16): 17,
        (40, 8): 23,
        (25, 5): 26,
        (26, 1): 26,
        (10, 16): 4.8,
        (11, 17): 5,
        (25, 9): 22,
        (20, 14): 12,
    }
    for (east, north), wanted in along.items():
        assert measure_along(float(east), float(north), pieces, np.int64(1)) == pytest.approx(wanted, abs=1e-12)
    assert measure_along(3.0, 84.0, pieces, np.int64(0)) == 6


def test_of_two_stretches_of_an_edge_that_are_as_near_the_first_counts():
    # Out, round and back, ten apart.
    pieces = pieces_of([(0, 0), (20, 0), (20, 10), (0, 10)])
    assert measure_along(6.0, 5.0, pieces, np.int64(0)) == 6


# ---- the search -------------------------------------------------------------------------------------
# Squares of ten: a street along the south of five by four of them, one along the north, one in the east.
SOUTH, NORTH, EAST = [(2, 3), (42, 3)], [(2, 37), (30, 37)], [(45, 10), (45, 35)]
STREETS = [SOUTH, NORTH, EAST]
FIELD = ((0, 0, 10), (5, 4))


@pytest.mark.parametrize(
    ("point", "wanted"),
    [
        ((12, 3), (0, 0, 10)),
        ((12, 8), (0, 5, 10)),
        ((12, 13), (0, 10, 10)),
        ((12, 19), (0, 16, 10)),
        ((12, 21), (1, 16, 10)),
        ((2, 39), (1, 2, 0)),
        ((27, 25), (1, 12, 25)),
        ((34, 25), (2, 11, 15)),
        ((49, 22), (2, 4, 12)),
        ((45, 38), (2, 3, 25)),
        ((49, 7), (2, 5, 0)),
        ((39, 12), (2, 6, 2)),
        # Outside the squares on every side, and round a corner.
        ((-8, 3), (0, 10, 0)),
        ((12, -17), (0, 20, 10)),
        ((12, 90), (1, 53, 10)),
        ((95, 22), (2, 50, 12)),
        ((-58, 117), (1, 100, 0)),
        ((-58, -77), (0, 100, 0)),
        ((105, 115), (2, 100, 25)),
        ((442, -297), (0, 500, 40)),
    ],
)
def test_a_point_finds_the_nearest_street_from_inside_and_outside(point, wanted):
    assert found(STREETS, *FIELD, [point]) == [pytest.approx(wanted)]


def test_every_point_gets_its_own_answer():
    points = [(12, 8), (math.nan, 8), (12, math.nan), (math.inf, 8), (2, 39), (-500, 3)]
    assert found(STREETS, *FIELD, points, limit_m=100.0) == [
        (0, 5, 10), (-1, 0, 0), (-1, 0, 0), (-1, 0, 0), (1, 2, 0), (-1, 0, 0),
    ]  # fmt: skip
    assert found(STREETS, *FIELD, []) == []


def test_a_street_counts_at_the_limit_and_not_beyond():
    for point, off in (((12, 8), 5), ((12, 13), 10), ((22, -27), 30), ((-28, 43), math.hypot(30, 6))):
        assert found(STREETS, *FIELD, [point], limit_m=off)[0][:2] == (0 if point[1] < 20 else 1, off)
        assert found(STREETS, *FIELD, [point], limit_m=off - 1e-9)[0] == (-1, 0, 0)


def test_of_streets_that_are_as_near_the_first_counts():
    # Two parallel streets, ten apart, told in either order, and a point between them in either's square.
    low, high = [(0, 5), (20, 5)], [(0, 15), (20, 15)]
    for lines in ([low, high], [high, low], [[(90, 0), (99, 0)], low, high], [[(90, 0), (99, 0)], high, low]):
        (edge, off, along), = found(lines, (0, 0, 10), (10, 2), [(7, 10)])  # fmt: skip
        assert (edge, off, along) == (len(lines) - 2, 5, 7)
    # The same street twice.
    assert found([low, low], (0, 0, 10), (3, 1), [(7, 9)]) == [(0, 4, 7)]


@pytest.mark.parametrize(
    ("point", "wanted"),
    [((0.5, 0.5), 1), ((19.5, 0.5), 1), ((0.5, 19.5), 1), ((19.5, 19.5), 1), ((10.5, 0.5), 1), ((0.5, 10.5), 1)],
)
def test_the_only_street_is_found_from_every_corner_of_the_squares(point, wanted):
    # Squares of one, twenty each way; a street one long in the middle.
    lines = [[(10.2, 10.5), (10.8, 10.5)]]
    (edge, off, _), = found(lines, (0, 0, 1), (20, 20), [point])  # fmt: skip
    east = 10.2 if point[0] < 10.2 else 10.8 if point[0] > 10.8 else point[0]
    assert edge == 0
    assert off == pytest.approx(math.hypot(point[0] - east, point[1] - 10.5))


@pytest.mark.parametrize("turned", [False, True])
def test_a_street_at_the_far_end_of_a_narrow_row_of_squares_is_found(turned):
    line, shape, points = [(93, 4), (97, 4)], (10, 1), [(3, 4), (-57, 4), (193, 4)]
    if turned:
        line, shape, points = [spot[::-1] for spot in line], shape[::-1], [spot[::-1] for spot in points]
    assert [off for _, off, _ in found([line], (0, 0, 10), shape, points)] == [90, 150, 96]


def test_all_sides_of_a_ring_are_looked_at():
    """A street a square, each one long, in the middles of seven by seven squares but the one in the middle."""
    spots = [(column * 10 + 5, row * 10 + 5) for column in range(7) for row in range(7)]
    for spot in spots:
        line = [(spot[0] - 0.5, spot[1]), (spot[0] + 0.5, spot[1])]
        (edge, off, along), = found([line], (0, 0, 10), (7, 7), [(35, 35)])  # fmt: skip
        east = min(max(35, line[0][0]), line[1][0])
        assert edge == 0
        assert off == pytest.approx(math.hypot(35 - east, 35 - spot[1]))
        assert along == pytest.approx(east - line[0][0])


def test_a_nearer_street_in_a_farther_square_wins():
    # The point stands at the side of its square: 9 from the street in it, 8 from one two squares on.
    assert found([[(1, 0), (1, 9)], [(18, 0), (18, 9)]], (0, 0, 4), (5, 3), [(10, 5)]) == [(1, 8, 5)]
    # A street of the next square, at a limit far below its side.
    assert found([[(10.5, 0), (10.5, 9)]], (0, 0, 10), (2, 1), [(9.5, 4)], limit_m=2.0) == [(0, 1, 4)]


def test_a_street_a_hair_behind_the_side_of_a_square_is_not_missed():
    lines = [[(-2e-7, 0), (-2e-7, 9)], [(60, 0), (60, 9)]]
    ((edge, off, along),) = found(lines, (-10, 0, 10), (8, 1), [(10, 5)], limit_m=10.0000005)
    assert (edge, along) == (0, 5)
    assert off == pytest.approx(10)


def test_a_grid_that_does_not_begin_at_nought_gives_the_same_answers():
    moved = [[(east + 4_000_000, north - 70_000) for east, north in line] for line in STREETS]
    points = [(4_000_012, -69_992), (4_000_002, -69_961), (4_000_049, -69_978), (3_999_992, -69_997)]
    assert found(moved, (4_000_000, -70_000, 10), (5, 4), points) == [(0, 5, 10), (1, 2, 0), (2, 4, 12), (0, 10, 0)]


@pytest.mark.parametrize(("column", "row", "shape"), [(0, 3, (5, 4)), (4, 2, (5, 4)), (0, 1, (1, 4))])
def test_a_street_within_one_square_is_found_from_beside_it(column, row, shape):
    line = [(column * 10 + 2, row * 10 + 5), (column * 10 + 8, row * 10 + 5)]
    assert found([line], (0, 0, 10), shape, [(column * 10 + 4, row * 10 + 9)], limit_m=4.0) == [(0, 4, 2)]
