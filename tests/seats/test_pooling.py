"""Weights of forecasts learnt from their past errors, and quantiles of weighted errors, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from layoutplan.seats.pooling import learn_weights, weighted_quantile

HALVES = np.array([0.5, 0.5])


def test_without_trusted_cases_the_weights_stay_as_they_were():
    prior = np.array([0.3, 0.7])
    learnt = learn_weights(np.array([[1.0, 2.0]]), np.zeros(1), prior, pull=0.1)
    assert learnt.tolist() == [0.3, 0.7]
    learnt[0] = 9
    assert prior.tolist() == [0.3, 0.7]


def test_forecasts_that_were_always_right_keep_the_weights_they_had():
    learnt = learn_weights(np.ones((5, 2)), np.ones(5), np.array([0.2, 0.8]), pull=0.1)
    assert learnt == pytest.approx([0.2, 0.8], abs=1e-3)


def test_two_forecasts_that_err_to_both_sides_are_mixed_until_they_meet():
    # 0.9 and 1.3: a quarter of the second gives 1.
    learnt = learn_weights(np.array([[0.9, 1.3]] * 4), np.ones(4), HALVES, pull=1e-6)
    assert learnt == pytest.approx([0.75, 0.25], abs=1e-3)


def test_a_forecast_without_weight_at_first_never_gets_any():
    relative = np.array([[1.0, 1.1, 1.2]] * 3)
    learnt = learn_weights(relative, np.ones(3), np.array([0.0, 0.5, 0.5]), pull=1e-6)
    assert learnt[0] == 0
    assert learnt == pytest.approx([0, 1, 0], abs=1e-3)


def test_cases_without_trust_teach_nothing():
    relative = np.array([[1.0, 1.5], [1.5, 1.0]])
    assert learn_weights(relative, np.array([2.0, 0.0]), HALVES, pull=1e-6) == pytest.approx([1, 0], abs=1e-3)
    assert learn_weights(relative, np.array([0.0, 2.0]), HALVES, pull=1e-6) == pytest.approx([0, 1], abs=1e-3)


def test_how_much_trust_there_is_in_all_makes_no_difference():
    relative = np.array([[1.0, 1.2], [1.1, 0.95], [0.9, 1.4]])
    once = learn_weights(relative, np.array([1.0, 2.0, 1.0]), HALVES, pull=0.3)
    assert learn_weights(relative, np.array([10.0, 20.0, 10.0]), HALVES, pull=0.3) == pytest.approx(once)


def test_a_strong_pull_holds_the_weights_and_a_weak_one_lets_them_go():
    relative = np.array([[1.0, 1.1]] * 9)
    strong, middle, weak = (learn_weights(relative, np.ones(9), HALVES, pull=pull)[0] for pull in (1e6, 0.2, 1e-6))
    assert strong == pytest.approx(0.5, abs=1e-3)
    assert weak == pytest.approx(1.0, abs=1e-3)
    assert strong < middle < weak


def test_weights_add_up_to_one_and_none_is_below_nothing():
    learnt = learn_weights(np.array([[1.2, 1.5, 1.9]] * 2), np.ones(2), np.array([0.2, 0.3, 0.5]), pull=0.01)
    assert learnt.sum() == pytest.approx(1)
    assert learnt.min() >= 0
    assert learnt == pytest.approx([1, 0, 0], abs=0.02)


@pytest.mark.parametrize(("level", "value"), [(0, 10), (0.125, 10), (0.25, 15), (0.375, 20), (0.75, 35), (1, 40)])
def test_a_quantile_lies_on_the_line_between_the_middles_of_the_weights(level, value):
    # Four equal weights have their middles at 1/8, 3/8, 5/8 and 7/8.
    assert weighted_quantile(np.array([40.0, 10.0, 30.0, 20.0]), np.full(4, 7.0), level) == pytest.approx(value)


def test_a_heavy_value_draws_the_middle_to_itself():
    # Middles at 3/8 and 7/8, so half lies a quarter of the way from 1 to 5.
    assert weighted_quantile(np.array([5.0, 1.0]), np.array([1.0, 3.0]), 0.5) == pytest.approx(2)
