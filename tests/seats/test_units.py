"""Who is placed together in the toy county: grades taught alike, places kept together, and their ways by hand.

Schools a (grades 1-6, 500 m east) and b (1-9, 3500 m); places p1 to p4 at 0, 1000, 3000 and 4000 m with 10, 20, 30 and
5 pupils a grade. Grades 1-3 walk 60 m a minute, grades 4-6 4,000 m an hour, grades 7-9 75 m a minute.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import toy

from layoutplan.norms import load_norms
from layoutplan.plan.planning import plan_rules, prepare, run_plan
from layoutplan.plan.scenario import ConvertSchool, Scenario
from layoutplan.seats.rules import pupils_by_place
from layoutplan.seats.settings import Lock, Policy
from layoutplan.seats.units import stage_market, stage_units, units_by_year

NORMS = load_norms()
CHILDREN = np.array([10.0, 20.0, 30.0, 5.0])
PUPILS = np.tile(CHILDREN, (9, 1))


@pytest.fixture(scope="module")
def prepared():
    return prepare(toy.county(), NORMS)


def rules(prepared, *actions, **policy):
    scenario = Scenario(name="s", last_year=2024, actions=actions, policy=Policy(**{"assignment": "capacity"} | policy))
    return plan_rules(run_plan(prepared, scenario), year=2022)


def ways(market, unit):
    """Return school and minutes of every way of a unit, in the order they stand."""
    own = slice(market.start[unit], market.start[unit + 1])
    return list(zip(market.school[own].tolist(), (market.cost_ms[own] / 60_000).round(3).tolist(), strict=True))


def test_grades_that_walk_alike_are_placed_together_place_by_place(prepared):
    primary = stage_units(rules(prepared), "primary", 2022)
    assert [group.grades for group in primary.groups] == [(1, 2, 3), (4, 5, 6)]
    assert primary.first_place.tolist() == [0, 1, 2, 3]
    assert primary.locked.tolist() == [-1] * 8
    # Grade g has g times the children: 1 + 2 + 3 and 4 + 5 + 6 of them.
    pupils = CHILDREN * np.arange(1, 10)[:, None]
    assert primary.amounts(pupils).tolist() == [60, 120, 180, 30, 150, 300, 450, 75]
    junior = stage_units(rules(prepared), "junior", 2022)
    assert [group.grades for group in junior.groups] == [(7, 8, 9)]
    assert junior.amounts(pupils).tolist() == [240, 480, 720, 120]


def test_a_lock_of_one_grade_parts_it_from_the_others(prepared):
    lock = Lock(place_ids=("p2",), school_id="b", grades=(1,))
    units = stage_units(rules(prepared, locks=(lock,)), "primary", 2022)
    assert [group.grades for group in units.groups] == [(1,), (2, 3), (4, 5, 6)]
    assert units.locked.tolist() == [-1, 1, -1, -1] + [-1] * 8


def test_a_locked_place_has_the_way_to_its_school_alone(prepared):
    lock = Lock(place_ids=("p1",), school_id="b", stage="primary")
    read = rules(prepared, locks=(lock,))
    units = stage_units(read, "primary", 2022)
    assert units.locked.tolist() == [1, -1, -1, -1] * 2
    market = stage_market(read, units, PUPILS, np.array([300.0, 300.0]))
    assert ways(market, 0) == [(1, 58.333)]
    assert ways(market, 4) == [(1, 52.5)]


def test_every_free_way_is_offered_shortest_first(prepared):
    read = rules(prepared)
    market = stage_market(read, stage_units(read, "primary", 2022), PUPILS, np.array([270.0, 280.0]))
    assert market.unit_ids == ("p1/1", "p2/1", "p3/1", "p4/1", "p1/4", "p2/4", "p3/4", "p4/4")
    assert market.school_ids == ("a", "b")
    assert market.pupils.tolist() == [30, 60, 90, 15] * 2
    assert market.seats.tolist() == [270, 280]
    # 500 and 3,500 m; 2,500 and 500 m; p4 has 100 m to the road besides.
    assert ways(market, 0) == [(0, 8.333), (1, 58.333)]
    assert ways(market, 2) == [(1, 8.333), (0, 41.667)]
    assert ways(market, 3) == [(1, 10.0), (0, 60.0)]
    assert ways(market, 4) == [(0, 7.5), (1, 52.5)]


def test_only_schools_that_teach_the_grade_are_offered(prepared):
    read = rules(prepared)
    market = stage_market(read, stage_units(read, "junior", 2022), PUPILS, np.array([0.0, 150.0]))
    assert [ways(market, unit) for unit in range(3)] == [[(1, 46.667)], [(1, 33.333)], [(1, 6.667)]]


def test_places_kept_together_go_the_mean_way_of_their_pupils(prepared):
    read = rules(prepared, together=(("p3", "p4"),))
    units = stage_units(read, "primary", 2022)
    assert units.first_place.tolist() == [0, 1, 2]
    assert units.position.tolist() == [0, 1, 2, 2]
    market = stage_market(read, units, PUPILS, np.array([270.0, 270.0]))
    assert market.unit_ids[:3] == ("p1/1", "p2/1", "p3/1")
    assert market.pupils.tolist() == [30, 60, 105] * 2
    # (30 x 500 + 5 x 600) / 35 m to b and (30 x 2,500 + 5 x 3,600) / 35 m to a, at 60 m a minute.
    assert ways(market, 2) == [(1, 8.571), (0, 44.286)]
    assert ways(market, 0) == [(0, 8.333), (1, 58.333)]


def test_places_kept_together_where_nobody_lives_go_their_plain_mean_way(prepared):
    read = rules(prepared, together=(("p3", "p4"),))
    nobody = np.where(np.arange(4) >= 2, 0.0, PUPILS)
    market = stage_market(read, stage_units(read, "primary", 2022), nobody, np.array([270.0, 270.0]))
    # 500 and 600 m to b, 2,500 and 3,600 m to a.
    assert ways(market, 2) == [(1, 9.167), (0, 50.833)]


def test_units_stay_the_same_until_a_school_is_converted(prepared):
    plain = units_by_year(rules(prepared), "junior")
    assert len(plain) == 3
    assert plain[0] is plain[1] is plain[2]
    turned = ConvertSchool(year=2023, school_id="a", school_kind="nine_year", junior_rooms=3)
    found = units_by_year(rules(prepared, turned), "junior")
    assert found[1] is not found[0]
    assert found[2] is found[1]
    assert [(group.bar > 0).any() for group in (found[0].groups[0], found[1].groups[0])] == [True, False]


def test_pupils_of_a_place_or_year_nobody_asked_for_are_not_put_elsewhere():
    demand = pd.DataFrame({"year": [2024, 2025], "grade": [1, 9], "place_id": ["a", "b"], "pupils": [3.0, 4.0]})
    pupils = pupils_by_place(demand, ["a", "b"], [2024, 2025])
    assert (pupils[0, 0, 0], pupils[1, 8, 1], pupils.sum()) == (3.0, 4.0, 7.0)
    for places, years in ((["a"], [2024, 2025]), (["a", "b"], [2024])):
        with pytest.raises(ValueError, match="not asked for"):
            pupils_by_place(demand, places, years)
