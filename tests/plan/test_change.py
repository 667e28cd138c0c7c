"""What a plan changes, against the toy county's numbers worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from toy_plans import plan, prepared

from layoutplan.errors import ScenarioError
from layoutplan.plan.change import find_changes
from layoutplan.plan.planning import run_plan
from layoutplan.plan.scenario import AddRooms, ConvertSchool, Scenario, SetBoarding


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
