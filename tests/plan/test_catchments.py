"""Catchments alone say of pupils, seats and ways what the whole plan says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import toy

from layoutplan.errors import ScenarioError
from layoutplan.norms import load_norms
from layoutplan.plan.catchments import draw_up_catchments
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import (
    AddRooms,
    CloseSchool,
    ConvertSchool,
    MergeSchools,
    MoveIn,
    OpenSchool,
    RunBus,
    Scenario,
    SetBoarding,
)
from layoutplan.seats.settings import Outlook, Policy

NORMS = load_norms()
SITE = OpenSchool(
    year=2024, school_id="aa", name="new", school_kind="primary", setting="village", east_m=2900.0, north_m=0.0,
    primary_rooms=6,
)  # fmt: skip
CLOSING = CloseSchool(year=2025, school_id="a")


@pytest.fixture(scope="module")
def prepared():
    return prepare(toy.county(), NORMS)


@pytest.mark.parametrize(
    "actions",
    [
        (),
        (SITE,),
        (CLOSING,),
        (SITE, CLOSING),
        (AddRooms(year=2024, school_id="a", stage="primary", rooms=2),),
        (MergeSchools(year=2026, school_ids=("a",), into="b"),),
        (ConvertSchool(year=2024, school_id="a", school_kind="nine_year", junior_rooms=3),),
        (SetBoarding(year=2024, school_id="b", beds=50),),
        (MoveIn(year=2024, place_id="p3", households=40), SITE),
    ],
    ids=lambda actions: "+".join(action.kind for action in actions) or "none",
)
def test_they_say_what_the_whole_plan_says(prepared, actions):
    policy = Policy(mode="walk", grades_4_6="walk")
    scenario = Scenario(name="x", last_year=2028, policy=policy, actions=actions)
    found, plan = draw_up_catchments(prepared, scenario), run_plan(prepared, scenario)
    ours = found.numbers.frame.set_index(["indicator", "year"])
    theirs = plan.indicators.set_index(["indicator", "year"])
    shared = ours.index.intersection(theirs.index)
    # All but what a school has beyond its seats are indicators of the plan too.
    assert {name for name, _ in ours.index.difference(theirs.index)} == {
        "pupils_beyond_seats_junior",
        "pupils_beyond_seats_primary",
    }
    assert {"pupils_over_limit", "pupils_over_limit_grades_4_6", "seat_gap_primary"} <= {name for name, _ in shared}
    pd.testing.assert_frame_equal(ours.loc[shared], theirs.loc[shared])
    flows = plan.assignment.flows.groupby(["year", "stage", "school_id"])["pupils"].sum()
    supply = plan.supply.frame.set_index(["year", "stage", "school_id"])["seats"].fillna(0.0)
    index = pd.MultiIndex.from_product(
        [found.years, ["junior", "primary"], found.school_ids], names=["year", "stage", "school_id"]
    )
    for cube, wanted in ((found.pupils, flows), (found.seats, supply)):
        np.testing.assert_allclose(cube.ravel(), wanted.reindex(index).fillna(0.0).to_numpy(float), atol=1e-9)
    beyond = (flows - supply).dropna().clip(lower=0.0).groupby(["year", "stage"]).sum()
    assert ours["value"]["pupils_beyond_seats_primary", 2028] == pytest.approx(beyond[2028, "primary"])


def test_one_scenario_leaves_nothing_for_the_next(prepared):
    base = Scenario(name="base", last_year=2028)
    before = draw_up_catchments(prepared, base).numbers.frame
    draw_up_catchments(prepared, Scenario(name="x", last_year=2028, actions=(SITE, CLOSING)))
    pd.testing.assert_frame_equal(draw_up_catchments(prepared, base).numbers.frame, before)
    fewer = Scenario(name="fewer", last_year=2028, outlook=Outlook(births_change=-0.1))
    entered = draw_up_catchments(prepared, fewer).numbers.frame.set_index(["indicator", "year"])["value"]
    assert entered["pupils_primary", 2022] == before.set_index(["indicator", "year"])["value"]["pupils_primary", 2022]
    scale = Policy(grades_1_3="drive")
    driven = draw_up_catchments(prepared, Scenario(name="d", last_year=2028, policy=scale)).numbers.frame
    minutes = driven.set_index(["indicator", "year"])["value"]["mean_minutes_primary", 2022]
    assert minutes < before.set_index(["indicator", "year"])["value"]["mean_minutes_primary", 2022]


def test_another_rule_and_a_wrong_action_are_refused(prepared):
    with pytest.raises(ScenarioError) as caught:
        draw_up_catchments(prepared, Scenario(name="x", policy=Policy(assignment="capacity")))
    assert [problem.code for problem in caught.value.problems] == ["catchments_nearest_only"]
    bus = RunBus(year=2024, school_id="b", place_ids=("p1",), seats=40)
    with pytest.raises(ScenarioError) as caught:
        draw_up_catchments(prepared, Scenario(name="x", actions=(SITE, bus)))
    assert [(problem.code, problem.row) for problem in caught.value.problems] == [("catchments_action", "actions[2]")]
    with pytest.raises(ScenarioError) as caught:
        draw_up_catchments(prepared, Scenario(name="x", actions=(CloseSchool(year=2024, school_id="ghost"),)))
    assert [problem.code for problem in caught.value.problems] == ["school_unknown"]
