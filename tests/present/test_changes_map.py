"""Several plans in one map: every plan has its panel, and the picture never differs."""

from __future__ import annotations

import io

import numpy as np
import pytest
import toy_plans
from matplotlib.image import imread

from layoutplan.plan.change import find_changes
from layoutplan.present.changes_map import draw_changes


@pytest.fixture(scope="module")
def changes():
    return [find_changes(toy_plans.plan("base"), toy_plans.plan(name)) for name in ("close", "rebuild")]


def test_a_map_of_two_plans_is_twice_as_wide_as_of_one_and_the_same_each_time(changes):
    once, again = draw_changes(changes, lang="zh"), draw_changes(changes, lang="zh")
    assert once == again
    both, one = (imread(io.BytesIO(draw_changes(some, lang="en"))) for some in (changes, changes[:1]))
    assert both.shape[1] == pytest.approx(2 * one.shape[1], abs=2)


def test_colours_of_change_are_there_where_pupils_change_and_not_where_none_does(changes):
    def orange(some):
        colours = imread(io.BytesIO(draw_changes(some, lang="en", year=2025)))[..., :3]
        # The legend has one dot and one line of it either way.
        return int((np.abs(colours - np.array([0xD5, 0x5E, 0x00]) / 255).sum(axis=2) < 0.08).sum())

    none = find_changes(toy_plans.plan("base"), toy_plans.plan("base"))
    assert orange([changes[0]]) > 1.5 * orange([none])


def test_what_cannot_be_drawn_is_refused(changes):
    with pytest.raises(ValueError, match="2031"):
        draw_changes(changes, lang="zh", year=2031)
    with pytest.raises(ValueError, match="no plan"):
        draw_changes([], lang="zh")
