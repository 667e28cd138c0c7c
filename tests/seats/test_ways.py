"""What each group of grades is held to, and a plan in which the groups travel by different means."""

from __future__ import annotations

import pytest
import toy
from pydantic import ValidationError

from layoutplan.norms import load_norms
from layoutplan.plan.planning import catchments_of, prepare, prepare_for, run_plan
from layoutplan.plan.scenario import OpenSchool, Scenario
from layoutplan.plan.siting import open_lab, try_at
from layoutplan.seats.settings import Policy
from layoutplan.seats.ways import limit_of, means_of, mode_of, modes_of

NORMS = load_norms()
GROUPS = ("grades_1_3", "grades_4_6", "grades_7_9")


@pytest.fixture(scope="module")
def prepared():
    return prepare(toy.county(), NORMS)


def run(prepared, **policy):
    return run_plan(prepared, Scenario(name="s", policy=Policy(**policy)))


def minutes(result, place_id, grade, year=2022):
    flows = result.assignment.flows
    found = flows[(flows["year"] == year) & (flows["grade"] == grade) & (flows["place_id"] == place_id)]
    return found["minutes"].item()


@pytest.mark.parametrize(
    ("policy", "limits"),
    [
        (Policy(), [30, None, None]),
        (Policy(mode="drive"), [30, None, None]),
        (Policy(grades_4_6="walk", grades_7_9="boarding"), [30, 40, 120]),
        (Policy(grades_1_3="drive", grades_4_6="boarding", grades_7_9="drive"), [30, 120, 40]),
    ],
)
def test_only_the_youngest_are_held_to_minutes_unless_a_policy_says_how_others_travel(policy, limits):
    norms = [limit_of(policy, group, NORMS) for group in GROUPS]
    assert [norm and norm.value for norm in norms] == limits
    assert norms[0].verified
    assert not any(norm.verified for norm in norms[1:] if norm)


def test_boarders_travel_in_the_mode_of_the_policy():
    policy = Policy(mode="drive", grades_1_3="walk", grades_7_9="boarding")
    assert [means_of(policy, group) for group in GROUPS] == ["walk", "drive", "boarding"]
    assert [mode_of(policy, group) for group in GROUPS] == ["walk", "drive", "drive"]
    assert modes_of(policy) == ("drive", "walk")
    assert modes_of(Policy()) == ("walk",)


def test_the_youngest_do_not_board():
    with pytest.raises(ValidationError):
        Policy(grades_1_3="boarding")


def test_each_group_travels_at_its_own_speed_and_by_its_own_means(prepared):
    result = run(prepared, grades_7_9="drive")
    # p1 to a, 500 m: 3.6 and 4 km/h on foot; to b, 3,500 m at 30 km/h by bus.
    assert minutes(result, "p1", 1) == pytest.approx(500 / 60)
    assert minutes(result, "p1", 4) == pytest.approx(500 / (4000 / 60))
    assert minutes(result, "p1", 7) == pytest.approx(3500 / 500)
    # p4 walks its gap of 100 m at 3.6 km/h before it rides 500 m.
    assert minutes(result, "p4", 7) == pytest.approx(100 / 60 + 500 / 500)


def test_findings_and_indicators_hold_each_group_to_its_own_limit(prepared):
    plain, stated = run(prepared), run(prepared, grades_4_6="walk", grades_7_9="walk")
    over = stated.findings.frame.query("rule == 'place_over_limit'")
    # On foot at 4.5 km/h, 75 m a minute: p1 3,500 m, but p2 2,500 m is within 40 minutes.
    assert over[["subject", "place_id", "limit"]].values.tolist() == [["p1/grades_7_9", "p1", 40.0]]
    assert over["measured"].item() == pytest.approx(3500 / 75)
    assert not over["verified"].item()
    assert "七至九年级" in over["text_zh"].item()
    assert "grades 7-9" in over["text_en"].item()
    assert plain.findings.frame.query("rule == 'place_over_limit'").empty
    value = stated.indicators.set_index(["indicator", "year"])["value"]
    assert value["pupils_over_limit_grades_7_9", 2022] == 30.0  # three grades of ten
    assert value["pupils_over_limit_grades_4_6", 2022] == value["pupils_over_limit", 2022] == 0.0
    assert not set(plain.indicators["indicator"]) & {"pupils_over_limit_grades_4_6", "pupils_over_limit_grades_7_9"}
    boarders = run(prepared, grades_7_9="boarding")
    assert boarders.findings.frame.query("rule == 'place_over_limit'").empty


def test_another_season_is_measured_once_and_slows_everybody(prepared):
    snow = Policy(season="snow", grades_7_9="drive")
    assert prepare_for(prepared, snow) is prepare_for(prepared, snow)
    assert prepare_for(prepared, Policy()) is prepared
    result = run(prepared, season="snow", grades_7_9="drive")
    assert result.prepared.season == "snow"
    assert minutes(result, "p1", 1) == pytest.approx(500 / 60 / 0.8)
    # 30 km/h x 0.6 is 18 km/h, under the cap of 20.
    assert minutes(result, "p1", 7) == pytest.approx(3500 / 300)
    assert result.prepared.fingerprint != prepared.fingerprint


def test_a_trial_follows_the_means_of_its_grades_and_all_modes_share_one_tiling(prepared):
    policy = Policy(grades_4_6="drive", season="rain")
    base = run_plan(prepared, Scenario(name="base", policy=policy))
    new = OpenSchool(
        year=2024, school_id="n", name="N", school_kind="primary", setting="village", east_m=1200.0, north_m=0.0,
        primary_rooms=6,
    )  # fmt: skip
    plan = run_plan(prepared, Scenario(name="open", policy=policy, actions=(new,)))
    trial = try_at(open_lab(base, stage="primary", year=2025), 1200.0, 0.0, rooms=6, site_id="n")
    flows = plan.assignment.flows
    mine = flows[(flows["school_id"] == "n") & (flows["year"] == 2025)]
    mean = (mine["minutes"] * mine["pupils"]).sum() / mine["pupils"].sum()
    assert trial.places[["place_id", "pupils"]].values.tolist() == [["p2", 120.0]]
    assert trial.places["minutes_after"].item() == pytest.approx(mean)
    frames = [cells.frame for cells in base.prepared.cells.values()]
    assert len(frames) == 2
    assert frames[0] is frames[1]
    assert catchments_of(base, stage="primary", year=2025).area.sum() == pytest.approx(5000 * 1000)
