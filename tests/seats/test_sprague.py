"""Sprague's multipliers against the published table, and what they keep."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layoutplan.seats.sprague import FIRST, MIDDLE, SECOND, split_groups


@pytest.mark.parametrize(("table", "own"), [(FIRST, 0), (SECOND, 1), (MIDDLE, 2)], ids=["first", "second", "middle"])
def test_the_ages_of_a_group_add_up_to_it_and_to_nothing_of_the_others(table, own):
    wanted = np.zeros(table.shape[1])
    wanted[own] = 1.0
    np.testing.assert_allclose(table.sum(axis=0), wanted, atol=1e-12)


def test_ages_of_five_groups_worked_out_by_the_published_coefficients():
    # Groups 100, 200, 400, 300, 100 (0-4 ... 20-24).
    ages, evenly = split_groups(np.array([[100.0, 200, 400, 300, 100]]))
    assert not evenly.any()
    # Age 4, first panel, last line: .0704 x 100 + .1968 x 200 - .0848 x 400 + .0176 x 300.
    assert ages[0, 4] == pytest.approx(7.04 + 39.36 - 33.92 + 5.28)
    # Age 5, second panel, first line: .0336, .2272, -.0752, .0144.
    assert ages[0, 5] == pytest.approx(3.36 + 45.44 - 30.08 + 4.32)
    # Age 12, middle panel, middle line: .0064, -.0336, .2544, -.0336, .0064.
    assert ages[0, 12] == pytest.approx(0.64 - 6.72 + 101.76 - 10.08 + 0.64)
    # Age 24 is age 0 in the mirror: .3616 x 100 - .2768 x 300 + .1488 x 400 - .0336 x 200.
    assert ages[0, 24] == pytest.approx(36.16 - 83.04 + 59.52 - 6.72)


def test_a_straight_line_stays_one():
    single = np.arange(30.0) * 3 + 20
    ages, _ = split_groups(single.reshape(1, 6, 5).sum(axis=2))
    np.testing.assert_allclose(ages[0], single, atol=1e-9)


def test_a_group_that_would_go_negative_is_split_evenly_and_named():
    ages, evenly = split_groups(np.array([[0.0, 1000, 0, 0]]))
    assert evenly[0].tolist() == [True, False, True, True]
    assert ages[0, :5].tolist() == [0.0] * 5
    assert (ages >= 0).all()


def test_fewer_than_four_groups_are_refused():
    with pytest.raises(ValueError, match="4 needed"):
        split_groups(np.array([[1.0, 2, 3]]))


@given(st.lists(st.lists(st.integers(0, 10_000), min_size=6, max_size=6), min_size=1, max_size=4))
def test_groups_keep_their_totals_and_nobody_is_negative(rows):
    groups = np.array(rows, dtype=float)
    ages, _ = split_groups(groups)
    assert (ages >= 0).all()
    np.testing.assert_allclose(ages.reshape(len(rows), 6, 5).sum(axis=2), groups, rtol=1e-9, atol=1e-6)
