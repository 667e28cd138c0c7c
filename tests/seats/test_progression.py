"""Ratios of moving up a grade: small histories by hand, and what must hold for any."""

from __future__ import annotations

from math import log

import forecast_oracle
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from layoutplan.seats.progression import learn_ratios, log_ratio, nan_median, over, ratios_between, recency, tukey

NAN = np.nan


def steady(*schools, years=6):
    """Return a history in which every school has the same grades in all years."""
    return np.repeat(np.array(schools, dtype=float)[:, None, :], years, axis=1)


def test_a_median_leaves_out_what_is_not_known():
    values = np.array([[1.0, NAN, 5.0, 3.0], [NAN, NAN, NAN, NAN], [4.0, 1.0, NAN, NAN]])
    assert nan_median(values, axis=1)[[0, 2]].tolist() == [3.0, 2.5]
    assert np.isnan(nan_median(values, axis=1)[1])
    assert nan_median(values, axis=0).tolist() == [2.5, 1.0, 5.0, 3.0]


@given(arrays(float, (5, 4), elements=st.one_of(st.just(NAN), st.floats(-9, 9))))
def test_a_median_of_the_known_is_numpy_s(values):
    for row, found in zip(values, nan_median(values, axis=1), strict=True):
        known = row[~np.isnan(row)]
        assert np.isnan(found) if not len(known) else found == pytest.approx(np.median(known))


def test_weights_of_years_and_of_residuals_by_hand():
    assert recency(3, 2.0).tolist() == pytest.approx([0.5, 0.5**0.5, 1.0])
    # Half of the limit away: (1 - 1/4) squared.
    assert tukey(np.array([0.0, 2.3425, -2.3425, 4.685, -9.0])).tolist() == pytest.approx([1, 0.5625, 0.5625, 0, 0])
    assert over(np.array([6.0, 1.0]), np.array([3.0, 0.0])).tolist() == [2.0, 0.0]
    found = log_ratio(np.array([10.0, 10.0, 0.0]), np.array([5.0, 0.0, 5.0]))
    assert found[0] == pytest.approx(log(0.5))
    assert np.isnan(found[1:]).all()


def test_a_district_that_loses_a_tenth_each_year_is_told_so_and_no_school_stands_out():
    ratios = learn_ratios(steady([100.0, 90.0, 81.0], [50.0, 45.0, 40.5]))
    assert ratios.district.tolist() == pytest.approx([log(0.9)] * 2)
    assert ratios.shift.tolist() == pytest.approx([0.0, 0.0], abs=0.01)
    assert ratios.extra == pytest.approx(np.zeros((2, 2)), abs=0.01)


def test_a_year_in_which_a_grade_is_not_known_is_left_out_and_not_taken_for_steady():
    history = steady([100.0, 90.0, 81.0], [50.0, 45.0, 40.5])
    history[:, 2, 1] = NAN
    assert learn_ratios(history).district.tolist() == pytest.approx([log(0.9)] * 2)


def test_the_ratio_of_each_grade_is_its_own():
    ratios = learn_ratios(steady([100.0, 80.0, 88.0]))
    assert ratios.district.tolist() == pytest.approx([log(0.8), log(1.1)])


def test_one_wild_year_hardly_counts():
    pupils = steady([1000.0, 1000.0, 1000.0], years=9)
    # In one year a quarter is away, and comes back in the next.
    pupils[:, 4] *= 0.75
    assert learn_ratios(pupils).district.tolist() == pytest.approx([0.0, 0.0], abs=1e-6)


def test_of_two_lasting_levels_the_later_counts_more():
    early, late = np.full((1, 4, 1), 1000.0), np.full((1, 4, 1), 1000.0)
    before = np.concatenate([early, late], axis=1)
    after = np.concatenate([early * 1.0, late * 1.01], axis=1)
    found = ratios_between(before, after, np.array([1000.0])).district[0]
    assert log(1.005) < found < log(1.01)


def test_a_ratio_is_never_beyond_the_most_that_is_believed():
    assert learn_ratios(steady([10.0, 90.0])).district.tolist() == pytest.approx([0.7])
    assert learn_ratios(steady([90.0, 10.0])).district.tolist() == pytest.approx([-0.7])


def test_without_two_years_or_without_pupils_cohorts_stay_as_they_are():
    for pupils in (steady([30.0, 20.0, 10.0], years=1), steady([0.0, 0.0, 0.0]), steady([NAN, NAN, NAN])):
        ratios = learn_ratios(pupils)
        assert ratios.district.tolist() == [0.0, 0.0]
        assert ratios.shift.tolist() == [0.0]
        assert ratios.extra.tolist() == [[0.0, 0.0]]


def test_a_large_school_that_always_gains_is_told_from_the_others():
    """Four schools lose 5 %, one gains 15 %: large counts are believed, small ones shrunk."""

    def shifts(size):
        rest = [[size, size * 0.95, size * 0.95**2, size * 0.95**3]] * 4
        return learn_ratios(steady(*rest, [size, size * 1.15, size * 1.15**2, size * 1.15**3])).shift

    large, small = shifts(10_000.0), shifts(12.0)
    assert large[4] - large[0] == pytest.approx(log(1.15 / 0.95), abs=0.03)
    assert large[4] > 0 > large[0]
    assert 0 <= small[4] < large[4]


def test_pupils_that_are_not_known_change_nothing_of_what_is():
    pupils = steady([100.0, 90.0, 81.0], [50.0, 45.0, 40.5], years=8)
    gaps = pupils.copy()
    gaps[0, 3] = NAN
    assert learn_ratios(gaps).district.tolist() == pytest.approx([log(0.9)] * 2)
    assert np.isnan(gaps[0, 3]).all()


@given(arrays(float, (3, 5, 4), elements=st.integers(0, 60).map(float)), st.permutations(range(3)))
def test_the_order_of_schools_does_not_matter(pupils, order):
    here, there = learn_ratios(pupils), learn_ratios(pupils[list(order)])
    assert there.district == pytest.approx(here.district, abs=1e-9)
    assert there.shift == pytest.approx(here.shift[list(order)], abs=1e-9)
    assert there.extra == pytest.approx(here.extra[list(order)], abs=1e-9)
    for part in (here.district, here.shift, here.extra):
        assert (np.abs(part) <= 0.7).all()


def history(seed, *, schools=12, years=7, grades=6):
    """Return a history by chance: cohorts that move up, some of them unknown, schools that open, close and shift."""
    dice = np.random.default_rng(seed)
    size = dice.lognormal(3.2, 1.2, schools)
    gain = dice.normal(0, 0.05, schools) + 0.03 * (np.log(size) - 3)
    pupils = np.empty((schools, years, grades))
    pupils[:, 0] = dice.poisson(size[:, None], (schools, grades))
    for year in range(1, years):
        pupils[:, year, 0] = dice.poisson(size * 0.97**year)
        moved = pupils[:, year - 1, :-1] * np.exp(gain + dice.normal(0, 0.02))[:, None] * dice.uniform(0.9, 1.05)
        pupils[:, year, 1:] = dice.poisson(moved)
    pupils[0, years // 2 :] *= 2
    pupils[1, : years // 2] = 0
    pupils[dice.random(pupils.shape) < 0.05] = NAN
    return pupils


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("size", [(12, 7, 6), (7, 4, 3), (2, 3, 2), (9, 2, 4), (25, 9, 9)])
def test_ratios_are_those_of_the_formulas_a_number_at_a_time(seed, size):
    schools, years, grades = size
    pupils = history(seed, schools=schools, years=years, grades=grades)
    found = learn_ratios(pupils)
    district, shift, extra = forecast_oracle.ratios_of(pupils)
    assert found.district == pytest.approx(np.array(district), abs=1e-12)
    assert found.shift == pytest.approx(np.array(shift), abs=1e-9)
    assert found.extra == pytest.approx(np.array(extra), abs=1e-9)
