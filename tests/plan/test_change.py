"""What a plan changes, against the toy county's numbers worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toy
from toy_plans import plan, prepared

from layoutplan.errors import ScenarioError
from layoutplan.norms import load_norms
from layoutplan.plan.change import find_changes
from layoutplan.plan.planning import run_plan
from layoutplan.plan.roster import apply_actions
from layoutplan.plan.scenario import AddRooms, CloseSchool, ConvertSchool, MergeSchools, Scenario, SetBoarding
from layoutplan.seats.assignment import Assignment
from layoutplan.seats.diagnosis import Findings
from layoutplan.seats.roster import Closing
from layoutplan.seats.supply import Supply


@pytest.fixture(scope="module")
def close():
    return find_changes(plan("base"), plan("close"))


@pytest.fixture(scope="module")
def rebuild():
    return find_changes(plan("base"), plan("rebuild"))


def planned(*actions, last_year=2025):
    return run_plan(prepared(), Scenario(name="other", last_year=last_year, actions=actions))


def test_a_plan_changes_nothing_against_itself():
    same = find_changes(plan("base"), plan("base"))
    assert set(same.places["state"]) == set(same.schools["state"]) == {"same"}
    assert same.events.empty
    assert same.built.empty
    assert set(same.findings["status"]) == {"remains"}


def test_journeys_and_places_hold_every_pupil_once(close, rebuild):
    for change in (close, rebuild):
        for table in (change.journeys, change.places):
            assert table["pupils"].sum() == pytest.approx(65 * 9 * 4)
            assert (table["same"] + table["moved"]).to_numpy() == pytest.approx(table["pupils"].to_numpy())
    row = rebuild.places.set_index(["year", "stage", "place_id"]).loc[(2025, "primary", "p2")]
    assert row[["school_before", "school_after", "state", "moved", "township_id"]].tolist() == [
        "a", "n", "changed", 120.0, "t1",
    ]  # fmt: skip
    assert row[["metres_before", "metres_after"]].tolist() == [500.0, 200.0]


def test_schools_are_named_with_their_seats_before_and_after(rebuild):
    table = rebuild.schools.set_index(["year", "stage", "school_id"])
    assert table.loc[(2025, "junior", "b"), ["state", "seats_before", "seats_after"]].tolist() == ["changed", 150, 250]
    assert table.loc[(2025, "primary", "a"), ["state", "seats_before", "seats_after"]].tolist() == ["closed", 270, 0]
    assert table.loc[(2024, "primary", "n"), ["state", "seats_before", "seats_after"]].tolist() == ["opened", 0, 270]
    assert table.loc[(2023, "junior", "b"), "state"] == "same"
    # Nobody knows how many beds b had; it is not 0.
    assert np.isnan(table.loc[(2025, "junior", "b"), "beds_before"])
    assert table.loc[(2025, "junior", "b"), "beds_after"] == 60.0
    assert table.loc[(2025, "primary", "a"), ["assigned_before", "assigned_after"]].tolist() == [180.0, 0.0]


def test_measures_carry_their_year(rebuild, close):
    assert rebuild.events[["year", "school_id", "event", "into", "plan"]].values.tolist() == [
        [2024, "n", "opened", None, "after"],
        [2025, "a", "merged", "b", "after"],
    ]
    assert close.events[["year", "school_id", "event", "kind_before"]].values.tolist() == [
        [2024, "a", "closed", "primary"]
    ]
    back = find_changes(plan("close"), plan("base"))
    assert back.events["plan"].tolist() == ["before"]
    assert set(find_changes(plan("close"), plan("none")).events["plan"]) == {"both", "after"}


def test_rooms_built_are_those_a_school_never_had(rebuild):
    built = rebuild.built.set_index(["year", "school_id"])
    assert built.loc[(2024, "b"), ["rooms_before", "rooms_after"]].tolist() == [0.0, 2.0]
    assert built.loc[(2024, "n"), ["rooms_after", "beds_after"]].tolist() == [9.0, 0.0]
    assert np.isnan(built.loc[(2024, "b"), "beds_after"])  # from an unknown number to 60
    # b had 9 rooms: as a junior school with 10 it has one more, and the six of the primary stage pass on.
    turned = planned(ConvertSchool(year=2023, school_id="b", school_kind="junior", junior_rooms=10))
    built = find_changes(plan("base"), turned).built
    assert built[["year", "school_id", "rooms_after"]].values.tolist() == [[2023, "b", 1.0]]
    taken = planned(
        AddRooms(year=2023, school_id="a", stage="primary", rooms=-2),
        AddRooms(year=2024, school_id="a", stage="primary", rooms=2),
    )
    assert find_changes(plan("base"), taken).built.empty


def test_beds_built_are_counted_from_where_they_are_known():
    twice = planned(SetBoarding(year=2023, school_id="b", beds=60), SetBoarding(year=2024, school_id="b", beds=100))
    built = find_changes(plan("base"), twice).built.set_index("year")["beds_after"]
    assert np.isnan(built[2023])
    assert built[2024] == 40.0


def test_findings_are_matched_by_rule_and_subject(close):
    rows = close.findings.set_index(["rule", "subject"])
    assert rows.loc[("seat_gap", "t1/primary"), ["status", "year_after", "measured_after"]].tolist() == [
        "caused",
        2024,
        180,
    ]
    assert rows.loc[("class_over_norm", "a/2/1"), "status"] == "remains"
    back = find_changes(plan("close"), plan("base")).findings.set_index(["rule", "subject"])
    assert back.loc[("seat_gap", "t1/primary"), "status"] == "cleared"
    assert "180" in back.loc[("seat_gap", "t1/primary"), "text_zh"]
    assert pd.isna(back.loc[("seat_gap", "t1/primary"), "measured_after"])


def test_years_of_both_plans_are_compared():
    assert find_changes(plan("base"), planned(last_year=2023)).years == (2022, 2023)


def test_plans_of_two_counties_are_refused():
    base = plan("base")
    county = replace(base.prepared.county, fingerprint="other")
    with pytest.raises(ScenarioError, match="different counties"):
        find_changes(base, replace(base, prepared=replace(base.prepared, county=county)))
    county = replace(county, name="丙县")
    with pytest.raises(ScenarioError) as caught:
        find_changes(base, replace(base, prepared=replace(base.prepared, county=county)))
    assert caught.value.problems[0].values["value"] == "玩具县, 丙县"


# ---- where pupils go, told by hand
def going(*flows):
    """Return the base plan in which p1 has these pupils of grade 1 in 2022: school, pupils, minutes."""
    rows = [(2022, 1, "p1", school, "primary", pupils, minutes, 600.0) for school, pupils, minutes in flows]
    columns = ["year", "grade", "place_id", "school_id", "stage", "pupils", "minutes", "metres"]
    nobody = pd.DataFrame([], columns=["year", "grade", "place_id", "stage", "pupils", "reason"])
    return replace(plan("base"), assignment=Assignment(pd.DataFrame(rows, columns=columns), nobody))


def place(before, after):
    (row,) = find_changes(going(*before), going(*after)).places.to_dict("records")
    return row["school_before"], row["school_after"], row["state"]


STAY = ("a", 6.0, 10.0)


@pytest.mark.parametrize(
    ("before", "after", "seen"),
    [
        ([STAY], [STAY], ("a", "a", "same")),
        ([STAY], [("a", 6.0, 10.5)], ("a", "a", "journey")),
        ([STAY], [STAY, ("b", 0.5, 40.0)], ("a", "a", "residents")),
        ([STAY, ("b", 0.5, 40.0)], [STAY], ("a", "a", "residents")),
        ([STAY], [("a", 5.5, 10.0), ("b", 0.5, 40.0)], ("a", "a", "changed")),
        # Ten move away from b, or come to it; of those who are there it is the school of most.
        ([STAY, ("b", 10.0, 40.0)], [STAY], ("b", "a", "residents")),
        ([STAY], [STAY, ("b", 10.0, 40.0)], ("a", "b", "residents")),
        # Of as many the smaller id; a trifle that sums leave over does not decide.
        ([STAY, ("b", 6.0, 40.0)], [STAY, ("b", 6.0, 40.0)], ("a", "a", "same")),
        ([STAY, ("b", 6.00000001, 40.0)], [STAY, ("b", 7.0, 40.0)], ("a", "b", "residents")),
    ],
)
def test_a_place_says_where_most_of_its_pupils_go_and_what_is_other(before, after, seen):
    assert place(before, after) == seen


# ---- what schools have, told by hand
def having(rooms, pupils):
    """Return the base plan with so many rooms and pupils of grade 1 in school a, year by year; None is not known."""
    base, years = plan("base"), range(2022, 2022 + len(rooms))
    supply = base.supply.frame
    mine = supply[(supply["school_id"] == "a") & supply["year"].isin(years)]
    mine = mine.assign(rooms=pd.array(rooms, dtype="Float64").astype(mine["rooms"].dtype), seats=0.0)
    grown = base.enrolment.frame
    grown = grown[(grown["school_id"] == "a") & (grown["grade"] == 1) & grown["year"].isin(years)]
    grown = grown.assign(pupils=[np.nan if count is None else count for count in pupils]).dropna(subset="pupils")
    enrolment, assignment = replace(base.enrolment, frame=grown), going(STAY).assignment
    return replace(base, supply=Supply(mine), enrolment=enrolment, assignment=assignment)


def test_a_stage_is_open_while_it_has_a_room_or_a_pupil():
    plan_a = having(rooms=[0, 0, 1, 2], pupils=[None, 0.5, None, 30.0])
    table = find_changes(plan_a, plan_a).schools
    assert table["open_before"].tolist() == [False, True, True, True]
    assert table["open_after"].tolist() == [False, True, True, True]
    unknown = having(rooms=[None], pupils=[None])
    assert find_changes(unknown, unknown).schools["open_before"].tolist() == [False]


def test_a_school_with_one_room_in_six_more_has_changed():
    six, seven = having(rooms=[6], pupils=[30.0]), having(rooms=[7], pupils=[30.0])
    assert find_changes(six, seven).schools["state"].tolist() == ["changed"]
    assert find_changes(six, six).schools["state"].tolist() == ["same"]
    assert find_changes(six, having(rooms=[6], pupils=[30.5])).schools["state"].tolist() == ["changed"]


def test_a_school_that_is_not_there_yet_has_no_bed(rebuild):
    table = rebuild.schools.set_index(["year", "stage", "school_id"])
    new = table.loc[(2024, "primary", "n")]
    assert (new["beds_before"], new["rooms_before"], new["enrolled_before"]) == (0.0, 0.0, 0.0)
    assert (new["open_before"], new["open_after"]) == (False, True)


# ---- what is built and done: the base plan with other actions
def with_actions(*actions):
    scenario = Scenario(name="other", actions=actions)
    return replace(plan("base"), roster=apply_actions(scenario, toy.county(), load_norms()))


def test_beds_are_built_where_there_are_more_than_before():
    def beds(school_id, *counts):
        years = range(2023, 2023 + len(counts))
        return [SetBoarding(year=year, school_id=school_id, beds=n) for year, n in zip(years, counts, strict=True)]

    built = find_changes(plan("base"), with_actions(*beds("a", 1, 1, 5, 3), *beds("b", 0, 1, 60, 50, 51))).built
    built = built.set_index(["school_id", "year"])["beds_after"]
    # Nobody knows how many a had before the first; b had none for certain.
    assert np.isnan(built["a", 2023])
    assert built.drop(("a", 2023)).to_dict() == {
        ("a", 2025): 4.0, ("b", 2024): 1.0, ("b", 2025): 59.0, ("b", 2027): 1.0,
    }  # fmt: skip


def test_beds_alone_are_no_rooms_and_rooms_alone_no_beds():
    beds, rooms = SetBoarding(year=2023, school_id="a", beds=20), AddRooms(year=2024, school_id="b", stage="primary",
                                                                           rooms=2)  # fmt: skip
    built = find_changes(with_actions(rooms), with_actions(beds)).built
    assert built.index.tolist() == [0, 1]
    assert built.drop(columns="beds_after").values.tolist() == [[2023, "a", 0.0, 0.0, 0.0], [2024, "b", 2.0, 0.0, 0.0]]
    assert np.isnan(built["beds_after"][0])
    assert built["beds_after"][1] == 0.0


def test_rooms_come_back_only_once_they_are_more_than_ever():
    def rooms(*changes):
        return [AddRooms(year=2023 + at, school_id="a", stage="primary", rooms=n) for at, n in enumerate(changes)]

    # a has 6 rooms, then 4, 9, 5 and 9 again.
    built = find_changes(plan("base"), with_actions(*rooms(-2, 5, -4, 4))).built
    assert built[["year", "school_id", "rooms_after"]].values.tolist() == [[2024, "a", 3.0]]


def test_a_school_is_converted_where_its_kind_or_its_grades_turn_but_not_its_beds():
    point = {"school_id": "a", "school_kind": "teaching_point"}
    after = with_actions(
        ConvertSchool(year=2023, grade_to=3, **point), ConvertSchool(year=2024, grade_to=4, **point),
        SetBoarding(year=2025, school_id="a", beds=9), SetBoarding(year=2023, school_id="b", beds=9),
    )  # fmt: skip
    events = find_changes(plan("base"), after).events
    assert events.drop(columns="name").values.tolist() == [
        [2023, "a", "converted", "primary", "teaching_point", None, "after"],
        [2024, "a", "converted", "teaching_point", "teaching_point", None, "after"],
    ]


def test_events_of_both_plans_are_told_once_and_the_vacant_close_by_no_plan():
    merge, close = MergeSchools(year=2024, school_ids=("a",), into="b"), CloseSchool(year=2024, school_id="a")
    events = find_changes(with_actions(merge), with_actions(merge)).events
    assert events[["event", "into", "plan"]].values.tolist() == [["merged", "b", "both"]]
    events = find_changes(with_actions(merge), with_actions(close)).events
    assert events.index.tolist() == [0, 1]
    assert events[["event", "into", "plan"]].values.tolist() == [["closed", None, "after"], ["merged", "b", "before"]]
    vacant = replace(plan("base"), roster=replace(plan("base").roster, closings=(Closing(("a",), 2022, None),)))
    assert find_changes(vacant, vacant).events.empty
    first = replace(plan("base"), roster=replace(plan("base").roster, closings=(Closing(("a",), 2023, None),)))
    assert find_changes(vacant, first).events[["year", "event"]].values.tolist() == [[2023, "closed"]]


# ---- findings
def finding(rule, year, measured, limit=45.0, text="old"):
    told = {"subject_kind": "school", "subject": "a", "school_id": "a", "place_id": None, "township_id": "t1",
            "unit": "person", "clause": "c", "verified": True, "severity": "must", "text_zh": text,
            "text_en": text}  # fmt: skip
    return told | {"rule": rule, "year": year, "measured": measured, "limit": limit}


def test_findings_are_told_at_their_first_year_with_the_words_of_the_later_plan():
    old, new = (
        replace(plan("base"), findings=Findings(pd.DataFrame(rows)))
        for rows in (
            [finding("gone", 2024, 50.0), finding("gone", 2023, 48.0), finding("kept", 2022, 60.0)],
            [finding("new", 2025, 47.0, text="new"), finding("kept", 2023, 55.0, limit=50.0, text="new")],
        )
    )
    table = find_changes(old, new).findings
    assert table.index.tolist() == [0, 1, 2]
    columns = ["rule", "status", "year_before", "year_after", "measured_before", "measured_after", "limit", "text_zh"]
    assert table[columns].astype(object).where(table[columns].notna(), None).values.tolist() == [
        ["gone", "cleared", 2023, None, 48.0, None, 45.0, "old"],
        ["kept", "remains", 2022, 2023, 60.0, 55.0, 50.0, "new"],
        ["new", "caused", None, 2025, None, 47.0, 45.0, "new"],
    ]
    assert table["place_id"].tolist() == [None, None, None]
