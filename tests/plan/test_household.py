"""What a family of the toy county sees."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from toy_plans import plan

from layoutplan.errors import ScenarioError
from layoutplan.plan.household import view_household
from layoutplan.seats.assignment import Assignment
from layoutplan.seats.supply import Supply


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


# ---- by hand: p1 in 2022, grades told one by one
def given(*flows, left=()):
    """Return the base plan in which p1 has these pupils: grade, school, number, minutes; left: grade, number."""
    stage = {grade: "primary" if grade < 7 else "junior" for grade in range(1, 10)}
    rows = [(2022, g, "p1", school, stage[g], pupils, minutes, 100 * minutes) for g, school, pupils, minutes in flows]
    columns = ["year", "grade", "place_id", "school_id", "stage", "pupils", "minutes", "metres"]
    without = [(2022, g, "p1", stage[g], pupils, "no_seat") for g, pupils in left]
    unplaced = pd.DataFrame(without, columns=["year", "grade", "place_id", "stage", "pupils", "reason"])
    return replace(plan("base"), assignment=Assignment(pd.DataFrame(rows, columns=columns), unplaced))


def rows_of(before, after, *columns, group="grades_1_3", side="after"):
    view = view_household(before, after, place_id="p1")
    view = view[(view["year"] == 2022) & (view["group"] == group) & (view["plan"] == side)]
    return [tuple(None if pd.isna(v) else v for v in row) for row in view[list(columns)].itertuples(index=False)]


A, B = (1, "a", 4.0, 10.0), (1, "b", 6.0, 40.0)


def test_schools_are_ranked_by_pupils_and_of_as_many_by_id():
    assert rows_of(given(A, B), given(A, B), "rank", "school_id", "pupils") == [(1, "b", 6.0), (2, "a", 4.0)]
    even = given((1, "b", 4.0, 40.0), A)
    assert rows_of(even, even, "rank", "school_id") == [(1, "a"), (2, "b")]
    # What sums leave over does not decide.
    hair = given((1, "b", 4.00000001, 40.0), A)
    assert rows_of(hair, hair, "rank", "school_id") == [(1, "a"), (2, "b")]


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ([A], [A], [False]),
        ([A], [(1, "b", 4.0, 40.0)], [True]),
        ([A, B], [A, B], [False, False]),
        # A second school comes beside the first, or goes.
        ([A], [A, (1, "b", 1.0, 40.0)], [False, True]),
        ([A, (1, "b", 1.0, 40.0)], [A], [False]),
    ],
)
def test_a_rank_has_changed_where_another_school_or_none_has_it(before, after, changed):
    assert [told for (told,) in rows_of(given(*before), given(*after), "changed")] == changed


def test_ways_of_a_group_are_means_by_pupils():
    plan_a = given((1, "a", 3.0, 10.0), (2, "a", 1.0, 30.0))
    assert rows_of(plan_a, plan_a, "pupils", "minutes", "metres") == [(4.0, 15.0, 1500.0)]


def test_those_without_a_school_stand_beside_those_with_one():
    part = given((1, "a", 3.0, 10.0), left=[(2, 5.0)])
    assert rows_of(part, part, "rank", "school_id", "reason", "pupils", "minutes") == [
        (1, None, "no_seat", 5.0, None),
        (2, "a", "", 3.0, 10.0),
    ]


def test_a_group_without_pupils_has_one_row_with_nobody():
    nobody = given((1, "a", 3.0, 10.0))
    assert rows_of(nobody, nobody, "rank", "school_id", "reason", "pupils", group="grades_7_9") == [(1, None, "", 0.0)]
    view = view_household(nobody, nobody, place_id="p2")
    assert view["pupils"].sum() == 0.0
    assert view.index.tolist() == list(range(4 * 3 * 2))


def test_classes_are_all_pupils_of_a_group_over_all_its_classes():
    frame = plan("base").enrolment.frame
    mine = frame[(frame["school_id"] == "a") & (frame["year"] == 2022) & (frame["grade"] <= 3)]
    # Grade 3 has nobody, and its classes do not count.
    sizes = mine.assign(pupils=[40.5, 0.5, 0.0], classes=[2.0, 0.0, 5.0])
    told = replace(given(A), enrolment=replace(plan("base").enrolment, frame=sizes))
    assert rows_of(told, told, "class_size") == [(20.5,)]
    none = replace(told, enrolment=replace(plan("base").enrolment, frame=sizes.assign(classes=0.0)))
    assert rows_of(none, none, "class_size") == [(None,)]
    one = replace(told, enrolment=replace(plan("base").enrolment, frame=sizes.assign(classes=[0.5, 0.5, 0.0])))
    assert rows_of(one, one, "class_size") == [(41.0,)]


def test_years_of_both_plans_are_shown():
    base = plan("base")
    short = replace(base, supply=Supply(base.supply.frame[base.supply.frame["year"] <= 2023]))
    assert view_household(base, short, place_id="p1")["year"].unique().tolist() == [2022, 2023]
