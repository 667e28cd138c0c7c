"""Spreads, bands and weights worked out by hand."""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from layoutplan.seats.pooling import learn_weights, weighted_quantile
from layoutplan.seats.ranges import band, learn_band, plain_spread, standardised


def test_the_plain_spread_grows_with_the_years_ahead_and_falls_with_the_pupils():
    found = plain_spread(np.array([100.0, 0.25, 0.0]), 0, "school")
    # Below one pupil chance is that of one.
    assert found.tolist() == pytest.approx([sqrt(0.007 + 0.028**2), sqrt(0.7 + 0.028**2), sqrt(0.7 + 0.028**2)])
    assert plain_spread(np.array([50.0]), 3, "grade").item() == pytest.approx(sqrt(1.3 / 50 + (0.05 + 0.084) ** 2))


def test_an_error_counts_in_plain_spreads():
    spread = sqrt(1.3 / 19.5 + 0.05**2)
    assert standardised(np.array([39.5]), np.array([19.5]), 0, "grade").item() == pytest.approx(log(2) / spread)
    assert standardised(np.array([19.5, 0.0]), np.array([19.5, 0.0]), 0, "grade").tolist() == [0.0, 0.0]


def test_a_band_is_as_many_spreads_wide_as_its_ends_say_and_holds_what_is_expected():
    spread = float(plain_spread(np.array([19.5]), 1, "grade")[0])
    low, high = band(np.array([19.5, 0.0, 0.1]), 1, "grade", ends=(-1.0, 2.0))
    assert low[0] == pytest.approx(20 * exp(-spread) - 0.5)
    assert high[0] == pytest.approx(20 * exp(2 * spread) - 0.5)
    # Where nothing is expected nothing may come; nobody is fewer than none.
    assert (low[1], high[1]) == (0.0, 0.0)
    assert low[2] == 0.0
    assert high[2] > 0.1
    low, high = band(np.array([10.0]), 0, "school", ends=(1.0, -1.0))
    assert (low[0], high[0]) == (10.0, 10.0)


def test_errors_all_on_one_side_still_leave_the_middle_in_the_band():
    high_side = learn_band([np.full(50, 3.0)], [1000.0], "school", step=0)
    low_side = learn_band([np.full(50, -3.0)], [1000.0], "school", step=0)
    assert high_side == pytest.approx((0.0, 3.0))
    assert low_side == pytest.approx((-3.0, 0.0))


@pytest.mark.parametrize(
    ("level", "step", "alone", "with_errors"),
    [
        ("school", 0, 1.4216, 7.5468), ("school", 5, 1.5003, 8.5249), ("grade", 0, 1.3901, 7.1555),
        ("grade", 5, 1.4531, 7.9380), ("district", 0, 1.5547, 5.8122), ("district", 5, 1.6400, 6.6561),
    ],
)  # fmt: skip
def test_how_wide_a_band_is_before_anything_is_known_and_what_one_pair_of_errors_does(level, step, alone, with_errors):
    assert learn_band([], [], level, step=step) == pytest.approx((-alone, alone), abs=1e-3)
    found = learn_band([np.array([-9.0, 9.0])], [1.0], level, step=step)
    assert found == pytest.approx((-with_errors, with_errors), abs=1e-3)


def test_further_ahead_and_with_wider_errors_the_band_is_wider():
    near, far = (learn_band([], [], "district", step=step) for step in (0, 5))
    assert far[0] < near[0] < 0 < near[1] < far[1]
    assert near[1] == pytest.approx(-near[0])
    rough = learn_band([np.linspace(-6, 6, 40)], [5.0], "district", step=0)
    calm = learn_band([np.linspace(-0.1, 0.1, 40)], [5.0], "district", step=0)
    assert rough[1] > near[1] > calm[1]


def test_a_quantile_lies_between_the_middles_of_weights():
    values, weights = np.array([10.0, 0.0, 20.0]), np.array([1.0, 1.0, 2.0])
    # Sorted 0, 10, 20 with middles at 1/8, 3/8 and 3/4 of the weight.
    wanted = [(0.0, 0.0), (0.125, 0.0), (0.25, 5.0), (0.375, 10.0), (0.5625, 15.0), (0.75, 20.0), (1.0, 20.0)]
    for level, value in wanted:
        assert weighted_quantile(values, weights, level) == pytest.approx(value)


def test_weights_go_to_the_part_that_was_right_the_less_they_are_held():
    relative = np.array([[1.0, 1.2], [1.0, 0.8]] * 6)
    prior = np.array([0.5, 0.5])
    free, held = (learn_weights(relative, np.ones(12), prior, pull=pull) for pull in (1e-3, 1e3))
    assert free.tolist() == pytest.approx([1.0, 0.0], abs=0.02)
    assert held.tolist() == pytest.approx([0.5, 0.5], abs=0.02)
    # Without a case there is nothing to learn from.
    assert learn_weights(relative, np.zeros(12), prior, pull=1.0).tolist() == [0.5, 0.5]
    # What the prior leaves out stays out; the middle of a part too high and one too low is right.
    three = np.array([[1.1, 0.9, 1.0]] * 8)
    assert learn_weights(three, np.ones(8), np.array([0.5, 0.5, 0.0]), pull=1e-6).tolist() == pytest.approx(
        [0.5, 0.5, 0.0], abs=1e-3
    )


def test_cases_count_by_their_trust():
    relative = np.array([[1.0, 1.3], [1.3, 1.0]])
    first = learn_weights(relative, np.array([9.0, 1.0]), np.array([0.5, 0.5]), pull=0.01)
    assert first[0] > 0.85
    scaled = learn_weights(relative, np.array([900.0, 100.0]), np.array([0.5, 0.5]), pull=0.01)
    assert scaled.tolist() == pytest.approx(first.tolist())


@given(arrays(float, (6, 3), elements=st.floats(0.5, 2.0)), st.floats(0.01, 10.0))
def test_weights_are_not_negative_and_add_up_to_one(relative, pull):
    weights = learn_weights(relative, np.ones(6), np.array([0.2, 0.3, 0.5]), pull=pull)
    assert weights.sum() == pytest.approx(1.0)
    assert (weights >= 0).all()
