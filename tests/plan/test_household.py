"""What a family of the toy county sees."""

from __future__ import annotations

import pandas as pd
import pytest
from toy_plans import plan

from layoutplan.errors import ScenarioError
from layoutplan.plan.household import view_household


def seen(after, place_id, **key):
    view = view_household(plan("base"), plan(after), place_id=place_id)
    for name, value in key.items():
        view = view[view[name] == value]
    return view


def test_every_year_and_group_is_shown_before_and_after():
    view = seen("rebuild", "p1")
    assert len(view) == 4 * 3 * 2
    assert view["plan"].tolist() == ["before", "after"] * 12


def test_school_way_and_class_size():
    before, after = seen("rebuild", "p1", year=2025, group="grades_1_3").to_dict("records")
    assert (before["school_id"], before["name"], before["pupils"], before["metres"]) == ("a", "A", 30.0, 500.0)
    assert (after["school_id"], after["name"], after["metres"], after["minutes"]) == ("n", "N", 1200.0, 20.0)
    assert after["changed"]
    assert before["class_size"] == 30.0  # 30 pupils of p1 and p2 in each of grades 1-3, one class each
    assert after["class_size"] == 25.0  # p2 alone entered in 2024, both places in 2025: 20 and 30
    (upper,) = seen("rebuild", "p1", year=2025, group="grades_4_6", plan="after").to_dict("records")
    assert upper["school_id"] == "n"
    assert pd.isna(upper["class_size"])  # it fills from below: no such class yet


def test_nothing_changes_before_the_first_action():
    assert not seen("rebuild", "p1", year=2023)["changed"].any()
    assert not seen("rebuild", "p3")["changed"].any()


def test_pupils_without_a_school_say_why():
    (row,) = seen("none", "p2", year=2025, group="grades_7_9", plan="after").to_dict("records")
    assert (row["school_id"], row["reason"], row["pupils"]) == (None, "no_school", 60.0)
    assert pd.isna(row["minutes"])
    assert row["changed"]


def test_an_unknown_place_is_refused():
    with pytest.raises(ScenarioError, match="p9"):
        seen("none", "p9")
