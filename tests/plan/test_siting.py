"""A trial says what a plan with the school opened there would say, without running one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import toy
import toy_plans
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from layoutplan.norms import load_norms
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.ranking import rank_sites
from layoutplan.plan.scenario import OpenSchool, RunBus, Scenario
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


# ---- who goes to a site

# Grades 1-3 walk 60 m a minute, grades 4-6 66.7 m: half a minute a metre, as a mean.
MEAN = (1 / 60 + 3 / 200) / 2
PRIMARY = LABS["primary"]


def with_pupils(lab, by_grade):
    """Return the lab with so many pupils in each grade in every place and year."""
    return replace(lab, pupils=np.broadcast_to(np.array(by_grade, dtype=float)[:, None], lab.pupils.shape).copy())


def test_minutes_before_and_after_are_means_over_all_pupils_with_a_school():
    trial = try_at(PRIMARY, 1000.0, 0.0, rooms=6)
    # 60, 120 and 180 pupils walk 500 m, 30 walk 500 m and 100 m more.
    assert trial.minutes_before == pytest.approx((360 * 500 + 30 * 600) * MEAN / 390)
    assert trial.minutes_after == pytest.approx((60 * 500 + 120 * 0 + 180 * 500 + 30 * 600) * MEAN / 390)


@pytest.mark.parametrize(("east_m", "cells"), [(1200.0, [1, 2]), (2000.0, [2]), (3600.0, [4]), (500.0, [0, 1, 2])])
def test_cells_nearer_to_the_site_than_to_a_school_go_to_it(east_m, cells):
    """Cells lie at every kilometre of the road, schools at 500 and 3500; the id of the site is the smaller one."""
    assert try_at(PRIMARY, east_m, 0.0, rooms=6, site_id="A").cells.tolist() == cells


@pytest.mark.parametrize("east_m", [600.0, 1400.0, 2500.0, 3300.0])
def test_a_site_may_stand_on_any_road(east_m):
    trial = try_at(PRIMARY, east_m, -20.0, rooms=6)
    assert (trial.reason, trial.gap_m) == ("", pytest.approx(20.0))
    assert trial.cells.size > 0


def test_of_ways_equally_long_the_smaller_id_wins():
    # p2 is 500 m from a and from the site.
    for site_id, names in (("A", ["p2"]), ("zz", [])):
        trial = try_at(PRIMARY, 1500.0, 0.0, rooms=6, site_id=site_id)
        assert trial.places["place_id"].tolist() == names
        assert trial.places["minutes_after"].tolist() == trial.places["minutes_before"].tolist()


def test_a_site_without_a_road_in_reach_or_beyond_the_border_takes_nobody():
    """The west of this county reaches 9 km north, its east ends 120 m north of the road."""
    ground = toy.geo([{"township_id": "t1", "name": "甲乡"}, {"township_id": "t2", "name": "乙乡"}],
                     [box(-500, -500, 2000, 9000), box(2000, -500, 4500, 120)])  # fmt: skip
    plan = run_plan(prepare(toy.county(townships=ground), load_norms()), Scenario(name="base", last_year=2023))
    lab = open_lab(plan, stage="primary", year=2023)
    off, beyond, good = (try_at(lab, *at, rooms=6) for at in ((1000.0, 8000.0), (3000.0, 150.0), (3000.0, 110.0)))
    assert (off.reason, beyond.reason, good.reason) == ("off_network", "outside_county", "")
    assert np.isnan(off.gap_m)
    assert (beyond.gap_m, good.gap_m) == (pytest.approx(150.0), pytest.approx(110.0))
    assert [trial.places["place_id"].tolist() for trial in (off, beyond, good)] == [[], [], ["p3"]]
    assert [trial.cells.tolist() for trial in (off, beyond, good)] == [[], [], [2, 3]]


# ---- classes


@pytest.mark.parametrize(("pupils", "classes"), [(45.0, 6), (45.1, 12), (44.9, 6), (90.0, 12)])
def test_a_grade_has_a_class_more_only_beyond_the_norm(pupils, classes):
    # Only p2 goes there.
    load = try_at(with_pupils(PRIMARY, [pupils] * 6), 1100.0, 0.0, rooms=20).load
    assert set(load["classes"]) == {classes}
    assert load["class_size"].tolist() == pytest.approx([6 * pupils / classes] * len(load))


def test_classes_fill_the_rooms_and_no_more():
    grades = with_pupils(PRIMARY, [90.0, 45.0, 45.0, 45.0, 45.0, 45.0])
    for rooms, classes in ((8, 7), (7, 7), (6, 6)):
        assert set(try_at(grades, 1100.0, 0.0, rooms=rooms).load["classes"]) == {classes}


def test_a_single_class_has_a_size_and_a_school_without_pupils_has_none():
    load = try_at(with_pupils(PRIMARY, [30.0, 0, 0, 0, 0, 0]), 1100.0, 0.0, rooms=6).load
    assert (set(load["classes"]), set(load["class_size"])) == ({1}, {30.0})
    nobody = try_at(PRIMARY, 500.0, 0.0, rooms=6, site_id="zz").load
    assert nobody["classes"].sum() == 0
    assert nobody["class_size"].isna().all()


# ---- relief


def far(lab):
    """Return the lab with ways to every school ten times as long, so that the site is the nearest of all."""
    return replace(lab, best_cost=lab.best_cost * 10, best_minutes=lab.best_minutes * 10)


def test_relief_stands_largest_first_and_ties_by_id():
    relief = try_at(far(PRIMARY), 2000.0, 0.0, rooms=6).relief
    assert relief.to_numpy().tolist() == [["b", 210.0, 0.0, 270.0], ["a", 180.0, 0.0, 270.0]]
    equal = try_at(with_pupils(far(PRIMARY), [1.0] * 6), 2000.0, 0.0, rooms=6).relief
    assert equal["school_id"].tolist() == ["a", "b"]
    assert equal["pupils_before"].tolist() == [12.0, 12.0]


def test_a_relief_of_less_than_a_pupil_counts():
    relief = try_at(with_pupils(PRIMARY, [0.1] * 6), 1100.0, 0.0, rooms=6).relief
    assert relief[["school_id", "pupils_before", "pupils_after"]].to_numpy().tolist() == [
        ["a", pytest.approx(1.2), pytest.approx(0.6)]
    ]


def test_who_comes_by_bus_stays_and_keeps_a_seat():
    """25 of the 30 juniors of p1 ride to `b`; the other five and the 165 of the other places walk."""
    bus = RunBus(year=2024, school_id="b", place_ids=("p1",), grades=(7, 8, 9), seats=25)
    lab = open_lab(run_plan(PREPARED, Scenario(name="s", last_year=2025, actions=(bus,))), stage="junior", year=2024)
    assert lab.riding.tolist() == [0.0, 25.0]
    assert lab.riding_by_year.tolist() == [[0.0, 0.0], [0.0, 0.0], [0.0, 25.0], [0.0, 25.0]]
    relief = try_at(far(lab), 2000.0, 0.0, rooms=6).relief
    assert relief.to_numpy().tolist() == [["b", 195.0, 25.0, 150.0]]


# ---- the places


def test_places_are_told_with_the_school_their_pupils_went_to_before():
    places = try_at(far(PRIMARY), 2000.0, 0.0, rooms=6).places
    assert places[["place_id", "school_before", "pupils"]].to_numpy().tolist() == [
        ["p1", "a", 60.0], ["p2", "a", 120.0], ["p3", "b", 180.0], ["p4", "b", 30.0],
    ]  # fmt: skip
    assert places["minutes_before"].tolist() == pytest.approx([5000 * MEAN] * 3 + [6000 * MEAN])
    assert places["minutes_after"].tolist() == pytest.approx([2000 * MEAN, 1000 * MEAN, 1000 * MEAN, 2100 * MEAN])


def test_a_place_whose_grades_went_to_two_schools_has_two_rows():
    school = PRIMARY.best_school.copy()
    school[:, 3:, 1] = 1
    places = try_at(far(replace(PRIMARY, best_school=school)), 2000.0, 0.0, rooms=6).places
    mine = places[places["place_id"] == "p2"]
    assert mine[["school_before", "pupils"]].to_numpy().tolist() == [["a", 60.0], ["b", 60.0]]
    # Grades 1-3 at 60 m a minute, grades 4-6 at 66.7.
    assert mine["minutes_after"].tolist() == pytest.approx([1000 / 60, 15.0])


def test_places_without_pupils_are_not_told_and_those_with_part_of_one_are():
    pupils = PRIMARY.pupils.copy()
    pupils[:, :, 1], pupils[:, :, 0] = 0.0, 0.25
    places = try_at(far(replace(PRIMARY, pupils=pupils)), 2000.0, 0.0, rooms=6).places
    assert places[["place_id", "pupils"]].to_numpy().tolist() == [["p1", 1.5], ["p3", 180.0], ["p4", 30.0]]


def test_where_no_school_is_left_the_site_serves_everybody_and_nobody_had_a_way_before():
    """Both schools are closed by 2025."""
    lab = open_lab(toy_plans.plan("none"), stage="primary", year=2025)
    assert set(lab.best_school[-1].ravel().tolist()) == {-1}
    assert set(lab.cell_school.tolist()) == {-1}
    trial = try_at(lab, 1000.0, 0.0, rooms=6)
    assert trial.places["school_before"].tolist() == [None] * 4
    assert trial.places["pupils"].tolist() == [60.0, 120.0, 180.0, 30.0]
    assert trial.places["minutes_before"].isna().all()
    assert trial.relief.empty
    assert np.isnan([trial.minutes_before, trial.minutes_after]).all()
    assert trial.cells.tolist() == [0, 1, 2, 3, 4]


def test_a_single_pupil_has_a_mean_too():
    pupils = np.zeros_like(PRIMARY.pupils)
    pupils[:, 0, 1] = 1.0
    trial = try_at(replace(PRIMARY, pupils=pupils), 1000.0, 0.0, rooms=6)
    assert (trial.minutes_before, trial.minutes_after) == (pytest.approx(500 / 60), pytest.approx(0.0))


# ---- the lab


def test_a_lab_holds_the_seats_of_its_stage_and_year():
    assert LABS["junior"].seats.tolist() == [0.0, 150.0]
    rebuilt = toy_plans.plan("rebuild")
    assert open_lab(rebuilt, stage="junior", year=2023).seats.tolist() == [0.0, 150.0, 0.0]
    assert open_lab(rebuilt, stage="junior", year=2024).seats.tolist() == [0.0, 250.0, 150.0]
