"""Who takes the pupils of a school that closes, and how full that makes them, on numbers worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toy_plans

from layoutplan.plan.locks import Case, Record
from layoutplan.plan.receivers import _fullest, _gained, _year_of_most, receivers_of

MISSING = float("nan")
ROLL = ["school_id", "year", "stage", "grade", "pupils", "p90"]


def roll(plan, rows):
    return replace(plan, enrolment=replace(plan.enrolment, frame=pd.DataFrame(list(rows), columns=ROLL)))


def case_of(before=(), after=(), changed=(), rooms=()):
    """Return the case of closing ``a`` in 2024 with rolls, moves and rooms as given."""
    kept, gone = roll(toy_plans.plan("base"), before), roll(toy_plans.plan("close"), after)
    supply = pd.DataFrame(list(rooms), columns=["school_id", "stage", "year", "rooms"])
    case = Case(kept, replace(gone, supply=replace(gone.supply, frame=supply)), "a", 2024, Record())
    columns = ["year", "origin", "receiver", "pupils", "minutes_after"]
    vars(case)["changed"] = pd.DataFrame(list(changed), columns=columns)
    return case


def test_a_receiver_gains_the_most_of_any_year_by_residence_or_on_its_roll():
    before = [("b", year, "primary", 1, 100.0, 100.0) for year in (2023, 2024, 2025)]
    after = [("b", year, "primary", 1, pupils, 0.0) for year, pupils in ((2023, 190.0), (2024, 103.0), (2025, 107.0))]
    moves = [(2024, "a", "b", 5.0, 9.0), (2025, "a", "c", 2.0, 9.0), (2025, "d", "c", 1.5, 9.0)]
    assert _gained(case_of(before, after, moves)).to_dict() == pytest.approx({"b": 7.0, "c": 3.5})
    assert _gained(case_of(before, after[:2], [(2024, "a", "b", 5.0, 9.0)])).to_dict() == pytest.approx({"b": 5.0})


def test_the_closing_year_itself_counts():
    before, after = ([("b", 2024, "primary", 1, pupils, 0.0)] for pupils in (100.0, 104.0))
    assert _gained(case_of(before, after)).to_dict() == pytest.approx({"b": 4.0})


@pytest.mark.parametrize(("pupils", "found"), [(0.05, []), (0.06, ["b"]), (0.5, ["b"])])
def test_less_than_a_twentieth_of_a_pupil_is_nobody(pupils, found):
    assert _gained(case_of(changed=[(2024, "a", "b", pupils, 9.0)])).index.tolist() == found


def test_nobody_is_received_by_the_school_itself_or_by_none_nor_comes_from_none():
    moves = [(2024, "b", "a", 5.0, 9.0), (2024, "a", None, 5.0, 9.0), (2024, None, "b", 5.0, 9.0)]
    assert _gained(case_of(changed=moves)).empty
    assert receivers_of(case_of(changed=moves)).empty


def test_a_receiver_is_told_at_its_fullest_in_every_year_from_the_closing_on():
    """`b` is a nine-year school, and has a class of 56 and one of 66 for 50 juniors now; 2023 does not count."""
    years = {2023: (90.0, 90.0), 2024: (40.0, 30.0), 2025: (40.0, 44.0)}
    after = [("b", year, "primary", grade, 0.0, p90) for year, both in years.items() for grade, p90 in enumerate(both)]
    rooms = [("b", "primary", year, 6) for year in years]
    moves = [(2024, "a", "b", 5.0, 20.0), (2025, "a", "b", 7.0, 30.0), (2025, "a", None, 7.0, 90.0)]
    (row,) = receivers_of(case_of((), after, moves, rooms)).to_dict("records")
    assert row == {
        "school_id": "b", "name": "B", "pupils": 7.0, "minutes": 30.0, "class_size_p90": 44.0, "class_limit": 45.0,
        "class_year": 2025, "school_p90": 84.0, "school_limit": 2500, "school_year": 2025, "classes_over_now": 2,
    }  # fmt: skip


def test_receivers_that_gain_on_the_roll_alone_have_no_way_and_stand_by_id():
    before = [(school, 2024, "primary", 1, 10.0, 12.0) for school in "ab"]
    after = [("b", 2024, "primary", 1, 13.0, 15.0), ("b", 2025, "primary", 1, 0.0, MISSING)]
    (row,) = receivers_of(case_of(before, after)).to_dict("records")
    assert np.isnan(row["minutes"])
    assert np.isnan(row["school_p90"])
    assert row["pupils"] == 3.0


@pytest.mark.parametrize(
    ("total", "year"),
    [({2024: 5.0, 2025: 9.0, 2026: 7.0}, 2025), ({2024: 9.0, 2025: 9.0}, 2024), ({2024: 5.0, 2025: MISSING}, 2030),
     ({}, 2030)],
)  # fmt: skip
def test_the_first_of_the_fullest_years_is_told_unless_one_is_not_known(total, year):
    assert _year_of_most(pd.Series(total, dtype=float), 2030) == year


def fullest(rows, rooms):
    mine = pd.DataFrame([("b", year, stage, at, 0.0, p90) for at, (year, stage, p90) in enumerate(rows)], columns=ROLL)
    return _fullest(case_of(rooms=[("b", *key, count) for key, count in rooms.items()]), "b", mine)


@pytest.mark.parametrize(
    ("pupils", "rooms", "size"),
    [
        ([45.0, 45.0], 6, 45.0), ([30.0, 20.0], 6, 30.0), ([45.5, 30.0], 6, 30.0), ([45.5, 30.0], 2, 45.5),
        ([46.0, 90.0], 3, 46.0), ([0.0, 30.0], 2, 30.0), ([91.0], 2, 45.5),
    ],
)  # fmt: skip
def test_grades_are_split_at_45_as_far_as_the_rooms_allow(pupils, rooms, size):
    found = fullest([(2024, "primary", p90) for p90 in pupils], {("primary", 2024): rooms})
    assert found == (size, 45.0, 2024)


def test_without_rooms_on_record_a_grade_is_one_class():
    assert fullest([(2024, "primary", 100.0)], {}) == (100.0, 45.0, 2024)


def test_the_class_most_over_its_own_limit_is_the_fullest():
    """44 of 45 in a primary class are nearer to the limit than 48 of 50 juniors."""
    rows = [(2024, "junior", 48.0), (2025, "primary", 44.0), (2026, "primary", 40.0), (2027, "primary", 44.0)]
    rooms = {(stage, year): 9 for year, stage, _ in rows}
    assert fullest(rows, rooms) == (44.0, 45.0, 2025)
    assert fullest([], {}) == (0.0, np.inf, 2024)


def test_a_year_that_is_not_known_leaves_the_fullest_class_open():
    size, limit, year = fullest(
        [(2024, "primary", 50.0), (2025, "junior", MISSING), (2025, "junior", 9.0)], {("primary", 2024): 9}
    )
    assert np.isnan(size)
    assert (limit, year) == (50.0, 2025)
