"""A trial says what a plan with the school opened there would say, without running one."""

from __future__ import annotations

import numpy as np
import pytest
import toy
from hypothesis import given, settings
from hypothesis import strategies as st

from layoutplan.norms import load_norms
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.ranking import rank_sites
from layoutplan.plan.scenario import OpenSchool, Scenario
from layoutplan.plan.siting import open_lab, try_at, try_site

PREPARED = prepare(toy.county(), load_norms())
BASE = run_plan(PREPARED, Scenario(name="base"))
LABS = {stage: open_lab(BASE, stage=stage, year=2025) for stage in ("primary", "junior")}


def test_a_school_beside_p2_takes_p2_and_relieves_a():
    trial = try_at(LABS["primary"], 1200.0, 30.0, rooms=6)
    assert trial.reason == ""
    assert trial.gap_m == pytest.approx(30.0)
    # p2 walks 200 m along the road and 30 m off it; 20 children in each of 6 grades.
    # The younger half walk 60 m a minute, the older half 66.7 m.
    mean = (1 / 60 + 3 / 200) / 2
    assert trial.places.values.tolist() == [["p2", "a", 120.0, pytest.approx(500 * mean), pytest.approx(230 * mean)]]
    assert trial.relief.values.tolist() == [["a", 180.0, 60.0, 270.0]]
    now = trial.load.set_index("year").loc[2025]
    assert (now["pupils"], now["classes"], now["class_size"]) == (120.0, 6, 20.0)
    # 390 pupils of the stage; 120 of them save 270 m.
    assert trial.minutes_before - trial.minutes_after == pytest.approx(120 * 270 * mean / 390)


def test_a_point_outside_the_county_or_far_from_roads_says_so_and_takes_nobody():
    for east_m, north_m, reason in ((9000.0, 0.0, "outside_county"), (1000.0, 501.0, "outside_county")):
        trial = try_at(LABS["primary"], east_m, north_m, rooms=6)
        assert trial.reason == reason
        assert trial.places.empty
        assert trial.cells.size == 0
        assert trial.load["pupils"].sum() == 0.0
        assert trial.minutes_before == trial.minutes_after


def test_too_few_rooms_make_classes_larger_and_not_more():
    crowded = try_at(LABS["junior"], 2000.0, 0.0, rooms=1).load.set_index("year").loc[2025]
    assert crowded["classes"] == 3  # one for each grade, that cannot share a room
    assert crowded["class_size"] == crowded["pupils"] / 3


@settings(deadline=None, max_examples=25)
@given(
    st.floats(-400, 4400).map(lambda metres: round(metres, 1)),
    st.sampled_from([-120.0, 0.0, 80.0]),
    st.sampled_from(["primary", "junior"]),
    st.sampled_from(["A", "site-1", "zz"]),
)
def test_a_trial_equals_the_plan_with_the_school_opened_there(east_m, north_m, stage, site_id):
    trial = try_at(LABS[stage], east_m, north_m, rooms=6, site_id=site_id)
    rooms = {f"{stage}_rooms": 6}
    action = OpenSchool(
        year=2023,
        school_id=site_id,
        name="N",
        school_kind=stage,
        setting="village",
        east_m=east_m,
        north_m=north_m,
        **rooms,
    )
    plan = run_plan(PREPARED, Scenario(name="open", actions=(action,)))
    flows = plan.assignment.flows
    mine = flows[(flows["school_id"] == site_id) & (flows["stage"] == stage)]
    load = mine.groupby("year")["pupils"].sum().reindex(range(2023, 2036), fill_value=0.0)
    assert trial.load.set_index("year")["pupils"].loc[2023:].tolist() == pytest.approx(load.tolist())
    now = mine[mine["year"] == 2025]
    served = (now["minutes"] * now["pupils"]).groupby(now["place_id"]).sum() / now.groupby("place_id")["pupils"].sum()
    assert dict(zip(trial.places["place_id"], trial.places["minutes_after"], strict=True)) == pytest.approx(
        served.to_dict()
    )


def test_ranking_puts_the_place_that_saves_most_first_and_lists_the_refused():
    ranking = rank_sites(LABS["junior"], rooms=6)
    ranked, years = ranking.frame, ranking.years
    assert ranked.loc[0, "candidate_id"] == "p2"
    assert np.all(np.diff(ranked["gap_closed"]) <= 0)
    # p2 has 60 and p1 30 juniors; at p2 they save 2500 m each, in every year from 2025 to 2035.
    saved = years[years["candidate_id"] == "p2"].set_index("year")["minutes_saved"]
    assert saved.tolist() == pytest.approx([(60 * 2500 + 30 * 2500) / 75] * 11)  # 4.5 km/h
    assert ranking.refused.empty


def test_try_site_is_one_trial_of_a_fresh_lab():
    once = try_site(BASE, 1200.0, 30.0, stage="primary", year=2025, rooms=6)
    assert once.places.equals(try_at(LABS["primary"], 1200.0, 30.0, rooms=6).places)
