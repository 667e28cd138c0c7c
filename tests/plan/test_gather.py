"""From a county and a goal to a task: units, ways, forms and prices, on the toy county by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import toy

from layoutplan.errors import ScenarioError
from layoutplan.norms import load_norms
from layoutplan.plan.optimise.gather import gather
from layoutplan.plan.optimise.goal import Budget, Candidates, Goal, Locks, Open, Point, Weights
from layoutplan.plan.planning import prepare
from layoutplan.seats.settings import Policy

POINTS = (Point(site_id="n", name="N", east_m=2000.0, north_m=0.0),)
PLACES = 4


@cache
def prepared():
    return prepare(toy.county(), load_norms())


@cache
def asked(**changes):
    plain = Goal(
        name="g", years=(2024,), last_year=2024, quantile=0.5, deeds=("open",),
        candidates=Candidates(source="points", points=POINTS), open=Open(kinds=("primary",), rooms=(6,)),
        weights=Weights(envy=0.0, million_yuan=0.0),
    )  # fmt: skip
    return gather(prepared(), plain.model_copy(update=changes))


def unit(question, group, place):
    """Return the row of a place's pupils of a group of grades."""
    at = [block.group for block in question.blocks].index(group)
    return at * PLACES + question.place_ids.index(place)


def site(question, site_id):
    return question.task.site_ids.index(site_id)


# ---- who ---------------------------------------------------------------------------------------------------
def test_blocks_are_grades_that_travel_alike_and_are_taught_at_the_same_schools():
    question = asked()
    assert [(block.stage, block.group, block.grades) for block in question.blocks] == [
        ("primary", "grades_1_3", (1, 2, 3)), ("primary", "grades_4_6", (4, 5, 6)),
        ("junior", "grades_7_9", (7, 8, 9)),
    ]  # fmt: skip
    assert question.task.block_stage.tolist() == [0, 0, 1]
    assert question.task.unit_block.tolist() == [0] * 4 + [1] * 4 + [2] * 4


@pytest.mark.parametrize(("stages", "blocks"), [(("primary",), 2), (("junior",), 1)])
def test_only_grades_of_the_stages_asked_for_are_seated(stages, blocks):
    question = asked(stages=stages)
    assert len(question.blocks) == blocks
    assert {block.stage for block in question.blocks} == set(stages)


def test_a_school_of_four_grades_divides_the_group_that_it_does_not_teach_whole():
    schools = toy.schools()
    schools["grade_to"] = schools["grade_to"].where(schools["school_id"] != "a", 4)
    question = gather(prepare(toy.county(schools=schools), load_norms()), asked().goal)
    assert [block.grades for block in question.blocks] == [(1, 2, 3), (4,), (5, 6), (7, 8, 9)]


def test_every_year_of_a_place_s_block_counts_its_children_of_those_grades():
    # p1 10 children an age, p2 20, p3 30, p4 5; three grades a block.
    question = asked()
    assert question.task.pupils == pytest.approx(np.array([[30.0, 60.0, 90.0, 15.0] * 3]))
    assert question.middle == pytest.approx(question.task.pupils)
    assert question.unreached.tolist() == [0.0]


def test_periods_weigh_by_their_years_and_seat_the_most_pupils_of_any():
    question = asked(years=(2023, 2026), last_year=2026)
    assert question.task.years == (2023, 2026)
    assert question.task.weight.tolist() == [0.75, 0.25]
    grown = replace(toy.county(), children=toy.county().children.assign(children=lambda f: 10.0 + (f["age"] == 4) * 5))
    # Those of four at the end of August 2022 are in grade 1 in 2024 and leave grade 3 in 2026.
    late = gather(prepare(grown, load_norms()), asked(years=(2022, 2024, 2027), last_year=2028).goal)
    first = unit(late, "grades_1_3", "p1")
    assert late.task.pupils[:, first] == pytest.approx([30.0, 35.0, late.task.pupils[2, first]])
    assert late.task.pupils[2, first] < 35.0


def test_pupils_on_the_high_side_are_no_fewer_than_those_of_the_middle():
    question = asked(quantile=0.9)
    assert (question.task.pupils >= question.middle - 1e-9).all()


# ---- where ---------------------------------------------------------------------------------------------------
def test_ways_are_those_of_the_road_to_schools_and_to_new_sites():
    """p2 lies 500 m from a, 1000 m from n and 2500 m from b; grades 1-3 walk 60 m a minute."""
    question = asked()
    row = unit(question, "grades_1_3", "p2")
    assert question.task.site_ids == ("a", "b", "n")
    assert question.minutes[row] == pytest.approx([500 / 60, 2500 / 60, 1000 / 60])
    assert question.minutes[unit(question, "grades_4_6", "p2")] == pytest.approx([7.5, 37.5, 15.0])
    assert question.task.cost[row] == pytest.approx(question.minutes[row])


def test_a_school_that_does_not_teach_a_block_is_no_way_for_it():
    question = asked()
    junior = question.task.cost[unit(question, "grades_7_9", "p1")]
    assert np.isfinite(junior).tolist() == [False, True, False]


def test_a_village_without_any_road_stands_beside_the_task():
    places = toy.places()
    places.geometry = [*places.geometry[:3], toy.Point(4000, 60_000)]
    question = gather(prepare(toy.county(places=places), load_norms()), asked().goal)
    lost = unit(question, "grades_1_3", "p4")
    assert question.task.pupils[:, lost].sum() == 0
    assert question.middle[:, lost].sum() == 0
    # Five children an age in nine grades.
    assert question.unreached == pytest.approx([45.0])


def test_a_village_beyond_every_limit_stays_in_the_task():
    far = asked(policy=Policy(assignment="capacity", within_limits=True), locks=Locks(never=("n",)))
    near = far.minutes[unit(far, "grades_1_3", "p2")]
    assert near[0] < far.limit[0] < near[1]
    assert np.isinf(far.task.cost[unit(far, "grades_1_3", "p2"), site(far, "b")])
    assert far.unreached.tolist() == [0.0]
    assert far.task.pupils.sum() == pytest.approx(65 * 9)


@pytest.mark.parametrize(
    ("means", "group", "bound"),
    [({}, "grades_1_3", True), ({}, "grades_4_6", False), ({"grades_4_6": "walk"}, "grades_4_6", True)],
)
def test_within_limits_bars_ways_of_groups_that_a_limit_binds(means, group, bound):
    question = asked(policy=Policy(assignment="capacity", within_limits=True, **means))
    # From p1 to b it is 3500 m.
    assert np.isinf(question.task.cost[unit(question, group, "p1"), site(question, "b")]) == bound
    free = asked(policy=Policy(assignment="capacity", within_limits=False, **means))
    assert np.isfinite(free.task.cost[unit(free, group, "p1"), site(free, "b")])


# ---- what it costs -------------------------------------------------------------------------------------------
def test_a_way_costs_its_minutes_those_beyond_the_limit_again_and_the_breach_itself():
    """From p2 to b grades 1-3 walk 41.7 minutes, 11.7 beyond the limit of 30; to a they keep it."""
    question = asked(weights=Weights(minutes=2.0, envy=3.0, over_limit=7.0, million_yuan=0.0))
    row = question.task.cost[unit(question, "grades_1_3", "p2")]
    assert question.limit[0] == 30.0
    assert row[site(question, "b")] == pytest.approx(2 * 2500 / 60 + 3 * (2500 / 60 - 30) + 7)
    assert row[site(question, "a")] == pytest.approx(2 * 500 / 60)


def test_a_way_of_exactly_the_limit_is_no_breach():
    # 1800 m take grades 1-3 half an hour.
    exact = (Point(site_id="n", name="N", east_m=2800.0, north_m=0.0),)
    question = asked(
        candidates=Candidates(source="points", points=exact), weights=Weights(envy=0.0, over_limit=7.0, million_yuan=0)
    )
    assert question.task.cost[unit(question, "grades_1_3", "p2"), site(question, "n")] == pytest.approx(30.0)


def test_taking_a_form_costs_its_yuan_and_its_site_by_their_weights():
    question = asked(
        weights=Weights(million_yuan=40.0, site=5.0, school=9.0), budget=Budget(room_yuan=500_000.0),
        years=(2024, 2025), last_year=2025,
    )  # fmt: skip
    # n is built with six rooms: three million yuan.
    assert [form.deed for form in question.forms] == ["stand", "stand", "open"]
    assert question.task.start_cost.tolist() == [[0.0, 0.0], [0.0, 0.0], [3 * 40 + 5.0, 3 * 40 + 5.0]]
    assert question.task.stand_cost.tolist() == [9.0, 9.0, 9.0]


# ---- forms -----------------------------------------------------------------------------------------------------
def test_schools_that_stand_may_not_be_started_and_new_ones_have_no_form_before():
    question = asked(
        open=Open(kinds=("primary",), rooms=(6, 12), least_pupils=80.0), years=(2024, 2025), last_year=2025
    )
    task = question.task
    assert task.first_form.tolist() == [0, 1, -1]
    assert task.form_site.tolist() == [0, 1, 2, 2]
    assert task.starts.tolist() == [[False] * 2, [False] * 2, [True] * 2, [True] * 2]
    assert task.form_least.tolist() == [0.0, 0.0, 80.0, 80.0]
    assert task.form_seats[2:].tolist() == [[270.0, 0.0], [540.0, 0.0]]
    assert task.form_blocks.tolist() == [
        [True, True, False],
        [True, True, True],
        [True, True, False],
        [True, True, False],
    ]
    assert not task.closes.any()


def test_a_site_never_built_on_is_no_site_of_the_task():
    assert asked(locks=Locks(never=("n",))).task.site_ids == ("a", "b")


# ---- years ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("years", "last", "good"),
    [((2022,), 2023, True), ((2021,), 2023, False), ((2050,), 2052, True), ((2050,), 2053, False)],
)
def test_years_from_the_base_year_to_thirty_later_can_be_planned(years, last, good):
    plain = asked().goal.model_copy(update={"years": years, "last_year": last})
    if good:
        assert gather(prepared(), plain).task.years == years
        return
    with pytest.raises(ScenarioError) as caught:
        gather(prepared(), plain)
    (problem,) = caught.value.problems
    assert (problem.code, dict(problem.values)) == ("year_outside", {"first": 2022, "last": 2052})
