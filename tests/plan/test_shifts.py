"""Every pupil of two plans is counted once: stays, moves, leaves or comes."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_plans import plan

from layoutplan.plan.shifts import shift_pupils, sum_shifts
from layoutplan.seats.assignment import Assignment

YEARS = range(2022, 2026)
FLOWS = ["year", "grade", "place_id", "school_id", "stage", "pupils", "minutes", "metres"]
LEFT = ["year", "grade", "place_id", "stage", "pupils", "reason"]


def with_split(shares: dict[str, float], grade: int = 1, place_id: str = "p1"):
    """Return the base plan with the pupils of one place and grade given to schools as told; "" is no school."""
    stage = "primary" if grade < 7 else "junior"
    flows = [(2022, grade, place_id, s, stage, n, {"a": 20.0, "b": 40.0}[s], 1.0) for s, n in shares.items() if s and n]
    left = [(2022, grade, place_id, stage, shares[""], "no_seat")] if shares.get("") else []
    frames = pd.DataFrame(flows, columns=FLOWS), pd.DataFrame(left, columns=LEFT)
    return replace(plan("base"), assignment=Assignment(*frames))


def rows_of(before, after):
    shifts = shift_pupils(before, after, years=[2022])
    columns = ["status", "school_before", "school_after", "pupils"]
    return [tuple(None if pd.isna(v) else v for v in row) for row in shifts[columns].itertuples(index=False)]


def test_the_same_plan_moves_nobody():
    shifts = shift_pupils(plan("base"), plan("base"), years=YEARS)
    assert set(shifts["status"]) == {"same"}
    # 65 children of every age: nine grades, four years.
    assert shifts["pupils"].sum() == pytest.approx(65 * 9 * 4)


def test_closing_a_moves_the_primary_pupils_of_p1_and_p2():
    total = sum_shifts(shift_pupils(plan("base"), plan("close"), years=YEARS), ["year", "stage"])
    total = total.set_index(["year", "stage"])
    assert total.loc[(2023, "primary"), ["same", "moved"]].tolist() == [390.0, 0.0]
    # p1 10 and p2 20 in each of six grades.
    assert total.loc[(2024, "primary"), ["same", "moved"]].tolist() == [210.0, 180.0]
    assert total.loc[(2024, "junior"), "moved"] == 0.0
    # Grades 1-3 are held to 30 minutes; 3500 m and 2500 m at 60 m a minute take 58 and 42.
    assert total.loc[(2024, "primary"), ["held", "over_before", "over_after", "newly_over"]].tolist() == [
        195,
        0,
        90,
        90,
    ]
    assert total.loc[(2024, "junior"), "held"] == 0.0


def test_minutes_are_means_of_those_who_have_a_school():
    shifts = shift_pupils(plan("base"), plan("close"), years=[2024])
    moved = sum_shifts(shifts[shifts["status"] == "moved"], ["place_id"]).set_index("place_id")
    # Half of them walk 60 m a minute, half 66.7: (3500 / 60 + 3500 / 66.7) / 2.
    assert moved.loc["p1", "minutes_after"] == pytest.approx((3500 / 60 + 52.5) / 2)
    assert moved.loc["p1", ["metres_before", "metres_after"]].tolist() == [500.0, 3500.0]


def test_as_few_as_possible_move_and_the_rest_in_proportion():
    before, after = with_split({"a": 6.0, "b": 4.0}), with_split({"a": 9.0, "b": 1.0})
    assert rows_of(before, after) == [("moved", "b", "a", 3.0), ("same", "a", "a", 6.0), ("same", "b", "b", 1.0)]


def test_who_loses_or_finds_a_school_has_moved():
    before, after = with_split({"a": 10.0}), with_split({"a": 7.0, "": 3.0})
    assert rows_of(before, after) == [("moved", "a", None, 3.0), ("same", "a", "a", 7.0)]
    total = sum_shifts(shift_pupils(after, before, years=[2022]), ["year"]).iloc[0]
    assert (total["unplaced_before"], total["unplaced_after"]) == (3.0, 0.0)


def test_who_is_only_in_one_plan_has_not_moved():
    before, after = with_split({"a": 10.0}), with_split({"a": 8.0, "b": 6.0})
    assert rows_of(before, after) == [("moved", "a", "b", 2.0), ("only_after", None, "b", 4.0), ("same", "a", "a", 8.0)]
    assert rows_of(after, before) == [
        ("moved", "b", "a", 2.0),
        ("only_before", "b", None, 4.0),
        ("same", "a", "a", 8.0),
    ]


def test_one_who_had_no_school_is_not_newly_beyond_the_limit():
    before, after = with_split({"": 10.0}), with_split({"b": 10.0})
    total = sum_shifts(shift_pupils(before, after, years=[2022]), ["year"]).iloc[0]
    assert (total["over_after"], total["newly_over"]) == (10.0, 0.0)
    total = sum_shifts(shift_pupils(with_split({"a": 10.0}), after, years=[2022]), ["year"]).iloc[0]
    assert (total["over_after"], total["newly_over"]) == (10.0, 10.0)
    total = sum_shifts(shift_pupils(after, with_split({"a": 10.0}), years=[2022]), ["year"]).iloc[0]
    assert (total["over_before"], total["no_longer_over"]) == (10.0, 10.0)


SHARES = st.fixed_dictionaries({name: st.floats(0, 50).map(lambda x: round(x, 3)) for name in ("a", "b", "")})


@given(SHARES, SHARES)
def test_changed_and_unchanged_are_all_pupils_of_either_plan(old, new):
    old, new = old | {"a": old["a"] + 1}, new | {"a": new["a"] + 1}
    total = sum_shifts(shift_pupils(with_split(old), with_split(new), years=[2022]), ["year"]).iloc[0]
    assert total["same"] + total["moved"] + total["only_before"] == pytest.approx(sum(old.values()))
    assert total["same"] + total["moved"] + total["only_after"] == pytest.approx(sum(new.values()))
    assert min(total["only_before"], total["only_after"]) == pytest.approx(0.0, abs=1e-9)
    back = sum_shifts(shift_pupils(with_split(new), with_split(old), years=[2022]), ["year"]).iloc[0]
    assert back["moved"] == pytest.approx(total["moved"])
