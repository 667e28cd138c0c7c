"""The public copy: what is hidden cannot be had back from what is shown, nor by comparing two tables."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from layoutplan.present.public import generalise, hide_small, public_grids, with_totals, write_public

LEAST = 3
tables = st.integers(1, 5).flatmap(
    lambda columns: st.lists(st.lists(st.integers(0, 12), min_size=columns, max_size=columns), min_size=1, max_size=5)
)


def bounds(table, hidden):
    """Return the least and most each hidden cell can be, given all that is shown, by linear programming."""
    rows, columns = table.shape
    cells = [tuple(cell) for cell in np.argwhere(hidden)]
    number = {cell: at for at, cell in enumerate(cells)}
    equations, sums = [], []
    lines = [[(row, column) for column in range(columns)] for row in range(rows)]
    lines += [[(row, column) for row in range(rows)] for column in range(columns)]
    for line in lines:
        # The last cell of a line is the sum of the others.
        signs = [1.0] * (len(line) - 1) + [-1.0]
        known = sum(sign * table[cell] for sign, cell in zip(signs, line, strict=True) if cell not in number)
        row = np.zeros(len(cells))
        for sign, cell in zip(signs, line, strict=True):
            if cell in number:
                row[number[cell]] = sign
        equations.append(row)
        sums.append(-known)
    found = {}
    for cell, at in number.items():
        goal = np.eye(len(cells))[at]
        least, most = (
            linprog(sign * goal, A_eq=np.array(equations), b_eq=sums, bounds=(0, None)) for sign in (1.0, -1.0)
        )
        found[cell] = (least.fun, np.inf if most.status == 3 else -most.fun)
    return found


@given(tables)
def test_no_hidden_cell_can_be_had_back(rows):
    counts = np.array(rows, dtype=np.int64)
    table, hidden = with_totals(counts), hide_small(counts, least=LEAST)
    assert hidden[(table > 0) & (table < LEAST)].all()
    for cell, (least, most) in bounds(table, hidden).items():
        assert most - least >= 1.0 - 1e-6, (table.tolist(), hidden.tolist(), cell)


def test_one_small_cell_takes_a_ring_with_it():
    counts = np.array([[20, 2], [30, 40], [50, 60]])
    hidden = hide_small(counts, least=LEAST)
    # The 2, a second cell of its row and of its column, and the corner that closes the ring.
    assert hidden.tolist() == [
        [True, True, False], [True, True, False], [False, False, False], [False, False, False],
    ]  # fmt: skip


def test_nothing_is_hidden_where_nothing_is_small():
    assert not hide_small(np.array([[0, 3], [5, 0]]), least=LEAST).any()


def test_tiny_places_stand_in_the_middle_of_their_square(result):
    from shapely import Point

    points = np.array([Point(1234.0, 5678.0), Point(1234.0, 5678.0)], dtype=object)
    moved, kept = generalise(points, np.array([True, False]), grid_m=1000.0)
    assert (moved.x, moved.y) == (1500.0, 5500.0)
    assert kept.equals(points[1])


def test_no_small_count_is_shown_in_any_table(result):
    grids = {grid.key: grid for grid in public_grids(result, "en")}
    assert set(grids) == {"public_schools", "public_places"}
    for grid in grids.values():
        counts = [cell for row in grid.rows for cell in row[-3:] if isinstance(cell, int)]
        assert not [count for count in counts if 0 < count < LEAST]


def test_the_copy_keeps_the_sums_and_the_bytes(result):
    (schools, places) = public_grids(result, "zh")
    assert schools.rows[-1][-3:] == (406, 157, 563)
    assert places.rows[-1][-3:] == (390, 195, 585)
    assert write_public(result, lang="zh") == write_public(result, lang="zh")


@pytest.mark.parametrize("row", [[2, 0], [1, 1], [2, 2]])
def test_a_tiny_school_is_hidden_with_its_total(row):
    hidden = hide_small(np.array([row, [40, 50], [60, 70]]), least=LEAST)
    assert hidden[0, 2] == (sum(row) < LEAST)
    assert hidden[0][:2][np.array(row) > 0].all()
