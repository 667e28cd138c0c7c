"""What an answer holds: status, gap, names of plans, where it comes from; on a small county and on numbers by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
import toy
from toy_question import M_NEW, N_NEW, layout, question

from layoutplan import __version__
from layoutplan.norms import load_norms
from layoutplan.plan.optimise import _answer, _without_plan, optimise
from layoutplan.plan.optimise.goal import Budget, Candidates, Expand, Goal, Open, Point, Stop, Weights
from layoutplan.plan.optimise.slack import Gap, Relaxation
from layoutplan.plan.planning import prepare

SITES = tuple(Point(site_id=f"n{east}", name="N", east_m=float(east), north_m=0.0) for east in (1000, 2000, 3000))


@cache
def prepared():
    """The toy county with 45 seats for grades 1-6 beside the 180 pupils of p3, and 270 where the others live."""
    rooms = toy.county().rooms.assign(rooms=[6, 9, 1])
    return prepare(toy.county(rooms=rooms), load_norms())


def goal(**changes):
    plain = Goal(
        name="g", years=(2024,), last_year=2024, stages=("primary",), quantile=0.5, deeds=("open",), plans=1,
        candidates=Candidates(source="points", points=SITES), open=Open(kinds=("primary",), rooms=(12,)),
        budget=Budget(new_schools=1), weights=Weights(envy=0.0, million_yuan=0.0), stop=Stop(gap=1e-6),
    )  # fmt: skip
    return plain.model_copy(update=changes)


def opened(plan):
    return [action.school_id for action in plan.scenario.actions]


def test_one_plan_is_the_best_alone_and_more_are_named_by_number():
    one = optimise(prepared(), goal())
    assert [opened(plan) for plan in one.plans] == [["n3000"]]
    assert (one.status, one.plans[0].scenario.name) == ("best", "g")
    three = optimise(prepared(), goal(plans=3, within=5.0))
    assert [plan.scenario.name for plan in three.plans] == ["g", "g 2", "g 3"]
    assert opened(three.plans[0]) == ["n3000"]
    two = optimise(prepared(), goal(plans=2, within=5.0))
    assert [opened(plan) for plan in two.plans] == [opened(plan) for plan in three.plans[:2]]
    assert len(optimise(prepared(), goal(plans=3, within=0.0)).plans) == 1


def test_the_present_layout_has_an_objective_only_where_it_keeps_all_conditions():
    # 390 pupils, 315 seats: without a new school 75 have none.
    assert np.isnan(optimise(prepared(), goal()).present)
    enough = prepare(toy.county(), load_norms())
    found = optimise(enough, goal(deeds=("expand",)))
    assert found.present == pytest.approx(found.objective)
    assert (found.status, opened(found.plans[0])) == ("best", [])


def test_a_goal_that_cannot_be_met_has_no_plan_but_ways_to_relax_it():
    found = optimise(prepared(), goal(budget=Budget(new_schools=0)))
    assert (found.status, found.plans) == ("infeasible", ())
    assert np.isnan([found.objective, found.bound, found.gap, found.present]).all()
    assert not found.relaxations.empty
    assert found.agreed.empty
    assert found.sites.empty


def test_an_answer_is_best_where_the_gap_is_proven_and_stopped_where_it_is_not():
    first, second = layout(start=[(M_NEW, 0)], objective=200.0), layout(start=[(N_NEW, 0)], objective=210.0)
    for is_proven, status in ((True, "best"), (False, "stopped")):
        found = _answer(question(), [first, second], bound=190.0, present=250.0, is_proven=is_proven)
        assert (found.status, found.objective, found.bound, found.present) == (status, 200.0, 190.0, 250.0)
        assert found.gap == pytest.approx(0.05)
        assert [plan.objective for plan in found.plans] == [200.0, 210.0]
        assert [plan.scenario.name for plan in found.plans] == ["g", "g 2"]
        assert found.sites["site_id"].tolist() == ["m", "n"]
        assert found.relaxations.empty
        assert found.provenance["scenario"] == found.plans[0].scenario.fingerprint


@pytest.mark.parametrize(("objective", "bound", "gap"), [(200.0, 200.0, 0.0), (200.0, 201.0, 0.0), (0.0, 0.0, 0.0),
                                                        (0.0, -5.0, 0.0), (0.5, 0.25, 0.5)])  # fmt: skip
def test_a_gap_is_a_share_of_the_best_and_never_negative(objective, bound, gap):
    found = _answer(question(), [layout(objective=objective)], bound=bound, present=np.nan, is_proven=True)
    assert found.gap == gap


def test_an_answer_says_from_which_data_and_version_it_comes():
    asked = question()
    county = replace(
        asked.prepared.county, as_of={"roads": "2021-05-01", "schools": "2022-09-20", "rooms": "2020-01-01"}
    )
    found = _without_plan(replace(asked, prepared=replace(asked.prepared, county=county)), "stopped", [])
    assert found.provenance == {
        "layoutplan": __version__, "county": "toy", "norms": asked.prepared.norms.fingerprint, "scenario": "",
        "data_date": "2022-09-20", "synthetic": "true",
    }  # fmt: skip
    undated = replace(asked.prepared, county=replace(county, as_of={}))
    assert _without_plan(replace(asked, prepared=undated), "stopped", []).provenance["data_date"] == ""


def test_without_a_plan_options_and_notes_are_told_and_all_tables_keep_their_columns():
    start, close = np.zeros((7, 2), dtype=bool), np.zeros((4, 2), dtype=bool)
    slack = [Relaxation(1.0, (Gap("budget_rooms", "", 0, 3.0),), start, close, True)]
    found = _without_plan(question(), "infeasible", slack)
    assert (found.status, found.goal.name) == ("infeasible", "g")
    assert found.relaxations[["option", "code", "amount"]].to_numpy().tolist() == [[1, "budget_rooms", 3.0]]
    with_plan = _answer(question(), [layout()], bound=1.0, present=1.0, is_proven=True)
    for name in ("agreed", "sites", "binding", "relaxations", "notes"):
        pd.testing.assert_index_equal(getattr(found, name).columns, getattr(with_plan, name).columns)
    assert found.notes["code"].tolist() == ["quantile", "candidates", "closable", "policy"]


def test_where_only_seats_are_missing_that_is_the_only_option():
    """Nothing may be built: 75 of 390 pupils have no seat."""
    found = optimise(prepared(), goal(deeds=("expand",), expand=Expand(school_ids=()), budget=Budget()))
    assert (found.status, found.plans) == ("infeasible", ())
    assert found.relaxations[["option", "code"]].drop_duplicates().to_numpy().tolist() == [[1, "seats"]]
    assert found.relaxations["amount"].sum() == pytest.approx(75.0)


def test_a_search_that_is_stopped_before_there_is_a_plan_says_so_and_offers_no_relaxation():
    found = optimise(prepared(), goal(budget=Budget(new_schools=0)), cancel=lambda: True)
    assert (found.status, found.plans) == ("stopped", ())
    assert found.relaxations.empty
