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
from layoutplan.seats.roster import BusLine

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


def shift(status="same", before="a", after="a", pupils=2.0, **ways):
    """Return pupils who go where they went, 10 minutes and 800 m, held to 30 minutes, but for what is told."""
    ways = {"minutes_before": 10.0, "minutes_after": 10.0, "metres_before": 800.0, "metres_after": 800.0,
            "limit_before": 30.0, "limit_after": 30.0} | ways  # fmt: skip
    row = {"year": 2024, "status": status, "school_before": before, "school_after": after, "pupils": pupils}
    return row | ways


def summed(*rows):
    (total,) = sum_shifts(pd.DataFrame(rows), ["year"]).to_dict("records")
    return total


ABSENT = float("nan")
NOT_BEFORE = {"before": None, "minutes_before": ABSENT, "metres_before": ABSENT}
NOT_AFTER = {"after": None, "minutes_after": ABSENT, "metres_after": ABSENT}


@pytest.mark.parametrize(
    ("row", "counted"),
    [
        (shift(), {"same", "held"}),
        (shift("moved", after="b"), {"moved", "held"}),
        (shift("moved", **NOT_AFTER), {"moved", "held", "unplaced_after"}),
        (shift("moved", **NOT_BEFORE), {"moved", "held", "unplaced_before"}),
        (shift("only_before", **NOT_AFTER), {"only_before"}),
        (shift("only_after", **NOT_BEFORE), {"only_after", "held"}),
        (shift(limit_after=ABSENT), {"same"}),
        (shift(minutes_before=30.0, minutes_after=30.0), {"same", "held"}),
        (shift(minutes_after=30.5), {"same", "held", "over_after", "newly_over"}),
        (shift(minutes_before=30.5), {"same", "held", "over_before", "no_longer_over"}),
        (shift(minutes_before=31.0, minutes_after=32.0), {"same", "held", "over_before", "over_after"}),
        (shift("moved", **NOT_BEFORE, minutes_after=31.0), {"moved", "held", "unplaced_before", "over_after"}),
        (shift("moved", **NOT_AFTER, minutes_before=31.0), {"moved", "held", "unplaced_after", "over_before"}),
        (shift(minutes_before=31.0, limit_after=ABSENT), {"same", "over_before"}),
    ],
)  # fmt: skip
def test_each_pupil_is_counted_under_what_happens_to_it_and_nothing_else(row, counted):
    total = summed(row)
    kinds = ("same", "moved", "only_before", "only_after", "unplaced_before", "unplaced_after", "held", "over_before",
             "over_after", "newly_over", "no_longer_over")  # fmt: skip
    assert total["pupils"] == 2.0
    assert {kind: total[kind] for kind in kinds} == {kind: 2.0 * (kind in counted) for kind in kinds}


def test_ways_are_means_by_pupils_of_those_who_have_a_school_on_that_side():
    total = summed(
        shift(pupils=3.0, minutes_after=20.0, metres_after=1600.0), shift(pupils=1.0),
        shift("moved", **NOT_AFTER, pupils=4.0, minutes_before=30.0, metres_before=2400.0),
    )  # fmt: skip
    # Before: (3 x 10 + 1 x 10 + 4 x 30) / 8; after: (3 x 20 + 1 x 10) / 4, as four have no school.
    assert (total["minutes_before"], total["minutes_after"]) == (20.0, 17.5)
    assert (total["metres_before"], total["metres_after"]) == (1600.0, 1400.0)


def test_half_a_pupil_has_a_way_and_nobody_has_none():
    assert summed(shift(pupils=0.5))["minutes_before"] == 10.0
    assert pd.isna(summed(shift("only_after", **NOT_BEFORE))["minutes_before"])


def test_sums_are_kept_apart_by_missing_schools_too():
    rows = pd.DataFrame(
        [shift("moved", **NOT_AFTER), shift("moved", **NOT_AFTER, pupils=1.0), shift("moved", after="b")]
    )
    table = sum_shifts(rows, ["school_before", "school_after"])
    assert table["school_after"].tolist()[0] == "b"
    assert table["pupils"].tolist() == [2.0, 3.0]
    assert [*table.columns[:3]] == ["school_before", "school_after", "pupils"]


def test_limits_are_those_of_the_grade_in_each_plan():
    limits = shift_pupils(plan("base"), plan("base"), years=[2022]).groupby("grade")["limit_after"].first()
    # No policy says how grades 4-9 travel, so only grades 1-3 are held to 30 minutes.
    assert limits.loc[[1, 3]].tolist() == [30.0, 30.0]
    assert limits.loc[[4, 9]].isna().all()


def test_rows_are_numbered_in_order_of_who_and_where():
    shifts = shift_pupils(with_split({"b": 4.0, "": 1.0}), with_split({"a": 1.0, "b": 3.0, "": 1.0}), years=[2022])
    assert shifts.index.tolist() == [0, 1, 2]
    assert shifts["status"].tolist() == ["moved", "same", "same"]
    assert shifts["school_before"].tolist() == ["b", None, "b"]


def with_riders(*flows):
    """Return the base plan with buses, the pupils of p1 in grade 4 given to schools: school, pupils, minutes, means."""
    rows = [(2022, 4, "p1", s, "primary", n, minutes, 100 * minutes, means) for s, n, minutes, means in flows]
    frames = pd.DataFrame(rows, columns=[*FLOWS, "means"]), pd.DataFrame([], columns=LEFT)
    line = BusLine("b", 2022, ("p1",), (4,), 6)
    return replace(plan("base"), assignment=Assignment(*frames), roster=replace(plan("base").roster, buses=(line,)))


def ways_of_shift(before, after, side):
    shifts = shift_pupils(before, after, years=[2022])
    columns = ["status", "pupils", *(f"{name}_{side}" for name in ("minutes", "metres", "limit"))]
    rows = shifts[columns].sort_values(f"minutes_{side}").itertuples(index=False)
    return [tuple(None if pd.isna(v) else v for v in row) for row in rows]


@pytest.mark.parametrize(("old", "status"), [("b", "same"), ("a", "moved")])
def test_riders_and_walkers_to_one_school_have_each_their_way_and_limit(old, status):
    # Who rides is held to the 40 minutes of the bus; no policy holds walkers of grade 4 to anything.
    apart = [(status, 6.0, 7.0, 700.0, 40.0), (status, 4.0, 47.0, 4700.0, None)]
    riders = with_riders(("b", 6.0, 7.0, "bus"), ("b", 4.0, 47.0, "walk"))
    walkers = with_split({old: 10.0}, grade=4)
    assert ways_of_shift(walkers, riders, "after") == apart
    assert ways_of_shift(riders, walkers, "before") == apart
    assert [row[2:] for row in ways_of_shift(riders, walkers, "after")] == [
        (20.0 if old == "a" else 40.0, 1.0, None)
    ] * 2


def test_a_bus_to_one_school_leaves_ways_to_another_as_they_are():
    plan = with_riders(("a", 4.0, 20.0, "walk"), ("b", 6.0, 7.0, "bus"))
    assert ways_of_shift(plan, plan, "after") == [("same", 6.0, 7.0, 700.0, 40.0), ("same", 4.0, 20.0, 2000.0, None)]
