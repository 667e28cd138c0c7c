"""Which grade a school takes new pupils in, and how far up it will teach, read off its history."""

from __future__ import annotations

import numpy as np
import pytest

from layoutplan.seats.entries import entry_grades, top_grades

UNKNOWN = np.nan


def history(*years):
    """Pupils of one school by year and grade."""
    return np.array([years], dtype=float)


@pytest.mark.parametrize(
    ("pupils", "entry"),
    [
        (history([9, 9, 9], [9, 9, 9]), 0),
        (history([0, 0, 0], [0, 0, 0]), -1),
        (history([0, 9, 9], [0, 9, 9]), 1),
        # The youngest grade moved up and nobody came after it.
        (history([9, 9, 9], [0, 9, 9]), -1),
        # Two grades are missing at once: it now begins with the third.
        (history([9, 9, 9], [0, 0, 9]), 2),
        (history([0, 9, 9]), 1),
        (history([UNKNOWN, 9, 9], [9, 9, 9]), 0),
    ],
)
def test_the_entry_grade_is_the_lowest_with_pupils_unless_the_school_runs_out(pupils, entry):
    assert entry_grades(pupils).tolist() == [entry]


@pytest.mark.parametrize(
    ("pupils", "top"),
    [
        (history([9, 9, 9, 0, 0, 0], [9, 9, 9, 0, 0, 0]), 2),
        (history([9, 9, 9, 0, 0, 0]), 2),
        (history([0] * 6, [0] * 6), -1),
        (history([0] * 6), -1),
        (history([9] * 6, [0] * 6), -1),
        (history([9] * 6), 5),
        # It opened and has grown by a grade a year since, or has just opened: it will teach all grades.
        (history([0] * 6, [9, 0, 0, 0, 0, 0], [9, 9, 0, 0, 0, 0]), 5),
        (history([0] * 6, [9, 0, 0, 0, 0, 0]), 5),
        # It opened and stopped growing.
        (history([0] * 6, [9, 9, 0, 0, 0, 0], [9, 9, 0, 0, 0, 0]), 1),
        (history([UNKNOWN] * 6, [9, 9, 0, 0, 0, 0], [9, 9, 9, 0, 0, 0]), 5),
        # It has always been there: that it grew says nothing of its end.
        (history([9, 0, 0, 0, 0, 0], [9, 9, 0, 0, 0, 0]), 1),
    ],
)
def test_the_top_grade_is_the_highest_with_pupils_unless_the_school_is_growing_up(pupils, top):
    assert top_grades(pupils).tolist() == [top]
