"""Indicators of the toy county by hand: what counts at a limit, one beside it, and what is left out."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from toy_plans import plan

from layoutplan.plan.indicators import count_indicators
from layoutplan.seats.assignment import Assignment
from layoutplan.seats.checks.evidence import Evidence
from layoutplan.seats.diagnosis import Findings
from layoutplan.seats.settings import Policy

FLOWS = ["year", "grade", "place_id", "school_id", "stage", "pupils", "minutes", "metres", "means"]


def counted(*, standing=(), **changes):
    """Return the indicators of the base plan, parts of it replaced, by name and year."""
    base = plan("base")
    evidence = Evidence(
        base.prepared.facts, base.scenario.policy, base.roster, base.ways, base.assignment, base.balance, base.demand,
        base.supply, base.enrolment,
    )  # fmt: skip
    rules = Findings(pd.DataFrame({"rule": list(standing)}, dtype=object))
    table = count_indicators(replace(evidence, **changes), rules)
    assert table["indicator"].is_monotonic_increasing
    return table.set_index(["indicator", "year"])["value"]


def enrolled(school_id, grade, **values):
    """Return the enrolment in which every grade is one class of 30, but for one grade of a school in 2024."""
    frame = plan("base").enrolment.frame.assign(pupils=30.0, classes=1.0, class_size=30.0)
    here = (frame["year"] == 2024) & (frame["school_id"] == school_id) & (frame["grade"] == grade)
    for name, value in values.items():
        frame[name] = frame[name].mask(here, value)
    return replace(plan("base").enrolment, frame=frame)


def going(*flows, unplaced=(), policy=None):
    """Return the indicators where only these travel in 2022: grade, school, pupils, minutes, means."""
    rows = [
        (2022, grade, "p1", school, "primary" if grade < 7 else "junior", pupils, minutes, 100.0, means)
        for grade, school, pupils, minutes, means in flows
    ]
    left = pd.DataFrame(unplaced, columns=["year", "grade", "place_id", "stage", "pupils", "reason"])
    found = Assignment(pd.DataFrame(rows, columns=FLOWS), left.astype({"year": int, "pupils": float}))
    return counted(assignment=found, **({"policy": policy} if policy else {}))


BANDS = ("classes_over_norm", "classes_large", "classes_extra_large")


@pytest.mark.parametrize(
    ("school_id", "grade", "size", "band"),
    [
        # The norm is 45 in grades 1-6 and 50 in grades 7-9; from 56 on a class is large, from 66 on extra large.
        ("a", 6, 45.0, None),
        ("a", 6, 45.0000001, None),
        ("a", 6, 45.5, "classes_over_norm"),
        ("b", 5, 45.5, "classes_over_norm"),
        ("b", 7, 50.0, None),
        ("b", 7, 50.5, "classes_over_norm"),
        ("b", 9, 55.5, "classes_over_norm"),
        ("a", 1, 55.9999999, "classes_large"),
        ("a", 1, 56.0, "classes_large"),
        ("b", 8, 65.5, "classes_large"),
        ("b", 8, 65.9999999, "classes_extra_large"),
        ("a", 2, 66.0, "classes_extra_large"),
    ],
)
def test_a_class_is_counted_in_the_highest_band_it_is_in(school_id, grade, size, band):
    found = counted(enrolment=enrolled(school_id, grade, class_size=size, classes=2.0))
    assert {name: found[name, 2024] for name in BANDS} == {name: 2.0 * (name == band) for name in BANDS}
    assert [found[name, year] for name in BANDS for year in (2023, 2025)] == [0.0] * 6


def test_classes_of_the_base_year_are_those_that_were_counted():
    found = counted(standing=["class_over_norm"] * 2 + ["class_extra_large", "school_vacant"])
    assert [found[name, 2022] for name in BANDS] == [2.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("school_id", "pupils", "over"),
    # The other five grades of a have 150 pupils, the other eight of b 240; a may have 2000, b 2500.
    [("a", 1850.0, 0.0), ("a", 1850.5, 1.0), ("b", 2260.0, 0.0), ("b", 2260.5, 1.0)],
)
def test_a_school_is_over_its_size_only_beyond_the_limit_of_its_kind(school_id, pupils, over):
    found = counted(enrolment=enrolled(school_id, 1, pupils=pupils))
    assert [found["schools_over_size", year] for year in (2023, 2024, 2025)] == [0.0, over, 0.0]


def test_vacant_schools_and_shells_are_told_of_the_base_year_alone():
    found = counted()
    assert [year for name, year in found.index if name == "schools_vacant"] == [2022]
    assert [year for name, year in found.index if name == "shell_candidates"] == [2022]


def test_seats_left_in_one_township_do_not_fill_the_gap_of_another():
    found = counted()
    # 65 pupils a grade. t1 has 90 juniors and no seat for them, t2 105 and 150; primary seats are 270 in either.
    assert [found[f"pupils_{stage}", 2024] for stage in ("primary", "junior")] == [390.0, 195.0]
    assert [found[f"seats_{stage}", 2024] for stage in ("primary", "junior")] == [540.0, 150.0]
    assert [found[f"seat_gap_{stage}", 2024] for stage in ("primary", "junior")] == [0.0, 90.0]


def test_minutes_are_means_by_pupils_of_a_stage_in_years_in_which_somebody_travels():
    found = going((1, "a", 3.0, 10.0, "walk"), (2, "b", 1.0, 20.0, "walk"), (7, "b", 0.5, 40.0, "walk"))
    assert (found["mean_minutes_primary", 2022], found["mean_minutes_junior", 2022]) == (12.5, 40.0)
    assert ("mean_minutes_primary", 2023) not in found
    assert ("mean_minutes_junior", 2022) not in going((1, "a", 3.0, 10.0, "walk"))


def test_who_has_no_school_is_counted_in_its_year():
    unplaced = [(2023, 1, "p1", "primary", 2.0, "no_school"), (2023, 7, "p2", "junior", 3.0, "no_seat")]
    found = going((1, "a", 3.0, 10.0, "walk"), unplaced=unplaced)
    assert [found["pupils_unplaced", year] for year in (2022, 2023, 2024)] == [0.0, 5.0, 0.0]


def test_over_the_limit_are_grades_1_to_3_who_walk_longer_than_30_minutes():
    found = going(
        (1, "a", 1.0, 30.0, "walk"), (2, "a", 2.0, 30.5, "walk"), (3, "b", 4.0, 31.0, "walk"),
        (3, "a", 8.0, 31.0, "bus"), (4, "a", 16.0, 90.0, "walk"), (9, "b", 32.0, 90.0, "walk"),
    )  # fmt: skip
    assert found["pupils_over_limit", 2022] == 6.0
    assert [name for name, _ in found.index.unique() if name.startswith("pupils_over_limit_")] == []


def test_other_grades_are_held_to_a_limit_where_the_policy_says_how_they_travel():
    found = going(
        (4, "a", 1.0, 40.0, "walk"), (6, "a", 2.0, 40.5, "walk"), (7, "b", 4.0, 90.0, "walk"),
        policy=Policy(grades_4_6="walk"),
    )  # fmt: skip
    assert (found["pupils_over_limit", 2022], found["pupils_over_limit_grades_4_6", 2022]) == (0.0, 2.0)
    assert "pupils_over_limit_grades_7_9" not in found.index.get_level_values("indicator")
