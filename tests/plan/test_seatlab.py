"""A trial within the seats says what a plan with the school opened there would say."""

from __future__ import annotations

from dataclasses import replace

import pytest
import toy
from hypothesis import given, settings
from hypothesis import strategies as st

from layoutplan.norms import load_norms
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import OpenSchool, Scenario
from layoutplan.plan.seatlab import open_seat_lab, try_seats
from layoutplan.seats.settings import Policy

PREPARED = prepare(toy.county(), load_norms())
SHORT = toy.county().rooms.assign(rooms=[2, 2, 3])
COUNTY = replace(PREPARED, county=replace(toy.county(), rooms=SHORT))
POLICY = Policy(assignment="capacity", within_limits=True)
BASE = run_plan(COUNTY, Scenario(name="base", last_year=2025, policy=POLICY))
LAB = open_seat_lab(BASE, stage="primary", year=2025, rooms=3)


@settings(max_examples=10)
@given(st.floats(-400, 4400).map(lambda metres: round(metres, 1)), st.sampled_from([0.0, 80.0]))
def test_a_trial_equals_the_plan_with_the_school_opened_there(east_m, north_m):
    trial = try_seats(LAB, east_m, north_m)
    action = OpenSchool(
        year=2025, school_id="site-1", name="N", school_kind="primary", setting="village", east_m=east_m,
        north_m=north_m, primary_rooms=3,
    )  # fmt: skip
    plan = run_plan(COUNTY, Scenario(name="open", last_year=2025, policy=POLICY, actions=(action,)))
    proof = plan.assignment.proof.query("year == 2025 and stage == 'primary'").iloc[0]
    assert trial.pupil_minutes_after == pytest.approx(proof["pupil_minutes"], rel=1e-6)
    left = plan.assignment.unplaced.query("year == 2025 and stage == 'primary' and reason == 'no_seat'")
    assert trial.unplaced_after == pytest.approx(left["pupils"].sum(), abs=1e-5)
    flows = plan.assignment.flows.query("year == 2025 and stage == 'primary' and school_id == 'site-1'")
    assert trial.pupils == pytest.approx(flows["pupils"].sum(), abs=1e-5)


def test_three_rooms_beside_p3_seat_135_pupils_more():
    trial = try_seats(LAB, 3000.0, 0.0)
    assert (trial.unplaced_before, trial.unplaced_after) == (pytest.approx(165.0), pytest.approx(30.0))
    assert trial.pupils == pytest.approx(135.0)


def test_a_point_outside_changes_nothing():
    trial = try_seats(LAB, 9000.0, 0.0)
    assert trial.reason == "outside_county"
    assert trial.unplaced_after == trial.unplaced_before
    assert trial.relief.empty


def test_a_policy_a_trial_could_not_follow_is_refused():
    plan = run_plan(COUNTY, Scenario(name="n", last_year=2025))
    with pytest.raises(ValueError, match="capacity"):
        open_seat_lab(plan, stage="primary", year=2025, rooms=3)
