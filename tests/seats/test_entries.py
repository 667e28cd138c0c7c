"""How many enter: which grades take pupils, shares of a cohort, and the district year by year."""

from __future__ import annotations

import forecast_oracle
import numpy as np
import pytest

from layoutplan.seats.entries import (
    district_entries,
    entries_from_births,
    entry_grades,
    learn_shares,
    robust_level,
    share_growth,
    top_grades,
)
from layoutplan.seats.progression import Ratios

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
        ([[0, 0, 0, 0], [5, 5, 0, 0], [5, 5, 5, 0]], 3),
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


def test_a_single_year_is_its_own_level_with_steps_as_they_usually_are():
    assert robust_level(np.array([5.0])) == (5.0, 0.04)


def test_a_step_is_followed_by_two_thirds_and_one_beyond_twice_the_usual_counts_as_that():
    # One step, of which nothing is known: the usual one is 0.04 * sqrt(5/6) = 0.03651.
    level, step_sd = robust_level(np.array([2.0, 2.05]))
    assert step_sd == pytest.approx(0.036515, abs=1e-6)
    assert level == pytest.approx(2.0 + 0.65 * 0.05)
    assert robust_level(np.array([2.0, 2.5]))[0] == pytest.approx(2.0 + 0.65 * 0.07303, abs=1e-5)
    assert robust_level(np.array([2.5, 2.0]))[0] == pytest.approx(2.5 - 0.65 * 0.07303, abs=1e-5)


@pytest.mark.parametrize("seed", range(40))
def test_levels_and_entries_ahead_are_those_of_the_formulas_a_number_at_a_time(seed):
    dice = np.random.default_rng(seed)
    series = 300 * np.exp(np.cumsum(dice.normal(-0.02, dice.choice([0.005, 0.05, 0.3]), 1 + seed % 14)))
    found = robust_level(np.log(series))
    assert found == pytest.approx(forecast_oracle.level_of(np.log(series).tolist()))
    flat, trended = forecast_oracle.entries_of(series.tolist(), 6)
    for ours, theirs in zip(district_entries(series, 6), (flat, trended), strict=True):
        assert ours.tolist() == pytest.approx(theirs)


def test_entries_of_less_than_half_a_child_count_as_half_a_child():
    assert district_entries(np.array([0.2]), 2)[0].tolist() == pytest.approx([0.5, 0.5])
    assert district_entries(np.array([0.6]), 2)[0].tolist() == pytest.approx([0.6, 0.6])


def test_a_share_is_read_off_all_grades_taken_back_to_entry():
    # Half a cohort is lost at each move; 30 of 100 enter, and 20 and 5 that are left stand for 40 of 120 and 20 of 100.
    pupils = np.array([[[30.0, 20.0, 5.0]], [[70.0, 40.0, 20.0]]])
    ratios = Ratios(np.log([0.5, 0.5]), np.zeros(2), np.zeros((2, 2)))
    shares = learn_shares(pupils, pupils.sum(axis=0), np.array([0, -1]), ratios)
    # With one year nothing says how earlier cohorts fade: 0.6 a year. The district's pupils are taken as they are.
    assert shares.level.tolist() == pytest.approx([(30 + 0.6 * 20 + 0.36 * 5) / (100 + 0.6 * 60 + 0.36 * 25), 0.0])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("size", [(9, 6, 6), (3, 3, 2), (3, 2, 6), (5, 9, 9)])
def test_shares_and_their_trends_are_those_of_the_formulas_a_number_at_a_time(seed, size):
    schools, years, grades = size
    dice = np.random.default_rng(seed)
    share = np.exp(np.cumsum(dice.normal(0, (0.02, 0.08, 0.4)[seed % 3], (schools, years + grades)), axis=1))
    cohorts = dice.poisson(400 * share / share.sum(axis=0)).astype(float)
    pupils = np.stack([[cohorts[:, grades + year - grade] for grade in range(grades)] for year in range(years)], axis=0)
    pupils = pupils.transpose(2, 0, 1) * dice.uniform(0.9, 1.1, (schools, years, grades))
    pupils[0, :, 0], pupils[1, -1, -1], pupils[2, years // 2, 0], pupils[1, :2, 0] = 0.0, NAN, 0.0, 1.0
    ratios = Ratios(np.zeros(grades - 1), dice.normal(0, 0.05, schools), dice.normal(0, 0.02, (schools, grades - 1)))
    entry = entry_grades(pupils)
    found = learn_shares(pupils, np.nansum(pupils, axis=0), entry, ratios)
    learnt = (ratios.district, ratios.shift.tolist(), ratios.extra.tolist())
    level, trend = forecast_oracle.shares_of(pupils, entry.tolist(), learnt)
    assert found.level.tolist() == pytest.approx(level)
    assert found.trend.tolist() == pytest.approx(trend, abs=1e-12)


def test_a_share_that_grows_grows_by_a_fifth_less_every_year():
    # 0.1 a year: 0.08, 0.064 and 0.0512 more.
    found = np.log(share_growth(np.array([0.1, 0.0]), 3))
    assert found[0].tolist() == pytest.approx([0.08, 0.144, 0.1952])
    assert found[1].tolist() == [0.0, 0.0, 0.0]


BORN = {2015: 90.0, 2016: 120.0, 2017: 60.0}


def ahead(series, births, *, horizons=2):
    """Return entries at six from births, of a series that ends in 2023."""
    years = np.arange(2024 - len(series), 2024)
    return entries_from_births(np.array(series, dtype=float), years, births, entry_age=6, horizons=horizons)


def test_who_enters_was_born_in_the_last_two_thirds_of_a_year_or_the_first_third_of_the_year_before():
    births = BORN | {2014: 90.0, 2013: 90.0}
    # 2021 enter 90 of 90 born, 2022 of 90/3 + 2 * 120/3 = 110 all, 2023 of 120/3 + 2 * 60/3 = 80 all.
    assert ahead([90, 110, 80], births).tolist() == pytest.approx([60.0, 60.0])
    # Half of them: half of those born.
    assert ahead([45, 55, 40], births).tolist() == pytest.approx([30.0, 30.0])
    assert ahead([45, 55, 40], births | {2018: 120.0}).tolist() == pytest.approx([50.0, 60.0])


def test_births_are_used_from_three_years_on_that_can_be_compared():
    births = BORN | {2014: 90.0}
    assert ahead([110, 80], births) is None
    assert ahead([90, 110, 80], births) is not None
    assert ahead([0, 110, 80], births) is None
    assert ahead([50, 90, 110, 80], births) is not None
    assert ahead([90, 110, 80], {}) is None


def test_a_single_child_that_enters_is_one_that_can_be_compared():
    assert ahead([1, 1, 1], dict.fromkeys(range(2013, 2018), 1.0)).tolist() == pytest.approx([1.0, 1.0])


def test_births_of_nobody_foretell_nothing():
    births = BORN | {2014: 90.0}
    assert ahead([90, 110, 80], births | {2018: 0.0}, horizons=1) is not None
    assert ahead([90, 110, 80], births | {2018: 0.0}, horizons=2) is None
