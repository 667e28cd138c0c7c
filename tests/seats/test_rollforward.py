"""Classes that move up, schools that open, close and run out of rooms, on the toy county by hand.

In 2022 school a has 30, 46, 30, 30, 30, 30 pupils in grades 1-6; b has 35 in each of grades 1-6 and 56, 66, 35 in 7-9.
Every place has as many children at every age: 30 a grade live nearest to a, 35 nearest to b, and b takes all 65 of
grade 7.
Without history every ratio of moving up is 1.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toy

from layoutplan.errors import ScenarioError
from layoutplan.norms import load_norms
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import AddRooms, CloseSchool, OpenSchool, Scenario
from layoutplan.seats.rollforward import fit_classes
from layoutplan.seats.settings import Policy

NORMS = load_norms()
FLOWS = ["before", "leaving", "entering", "moved", "adrift", "after"]


@pytest.fixture(scope="module")
def prepared():
    return prepare(toy.county(), NORMS)


@pytest.fixture(scope="module")
def plain(prepared):
    return enrol(prepared)


def enrol(prepared, *actions, **policy):
    scenario = Scenario(name="s", last_year=2024, policy=Policy(**policy), actions=actions)
    return run_plan(prepared, scenario).enrolment


def row(enrolment, school_id, year, column="pupils"):
    frame = enrolment.frame
    return frame[(frame["school_id"] == school_id) & (frame["year"] == year)].set_index("grade")[column].to_dict()


def opening(east_m):
    return OpenSchool(year=2024, school_id="n", name="N", school_kind="primary", setting="village", east_m=east_m,
                      north_m=0.0, primary_rooms=12)  # fmt: skip


def by_grade(*pupils):
    return dict(enumerate(pupils, start=1))


def test_classes_move_up_a_grade_a_year_and_entry_grades_are_filled_from_the_places(plain):
    assert row(plain, "a", 2022) == by_grade(30, 46, 30, 30, 30, 30)
    assert row(plain, "a", 2023) == by_grade(30, 30, 46, 30, 30, 30)
    assert row(plain, "a", 2024) == by_grade(30, 30, 30, 46, 30, 30)
    assert row(plain, "b", 2023) == by_grade(*[35] * 6, 65, 56, 66)
    assert row(plain, "b", 2024) == by_grade(*[35] * 6, 65, 65, 56)
    assert plain.adrift.empty


def test_the_ledger_tells_who_left_and_who_entered_every_year(plain):
    ledger = plain.ledger
    assert ledger["year"].tolist() == [2023, 2024]
    # 2023: 30 and 35 finish grade 6, 35 finish grade 9; 65 enter grade 1 and 65 grade 7. In 2024 66 finish grade 9.
    assert ledger[FLOWS].values.tolist() == [[563, 100, 130, 0, 0, 593], [593, 131, 130, 0, 0, 592]]
    assert ledger[["to_junior", "left_county", "from_elsewhere"]].isna().all(axis=None)


def test_the_base_year_is_observed_and_every_later_one_projected(plain):
    frame = plain.frame
    assert frame.groupby("year")["basis"].unique().map(list).to_dict() == {
        2022: ["observed"], 2023: ["projected"], 2024: ["projected"],
    }  # fmt: skip
    assert frame.groupby("grade")["stage"].first().tolist() == ["primary"] * 6 + ["junior"] * 3
    assert frame[["year", "school_id", "grade"]].values.tolist() == sorted(
        frame[["year", "school_id", "grade"]].values.tolist()
    )


def test_pupils_of_a_school_that_closes_move_together_to_the_nearest_that_teaches_them(prepared):
    found = enrol(prepared, CloseSchool(year=2024, school_id="a"))
    assert row(found, "a", 2024) == {}
    assert row(found, "b", 2024) == by_grade(65, 65, 65, 81, 65, 65, 65, 65, 56)
    assert found.ledger[FLOWS].values.tolist()[1] == [593, 131, 130, 0, 0, 592]


def test_pupils_no_other_school_teaches_are_adrift_when_theirs_closes(prepared):
    found = enrol(prepared, CloseSchool(year=2024, school_id="b"))
    assert found.adrift.values.tolist() == [[2024, "b", 8, 65.0], [2024, "b", 9, 56.0]]
    assert row(found, "a", 2024) == by_grade(65, 65, 65, 81, 65, 65)
    # Nobody enters grade 7: 593 - 131 - 121 + 65.
    assert found.ledger[FLOWS].values.tolist()[1] == [593, 131, 65, 0, 121, 406]


def test_a_school_that_opens_fills_from_its_entry_grade(prepared):
    found = enrol(prepared, opening(3000.0))
    assert row(found, "n", 2023) == {}
    assert row(found, "n", 2024) == {1: 30}
    assert row(found, "b", 2024) == by_grade(5, *[35] * 5, 65, 65, 56)


def test_a_school_that_fills_at_once_takes_from_all_grades_the_share_that_lives_nearest(prepared):
    found = enrol(prepared, opening(1000.0), phase_in="at_once")
    # p2 has 20 of the 30 children who went to a; its share of the larger class moves too.
    assert row(found, "n", 2024) == pytest.approx(by_grade(20, 20, 20, 46 * 2 / 3, 20, 20))
    assert row(found, "a", 2024) == pytest.approx(by_grade(10, 10, 10, 46 / 3, 10, 10))
    assert row(found, "b", 2024) == by_grade(*[35] * 6, 65, 65, 56)
    assert row(found, "a", 2023) == by_grade(30, 30, 46, 30, 30, 30)
    assert found.ledger[FLOWS].values.tolist()[1] == pytest.approx([593, 131, 130, 0, 0, 592])


def test_a_school_that_closes_as_another_fills_at_once_sends_its_pupils_away_once(prepared):
    found = enrol(prepared, opening(1000.0), CloseSchool(year=2024, school_id="a"), phase_in="at_once")
    # All of a's pupils go together to n, 500 m off; its entries are p1's and p2's.
    assert row(found, "n", 2024) == by_grade(30, 30, 30, 46, 30, 30)
    assert found.ledger["after"].tolist() == [593, 592]


def test_counted_by_residence_every_grade_has_who_lives_nearest_and_there_is_no_ledger(prepared):
    found = enrol(prepared, enrolment="residence")
    assert row(found, "a", 2022) == by_grade(30, 46, 30, 30, 30, 30)
    assert row(found, "a", 2023) == by_grade(*[30] * 6)
    assert row(found, "b", 2024) == by_grade(*[35] * 6, 65, 65, 65)
    assert found.ledger.empty
    assert found.adrift.empty


@pytest.mark.parametrize(
    ("policy", "fields"),
    [
        ({"phase_in": "at_once"}, ["phase_in"]),
        ({"junior_entry": "feeder", "enrolment": "residence"}, ["junior_entry"]),
        ({"phase_in": "at_once", "junior_entry": "feeder", "enrolment": "residence"}, ["junior_entry", "phase_in"]),
        ({"junior_entry": "feeder"}, ["junior_entry"]),
    ],
)
def test_how_schools_fill_is_refused_where_nothing_could_come_of_it(prepared, policy, fields):
    with pytest.raises(ScenarioError) as error:
        enrol(prepared, **policy)
    assert sorted(problem.field for problem in error.value.problems) == fields


def test_filling_at_once_says_nothing_where_pupils_are_counted_by_residence(prepared):
    with pytest.raises(ScenarioError) as error:
        enrol(prepared, opening(1000.0), phase_in="at_once", enrolment="residence")
    assert [problem.code for problem in error.value.problems] == ["phase_in_idle"]


def test_rooms_decide_how_many_classes_a_stage_can_form(prepared):
    # Juniors of b in 2023: 65, 56 and 66 need two classes each at 50; of five rooms 56 goes without.
    for more, classes in ((1, [1, 1, 2]), (2, [2, 1, 2]), (3, [2, 2, 2])):
        rooms = AddRooms(year=2023, school_id="b", stage="junior", rooms=more)
        found = row(enrol(prepared, rooms), "b", 2023, "classes")
        assert [found[grade] for grade in (7, 8, 9)] == classes
        assert [found[grade] for grade in range(1, 7)] == [1] * 6


@pytest.mark.parametrize(("pupils", "classes"), [(45, 1), (46, 2), (90, 2), (91, 3)])
def test_a_primary_grade_has_a_class_more_as_soon_as_it_passes_the_norm_of_45(prepared, pupils, classes):
    table = toy.county().classes
    table.loc[(table["school_id"] == "a") & (table["grade"] == 1), "pupils"] = pupils
    rooms = toy.county().rooms.assign(rooms=20)
    found = enrol(replace(prepared, county=toy.county(classes=table, rooms=rooms)))
    assert row(found, "a", 2023, "classes")[2] == classes
    assert row(found, "a", 2023, "class_size")[2] == pytest.approx(pupils / classes)


def test_the_base_year_keeps_the_classes_that_were_counted_and_empty_ones_are_none(prepared):
    more = pd.DataFrame(
        [("a", 1, 2, 16, 0), ("a", 3, 2, 0, 0)], columns=["school_id", "grade", "class_no", "pupils", "boarders"]
    )
    found = enrol(
        replace(prepared, county=toy.county(classes=pd.concat([toy.county().classes, more], ignore_index=True)))
    )
    assert row(found, "a", 2022, "classes") == by_grade(2, 1, 1, 1, 1, 1)
    assert row(found, "a", 2022, "class_size") == by_grade(23, 46, 30, 30, 30, 30)


@pytest.mark.parametrize(
    ("pupils", "classes", "rooms", "fitted"),
    [
        ([90, 46], [2, 2], 4, [2, 2]),
        ([90, 46], [2, 2], 2, [1, 1]),
        ([90, 46], [2, 2], 1, [1, 1]),
        # 135 in two classes would be 67.5 each, 90 in one 90: the first gives.
        ([135, 90], [3, 2], 4, [2, 2]),
        ([135, 90], [3, 2], 3, [2, 1]),
        # Of equals the lower grade gives.
        ([50, 50], [2, 2], 3, [1, 2]),
        # A grade of one class gives none, however few it has.
        ([10, 80], [1, 2], 2, [1, 1]),
        ([10, 0], [1, 0], 1, [1, 0]),
    ],
)
def test_classes_are_merged_where_they_stay_smallest_until_they_fit_the_rooms(pupils, classes, rooms, fitted):
    assert fit_classes(np.array(pupils, dtype=float), np.array(classes), rooms).tolist() == fitted


def test_every_school_is_fitted_to_its_own_rooms_and_what_was_given_stays():
    pupils, classes = np.array([[50.0, 60.0], [50.0, 60.0]]), np.array([[2, 2], [2, 2]])
    assert fit_classes(pupils, classes, np.array([3.0, 4.0])).tolist() == [[1, 2], [2, 2]]
    assert classes.tolist() == [[2, 2], [2, 2]]
