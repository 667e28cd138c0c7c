"""Plain forecasts of two schools, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from layoutplan.seats.guesses import HORIZONS, PARTS, carried, grade_progression, last_year, make_guess

# School, year, grade: one entry grade each, and it fills two grades.
STEADY = np.array([[[20.0, 20.0]] * 4, [[10.0, 10.0]] * 4])
YEARS = np.array([2019, 2020, 2021, 2022])
NAN = np.nan


def test_what_is_not_known_is_what_was_known_last_or_nothing():
    history = np.array([[[NAN, 5.0], [3.0, NAN], [NAN, 7.0], [NAN, NAN]]])
    assert carried(history).tolist() == [[[0.0, 5.0], [3.0, 5.0], [3.0, 7.0], [3.0, 7.0]]]
    assert np.isnan(history[0, 0, 0])


def test_last_year_is_repeated():
    assert last_year(np.array([[1.0, 2.0], [3.0, 4.0]])).tolist() == [[[1.0, 2.0]] * HORIZONS, [[3.0, 4.0]] * HORIZONS]


def test_ratios_of_the_last_three_years_move_cohorts_up():
    # Three moves up: 10 to 5, 10 to 10, 20 to 15, together 40 to 30; an older one of 10 to 100 no longer counts.
    pupils = np.array([[[10.0, 1.0], [10.0, 100.0], [10.0, 5.0], [20.0, 10.0], [8.0, 15.0]]])
    ahead = grade_progression(pupils, np.array([0]))
    assert ahead[0].tolist() == [[8.0, 6.0]] * HORIZONS


def test_a_cohort_runs_out_where_nobody_enters_and_an_unknown_ratio_is_one():
    ahead = grade_progression(np.array([[[30.0, 12.0, 9.0]]]), np.array([-1]))
    assert ahead[0, :4].tolist() == [[0.0, 30.0, 12.0], [0.0, 0.0, 30.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    gap = np.array([[[10.0, NAN], [10.0, 5.0], [NAN, 5.0], [6.0, NAN]]])
    # Known moves: 10 to 5 and 10 to 5; the third has no beginning.
    assert grade_progression(gap, np.array([0]))[0, 0].tolist() == [6.0, 3.0]


def test_when_nothing_ever_changes_every_method_says_so():
    guess = make_guess(STEADY, YEARS, {}, entry_age=6)
    assert guess.school.shape == (len(PARTS), 2, HORIZONS, 2)
    assert guess.school[:, 0] == pytest.approx(np.full((len(PARTS), HORIZONS, 2), 20.0))
    assert guess.school[:, 1] == pytest.approx(np.full((len(PARTS), HORIZONS, 2), 10.0))
    assert guess.district == pytest.approx(np.full((len(PARTS), HORIZONS, 2), 30.0))
    assert not guess.has_births


def test_births_that_double_double_the_entries_of_the_years_they_enter():
    born = {year: 60.0 if year < 2018 else 120.0 for year in range(2005, 2023)}
    guess = make_guess(STEADY, YEARS, born, entry_age=6)
    assert guess.has_births
    by_births = guess.district[PARTS.index("births"), :, 0]
    # Entrants of 2023 were born from September 2016 to August 2017, those of 2025 and later from 2018 on.
    assert by_births[0] == pytest.approx(30.0)
    assert by_births[3] == pytest.approx(60.0)
    assert guess.school[PARTS.index("births"), 0, 3, 0] == pytest.approx(40.0)
    assert guess.school[PARTS.index("share"), 1, 3, 0] == pytest.approx(20.0)
    # Who entered in one year is in the next grade a year later.
    assert guess.district[PARTS.index("births"), 1:, 1] == pytest.approx(by_births[:-1])
    assert guess.district[PARTS.index("flat"), :, 0] == pytest.approx([30.0] * HORIZONS)


def test_the_usual_share_of_three_years_weighs_the_last_most():
    # School 0 has 10, 20 and 30 of 40 in both grades: 0.25 x 1/4 + 0.35 x 1/2 + 0.4 x 3/4 = 0.5375.
    one = np.array([[10.0, 10.0], [10.0, 10.0], [20.0, 20.0], [30.0, 30.0]])
    guess = make_guess(np.stack([one, 40.0 - one]), YEARS, {}, entry_age=6)
    district = guess.district[PARTS.index("share"), 0]
    assert guess.school[PARTS.index("usual_share"), 0, 0] == pytest.approx(0.5375 * district)
    assert guess.school[PARTS.index("share"), 0, 0] == pytest.approx(0.75 * district)
