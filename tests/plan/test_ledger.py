"""The ledgers of the toy county: what its two schools have and how far its four places go."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
import toy

from layoutplan.norms import load_norms
from layoutplan.plan.ledger import open_ledger
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import AddRooms, CloseSchool, OpenSchool, Scenario

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


def county_rows(ledger):
    return ledger.equity[ledger.equity["group_kind"] == "county"].set_index("band")


def test_every_band_has_three_grades_and_only_grades_1_to_3_a_limit(result):
    table = county_rows(open_ledger(result))
    assert table["pupils"].to_dict() == {"grades_1_3": 195.0, "grades_4_6": 195.0, "grades_7_9": 195.0}
    assert table.loc["grades_1_3", ["limit_min", "share_over_limit"]].tolist() == [30.0, 0.0]
    # Without a limit nobody is over it, and nobody within it.
    assert table.loc[["grades_4_6", "grades_7_9"], ["limit_min", "share_over_limit"]].isna().all(axis=None)


def test_a_school_with_one_bed_has_beds_and_one_of_which_none_is_known_has_not(result):
    schools = result.prepared.county.schools.assign(boarding_beds=pd.array([1, 0], dtype="Int64"))
    prepared = prepare(replace(result.prepared.county, schools=schools), NORMS)
    table = open_ledger(run_plan(prepared, Scenario(name="beds", last_year=2023))).equity
    table = table[(table["group_kind"] == "lodging") & (table["band"] == "grades_1_3")].set_index("group")
    # p1 and p2 go to a, p3 and p4 to b: 30 and 35 in each grade.
    assert table["pupils"].to_dict() == {"beds": 90.0, "day": 105.0}
    unknown = open_ledger(result).equity
    assert set(unknown.loc[unknown["group_kind"] == "lodging", "group"]) == {"day"}


def test_seats_within_reach_are_those_of_the_year(prepared):
    more = AddRooms(year=2024, school_id="a", stage="primary", rooms=2)
    grown = run_plan(prepared, Scenario(name="more", last_year=2025, actions=(more,)))
    for year, seats in ((2022, 540), (2025, 540 + 2 * 45)):
        found = county_rows(open_ledger(grown, year=year))["seats_per_pupil"]
        assert (found["grades_1_3"] + found["grades_4_6"]) * 195 == pytest.approx(seats)


def test_a_ledger_is_worked_out_once_for_each_year_and_pace(result):
    ledger = open_ledger(result)
    assert open_ledger(result, year=2022) is ledger
    assert open_ledger(result, per_year=1) is not ledger
    assert open_ledger(result, year=2023) is not ledger
    assert (ledger.year, open_ledger(result, year=2023).year) == (2022, 2023)
