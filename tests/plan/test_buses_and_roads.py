"""Buses and roads of a scenario, by hand on the toy county."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
import toy
from shapely import LineString

from layoutplan.errors import ScenarioError
from layoutplan.norms import load_norms
from layoutplan.plan.draft import Draft, do, redo, scenario_of, undo
from layoutplan.plan.periods import periods_of
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.roster import apply_actions
from layoutplan.plan.scenario import (
    AddRooms,
    BuildRoad,
    CloseSchool,
    ConvertSchool,
    OpenSchool,
    RunBus,
    Scenario,
    dump_scenario,
    load_scenario,
    parse_scenario,
)
from layoutplan.plan.shifts import shift_pupils, sum_shifts
from layoutplan.plan.siting import open_lab, try_at
from layoutplan.seats.settings import Lock, Policy

NORMS = load_norms()
JUNIOR = (7, 8, 9)
# p1 is 3,500 m from `b`: 46.7 min on foot at 4.5 km/h, beyond the 40; 7 min at 30 km/h.
BUS = RunBus(year=2024, school_id="b", place_ids=("p1",), grades=JUNIOR, seats=25)
# Between 1000 and 2000 the road of this county goes round by 450 m north: 1,900 m instead of 1,000.
ROUND = LineString([(1000, 0), (1000, 450), (2000, 450), (2000, 0)])
ROAD = BuildRoad(year=2025, road_id="n1", road_class="county", drive_kmh=30.0, line=((1000.0, 0.0), (2000.0, 0.0)))


def winding(*more: LineString):
    roads = toy.roads()
    lines = [*roads.geometry[:1], ROUND, *roads.geometry[2:], *more]
    extra = pd.concat([roads, roads.iloc[[1] * len(more)].assign(road_id="n1")], ignore_index=True)
    return toy.county(roads=toy.geo(extra.drop(columns="geometry").to_dict("records"), lines))


@cache
def prepared():
    return prepare(toy.county(), NORMS)


@cache
def winding_prepared():
    return prepare(winding(), NORMS)


def plan(*actions, **policy):
    return run_plan(prepared(), Scenario(name="s", last_year=2026, actions=actions, policy=Policy(**policy)))


def codes(*actions):
    with pytest.raises(ScenarioError) as caught:
        apply_actions(Scenario(name="s", actions=actions), toy.county(), NORMS)
    assert all(problem.say(lang) for problem in caught.value.problems for lang in ("zh", "en"))
    return [(problem.code, problem.field) for problem in caught.value.problems]


def of_p1(result, year):
    flows = result.assignment.flows
    mine = flows[(flows["year"] == year) & (flows["place_id"] == "p1") & (flows["stage"] == "junior")]
    return {(row.grade, row.means): (row.pupils, row.school_id, round(row.minutes, 1)) for row in mine.itertuples()}


def test_the_seats_of_a_bus_go_to_the_youngest_and_the_rest_walk():
    """30 juniors of p1 want 25 seats: grades 7 and 8 ride, half of grade 9 walks."""
    result = plan(BUS)
    assert of_p1(result, 2023) == {(g, "walk"): (10.0, "b", 46.7) for g in JUNIOR}
    assert of_p1(result, 2024) == {
        (7, "bus"): (10.0, "b", 7.0), (8, "bus"): (10.0, "b", 7.0), (9, "bus"): (5.0, "b", 7.0),
        (9, "walk"): (5.0, "b", 46.7),
    }  # fmt: skip


def test_runs_multiply_the_seats_and_a_later_action_ends_the_bus():
    result = plan(BUS.model_copy(update={"runs": 2}), RunBus(year=2026, school_id="b", runs=0, existing=50))
    assert of_p1(result, 2025) == {(g, "bus"): (10.0, "b", 7.0) for g in JUNIOR}
    assert of_p1(result, 2026) == {(g, "walk"): (10.0, "b", 46.7) for g in JUNIOR}


def test_pupils_are_conserved_and_enrolment_is_the_same_by_bus_or_on_foot():
    with_bus, without = plan(BUS), plan()
    for result in (with_bus, without):
        flows, left = result.assignment.flows, result.assignment.unplaced
        assert flows["pupils"].sum() + left["pupils"].sum() == pytest.approx(result.demand.frame["pupils"].sum())
    pd.testing.assert_frame_equal(with_bus.enrolment.frame, without.enrolment.frame)


def test_a_bus_can_take_pupils_past_a_nearer_school():
    """p2 walks 500 m to `a`; its grades 4-6 ride 2,500 m to `b`, which is 37.5 min on foot and so no ride."""
    far = RunBus(year=2024, school_id="b", place_ids=("p1",), grades=(4,), seats=20)
    flows = plan(far).assignment.flows
    mine = flows[(flows["year"] == 2024) & (flows["place_id"] == "p1")].set_index("grade")
    assert mine.loc[4, ["school_id", "means", "pupils"]].tolist() == ["b", "bus", 10.0]
    assert mine.loc[5, ["school_id", "means"]].tolist() == ["a", "walk"]
    with pytest.raises(ScenarioError) as caught:
        plan(far.model_copy(update={"place_ids": ("p1", "p2")}))
    assert [(p.code, p.values["place_id"]) for p in caught.value.problems] == [("bus_idle", "p2")]
    assert "37.5" not in caught.value.say("en") or "2.5" in caught.value.say("en")


def test_nobody_rides_longer_than_the_limit_of_the_bus():
    slow = toy.county(roads=toy.roads().assign(drive_kmh=4.0))  # 3,500 m take 52.5 min
    with pytest.raises(ScenarioError, match="bus"):
        run_plan(prepare(slow, NORMS), Scenario(name="s", last_year=2026, actions=(BUS,)))


def test_who_travels_by_road_or_boards_needs_no_bus():
    for means in ("drive", "boarding"):
        with pytest.raises(ScenarioError) as caught:
            plan(BUS, grades_7_9=means)
        assert [problem.code for problem in caught.value.problems] == ["bus_idle"]


def test_riders_are_within_the_limit_and_the_others_still_over_it():
    """Grades 7-9 are held to 40 min: 30 of p1 are over it, 5 where 25 ride. p2 walks 33.3 min."""
    over = plan(BUS, grades_7_9="walk").indicators
    over = over[over["indicator"] == "pupils_over_limit_grades_7_9"].set_index("year")["value"]
    assert over.loc[[2023, 2024]].tolist() == [30.0, 5.0]


def test_where_seats_bind_riders_take_theirs_first():
    """`b` has 3 junior rooms, 150 seats, for 195 juniors: 150 are placed either way, and the seats add up."""
    with_bus, without = (plan(*actions, assignment="capacity") for actions in ((BUS,), ()))
    for result in (with_bus, without):
        flows = result.assignment.flows
        junior = flows[(flows["year"] == 2024) & (flows["stage"] == "junior")]
        assert junior["pupils"].sum() == pytest.approx(150.0)
        price = result.assignment.prices
        row = price[(price["year"] == 2024) & (price["stage"] == "junior")].iloc[0]
        assert (row["seats"], row["pupils"]) == pytest.approx((150.0, 150.0))
    assert of_p1(without, 2024) == {}
    assert sum(pupils for pupils, _, _ in of_p1(with_bus, 2024).values()) == pytest.approx(25.0)
    with pytest.raises(ScenarioError) as caught:
        plan(BUS.model_copy(update={"grades": (4,)}), assignment="capacity",
             locks=(Lock(school_id="a", place_ids=("p1",), stage="primary"),))  # fmt: skip
    assert "bus_locked" in [problem.code for problem in caught.value.problems]


def test_riding_to_the_same_school_is_no_change_of_school():
    shifts = shift_pupils(plan(), plan(BUS, grades_7_9="walk"), years=[2024])
    junior = shifts[(shifts["place_id"] == "p1") & (shifts["stage"] == "junior")]
    assert set(junior["status"]) == {"same"}
    total = sum_shifts(junior, ["stage"]).iloc[0]
    assert total["pupils"] == pytest.approx(30.0)
    assert total["minutes_after"] == pytest.approx((25 * 7 + 5 * 3500 / 75) / 30)
    assert total["over_after"] == pytest.approx(5.0)


def test_a_site_beside_a_bus_gives_what_the_plan_gives():
    lab = open_lab(plan(BUS), stage="junior", year=2025)
    trial = try_at(lab, 200.0, 0.0, rooms=6, site_id="n")
    new = OpenSchool(year=2023, school_id="n", name="N", school_kind="junior", setting="village", east_m=200.0,
                     north_m=0.0, junior_rooms=6)  # fmt: skip
    flows = plan(BUS, new).assignment.flows
    mine = flows[(flows["school_id"] == "n") & (flows["year"] == 2025)].groupby("place_id")["pupils"].sum()
    assert trial.places.set_index("place_id")["pupils"].to_dict() == pytest.approx(mine.to_dict())
    assert mine.loc["p1"] == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("action", "found"),
    [
        (BUS.model_copy(update={"school_id": "x"}), ("school_unknown", "school_id")),
        (BUS.model_copy(update={"place_ids": ("x",)}), ("place_unknown", "place_ids")),
        (BUS.model_copy(update={"place_ids": ("p1", "p1")}), ("bus_places", "place_ids")),
        (BUS.model_copy(update={"seats": 57}), ("bus_seats", "seats")),
        (BUS.model_copy(update={"grades": ()}), ("bus_grades", "grades")),
        (BUS.model_copy(update={"school_id": "a"}), ("bus_grades", "grades")),
        (BUS.model_copy(update={"existing": 30}), ("existing_bus_differs", "existing")),
        (RunBus(year=2024, school_id="b", runs=0), ("bus_ends_nothing", "runs")),
        (ROAD.model_copy(update={"road_id": "r1"}), ("road_id_taken", "road_id")),
        (ROAD.model_copy(update={"line": ((0.0, 0.0), (0.0, 0.0))}), ("road_no_length", "line")),
        (ROAD.model_copy(update={"line": ((9e4, 0.0), (9e4, 9.0))}), ("road_outside_county", "line")),
        (ROAD.model_copy(update={"line": ((100.0, 5.0), (200.0, 5.0))}), ("road_apart", "line")),
    ],
)
def test_what_cannot_be_is_refused(action, found):
    assert codes(action) == [found]


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        (CloseSchool(year=2023, school_id="b"), BUS, "school_closed_before_by_action"),
        (BUS, RunBus(year=2025, school_id="b", runs=0, existing=30), "existing_bus_differs_by_action"),
        (
            RunBus(year=2024, school_id="b", place_ids=("p1",), grades=(5,), seats=9),
            RunBus(year=2025, school_id="a", place_ids=("p4", "p1"), grades=(4, 5), seats=9),
            "bus_serves_twice_by_action",
        ),
        (ConvertSchool(year=2023, school_id="b", school_kind="primary"), BUS, "bus_grades_by_action"),
        (ROAD, ROAD.model_copy(update={"year": 2026}), "road_id_taken_by_action"),
    ],
)
def test_two_that_clash_are_shown_side_by_side(first, second, code):
    with pytest.raises(ScenarioError) as caught:
        apply_actions(Scenario(name="s", actions=(first, second)), toy.county(), NORMS)
    assert code in [problem.code for problem in caught.value.problems]
    for lang in ("zh", "en"):
        for number, action in ((1, first), (2, second)):
            assert f"actions[{number}] {action.kind} {action.year}" in caught.value.say(lang)


def test_a_road_shortens_ways_from_its_year_on_and_not_before():
    """From p1 to `b`: 4,400 m round, 3,500 m straight; juniors walk 75 m a minute."""
    result = run_plan(winding_prepared(), Scenario(name="s", last_year=2026, actions=(ROAD,)))
    ways = {year: of_p1(result, year)[7, "walk"][2] for year in (2024, 2025, 2026)}
    assert ways == {2024: round(4400 / 75, 1), 2025: round(3500 / 75, 1), 2026: round(3500 / 75, 1)}


def test_with_its_road_a_plan_is_that_of_a_county_which_has_the_road():
    there = run_plan(prepare(winding(LineString(ROAD.line)), NORMS), Scenario(name="s", last_year=2026))
    before = run_plan(winding_prepared(), Scenario(name="s", last_year=2026))
    result = run_plan(winding_prepared(), Scenario(name="s", last_year=2026, actions=(ROAD,)))
    for year, same in ((2024, before), (2025, there), (2026, there)):
        mine, other = (
            plan.assignment.flows[plan.assignment.flows["year"] == year].reset_index(drop=True)
            for plan in (result, same)
        )
        pd.testing.assert_frame_equal(mine, other)


def test_scenarios_with_the_same_road_share_its_network_whatever_its_year():
    one, other = (
        periods_of(winding_prepared(), Scenario(name=str(year), actions=(ROAD.model_copy(update={"year": year}),)))
        for year in (2025, 2030)
    )
    assert one.in_year(2026) is other.in_year(2031)
    assert one.in_year(2024) is winding_prepared()
    longer = ROAD.model_copy(update={"line": ((1000.0, 0.0), (1500.0, 10.0), (2000.0, 0.0))})
    assert periods_of(winding_prepared(), Scenario(name="s", actions=(longer,))).in_year(2030) is not one.in_year(2026)


def test_prepared_stays_as_it_is_when_a_road_is_built():
    held = winding_prepared()
    before = (held.network.edge_length_mm.copy(), len(held.county.roads), held.travel["walk"].cost.copy())
    run_plan(held, Scenario(name="s", last_year=2026, actions=(ROAD,)))
    np.testing.assert_array_equal(before[0], held.network.edge_length_mm)
    np.testing.assert_array_equal(before[2], held.travel["walk"].cost)
    assert len(held.county.roads) == before[1]


def test_a_site_beside_a_new_road_gives_what_the_plan_gives_in_every_year():
    base = run_plan(winding_prepared(), Scenario(name="s", last_year=2026, actions=(ROAD,)))
    trial = try_at(open_lab(base, stage="junior", year=2025), 2000.0, 0.0, rooms=9, site_id="n")
    new = OpenSchool(year=2023, school_id="n", name="N", school_kind="junior", setting="village", east_m=2000.0,
                     north_m=0.0, junior_rooms=9)  # fmt: skip
    flows = run_plan(winding_prepared(), Scenario(name="s", last_year=2026, actions=(ROAD, new))).assignment.flows
    mine = flows[(flows["school_id"] == "n") & (flows["stage"] == "junior")]
    load = mine.groupby("year")["pupils"].sum()
    assert trial.load.set_index("year")["pupils"].loc[2023:].tolist() == pytest.approx(load.tolist())
    now = mine[mine["year"] == 2025].groupby("place_id")["minutes"].mean()
    assert trial.places.set_index("place_id")["minutes_after"].to_dict() == pytest.approx(now.to_dict())
    assert now.loc["p2"] == pytest.approx(1000 / 75)


def test_a_bus_waits_for_the_road_it_needs():
    """p1 lies on an island: no way to `b` until 2025, then by bus; before, nobody of it goes anywhere."""
    roads = toy.roads().drop(index=1)
    apart = prepare(toy.county(roads=roads), NORMS)
    result = run_plan(apart, Scenario(name="s", last_year=2026, actions=(ROAD, BUS)))
    assert of_p1(result, 2024) == {}
    assert of_p1(result, 2026)[7, "bus"] == (10.0, "b", 7.0)


def test_files_and_drafts_keep_both():
    actions = (BUS, RunBus(year=2026, school_id="b", runs=0, existing=25), ROAD, AddRooms(
        year=2026, school_id="b", stage="junior", rooms=1))  # fmt: skip
    scenario = Scenario(name="s", actions=actions)
    again = parse_scenario(dump_scenario(scenario), source="s")
    assert again == scenario
    assert again.fingerprint == scenario.fingerprint
    assert replace(Draft(scenario), done=(BUS,)) == do(Draft(scenario), BUS)
    draft = do(do(Draft(Scenario(name="d")), BUS), ROAD)
    assert scenario_of(undo(draft)).actions == (BUS,)
    assert redo(undo(draft)) == draft


def test_an_unknown_road_class_is_named_with_the_known_ones():
    text = dump_scenario(Scenario(name="s", actions=(ROAD,))).replace('"county"', '"lane"')
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(text, source="s")
    (problem,) = caught.value.problems
    assert (problem.code, problem.row, problem.field) == ("scenario_key_invalid", "actions[1]", "road_class")
    assert "township" in problem.say("en")


@pytest.mark.parametrize("name", ["school_bus.toml", "short_cut.toml"])
def test_worked_examples_can_be_read(name):
    from pathlib import Path

    scenario = load_scenario(Path(__file__).parents[2] / "scenarios" / name)
    assert {action.kind for action in scenario.actions} & {"run_bus", "build_road"}
