"""In which grade schools take pupils, and up to which they will teach."""

from __future__ import annotations

import numpy as np
import pytest

from layoutplan.seats.entries import entry_grades, top_grades

NAN = np.nan


@pytest.mark.parametrize(
    ("history", "wanted"),
    [
        ([[5, 5, 5], [5, 5, 5]], 0),
        ([[0, 5, 5], [0, 5, 5]], 1),
        ([[0, 0, 0], [0, 0, 0]], -1),
        # Its lowest grade is last year's, moved up: it takes no more.
        ([[5, 5, 5], [0, 5, 5]], -1),
        ([[0, 5, 5], [5, 5, 5]], 0),
        ([[0, 0, 0], [5, 0, 0]], 0),
        ([[NAN, NAN, NAN], [NAN, 4, 4]], 1),
    ],
)
def test_a_school_takes_pupils_in_its_lowest_grade_until_that_moves_up(history, wanted):
    assert entry_grades(np.array([history], dtype=float)).tolist() == [wanted]


def test_with_a_single_year_nothing_can_have_moved_up():
    assert entry_grades(np.array([[[0.0, 5.0, 5.0]], [[0.0, 0.0, 0.0]]])).tolist() == [1, -1]


@pytest.mark.parametrize(
    ("history", "wanted"),
    [
        # There from the beginning: it teaches what it teaches, however it grew.
        ([[5, 0, 0, 0], [5, 5, 0, 0], [5, 5, 5, 0]], 2),
        ([[5, 5, 0, 0]] * 3, 1),
        # Opened since, and a grade more in every year: all of the district's.
        ([[0, 0, 0, 0], [5, 0, 0, 0], [5, 5, 0, 0]], 3),
        ([[0, 0, 0, 0], [0, 0, 0, 0], [5, 0, 0, 0]], 3),
        # Opened since, and no longer growing.
        ([[0, 0, 0, 0], [5, 5, 0, 0], [5, 5, 0, 0]], 1),
        ([[0, 0, 0, 0], [5, 0, 0, 0], [5, 5, 5, 0]], 2),
        ([[0, 0, 0, 0], [5, 5, 5, 5], [5, 5, 5, 5]], 3),
        ([[5, 5, 5, 5]] * 3, 3),
        # Closed, or never open.
        ([[5, 5, 0, 0], [0, 5, 0, 0], [0, 0, 0, 0]], -1),
        ([[0, 0, 0, 0], [5, 0, 0, 0], [0, 0, 0, 0]], -1),
        ([[NAN, NAN, NAN, NAN], [5, 0, 0, 0], [5, 5, NAN, NAN]], 3),
    ],
)
def test_a_school_that_opened_and_grew_by_a_grade_a_year_will_teach_them_all(history, wanted):
    other = [[9, 9, 9, 9]] * 3
    assert top_grades(np.array([history, other], dtype=float)).tolist() == [wanted, 3]
