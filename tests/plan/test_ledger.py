"""The ledgers of the toy county: what its two schools have and how far its four places go."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
import toy

from layoutplan.norms import load_norms
from layoutplan.plan.ledger import open_ledger
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import CloseSchool, OpenSchool, Scenario

NORMS = load_norms()
NEW = OpenSchool(
    year=2024, school_id="n", name="N", school_kind="nine_year", setting="village", east_m=1200.0, north_m=0.0,
    primary_rooms=6, junior_rooms=3,
)  # fmt: skip


def county():
    base = toy.county()
    schools = base.schools.assign(
        teaching_m2=[900.0, 2000.0], sports_m2=[1470.0, 4000.0], equipment_yuan=[400_000.0, float("nan")],
        staff=pd.array([12, 30], dtype="Int64"), community_id=["k", "k"],
    )  # fmt: skip
    communities = pd.DataFrame({"community_id": ["k"], "name": ["共同体"], "lead_school_id": ["b"]})
    return replace(base, schools=schools, communities=communities)


@pytest.fixture(scope="module")
def prepared():
    return prepare(county(), NORMS)


@pytest.fixture(scope="module")
def result(prepared):
    return run_plan(prepared, Scenario(name="base"))


def test_the_ledger_of_the_base_year(result):
    ledger = open_ledger(result)
    rows = ledger.resources.indicators.set_index(["school_id", "stage", "indicator"])
    # a has 196 pupils: 900 m2 are 4.59 each of 4.5 wanted, 1470 m2 exactly the 7.5 each.
    assert rows.loc[("a", "primary", "teaching_m2"), "value"] == pytest.approx(900 / 196)
    assert rows.loc[("a", "primary", "sports_m2"), "status"] == "met"
    assert rows.loc[("b", "primary", "equipment_yuan"), "reason"] == "not_reported"
    # b shares 2000 m2 between 210 primary and 157 junior pupils, the latter weighing 1.1.
    assert rows.loc[("b", "junior", "teaching_m2"), "amount"] == pytest.approx(2000 * 172.7 / 382.7)
    assert set(ledger.resources.schools["verdict"]) == {"undecided"}
    assert ledger.targets["target_year"].isna().all()


def test_posts_and_communities_of_the_toy(result):
    ledger = open_ledger(result)
    # a: 196 / 19 = 10.3; b: 210 / 19 + 157 / 13.5 = 22.7.
    assert ledger.posts.set_index("school_id")[["posts", "staff", "short"]].values.tolist() == [
        [11, 12, -1],
        [23, 30, -7],
    ]
    (community,) = ledger.communities.balance.itertuples()
    assert (community.members, community.farthest_minutes, community.issue) == (2, 50.0, "")  # 3000 m at 60 m a minute


def test_equity_of_the_toy(result):
    table = open_ledger(result).equity.set_index(["band", "group_kind", "group"])
    row = table.loc[("grades_1_3", "county", "")]
    # p1, p2, p3 go 500 m (8.3 min), p4 600 m; three grades of 10, 20, 30 and 5 pupils.
    assert row[["pupils", "unplaced", "share_over_limit"]].tolist() == [195.0, 0.0, 0.0]
    assert row["median_minutes"] == pytest.approx(500 / 60)
    assert row["max_minutes"] == pytest.approx(10.0)
    west = table.loc[("grades_7_9", "township_id", "t1")]
    assert west["max_minutes"] == pytest.approx(3500 / 75)  # p1 to b at 4.5 km/h
    # Both schools lie within 30 min of somebody, so all 540 seats are shared by 390 pupils; of grades 4-6, who walk
    # faster, each finds more of them than of grades 1-3.
    faster = table.loc[("grades_4_6", "county", "")]
    assert (row["seats_per_pupil"] + faster["seats_per_pupil"]) * 195 == pytest.approx(540)
    assert row["seats_per_pupil"] < 540 / 390 < faster["seats_per_pupil"]


def test_a_later_year_counts_the_pupils_of_that_year_and_the_schools_that_are_open(prepared):
    changed = run_plan(prepared, Scenario(name="moved", actions=(NEW, CloseSchool(year=2025, school_id="a"))))
    ledger = open_ledger(changed, year=2026)
    frame = changed.enrolment.frame
    frame = frame[(frame["year"] == 2026) & (frame["stage"] == "primary")]
    pupils = ledger.resources.parts.set_index(["school_id", "stage"])["pupils"]
    assert "a" not in set(ledger.resources.parts["school_id"])
    assert pupils["b", "primary"] == pytest.approx(frame[frame["school_id"] == "b"]["pupils"].sum())
    new = ledger.resources.indicators.query("school_id == 'n'")
    assert set(new["status"]) == {"unknown"}  # nobody has told what a school yet to be built will have
    assert ledger.communities.balance["members"].tolist() == [1]


def test_a_year_outside_the_plan_is_refused(result):
    with pytest.raises(ValueError, match="1999"):
        open_ledger(result, year=1999)
