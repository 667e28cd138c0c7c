"""Several plans in one map: every plan has its panel, and the picture never differs."""

from __future__ import annotations

import io

import pytest
import toy_plans
from PIL import Image

from layoutplan.plan.change import find_changes
from layoutplan.present.changes_map import draw_changes


@pytest.fixture(scope="module")
def changes():
    return [find_changes(toy_plans.plan("base"), toy_plans.plan(name)) for name in ("close", "rebuild")]


def test_a_map_of_two_plans_is_twice_as_wide_as_of_one_and_the_same_each_time(changes):
    once, again = draw_changes(changes, lang="zh"), draw_changes(changes, lang="zh")
    assert once == again
    both, one = (Image.open(io.BytesIO(draw_changes(some, lang="en"))) for some in (changes, changes[:1]))
    assert both.width == pytest.approx(2 * one.width, abs=2)


def test_colours_of_change_are_there_where_pupils_change_and_not_where_none_does(changes):
    def orange(some):
        image = Image.open(io.BytesIO(draw_changes(some, lang="en", year=2025))).convert("RGB")
        # The legend has one dot and one line of it either way.
        return sum(abs(r - 213) + abs(g - 94) + b < 20 for r, g, b in image.getdata())

    none = find_changes(toy_plans.plan("base"), toy_plans.plan("base"))
    assert orange([changes[0]]) > 1.5 * orange([none])


def test_what_cannot_be_drawn_is_refused(changes):
    with pytest.raises(ValueError, match="2031"):
        draw_changes(changes, lang="zh", year=2031)
    with pytest.raises(ValueError, match="no plan"):
        draw_changes([], lang="zh")
