"""Which schools may be proposed for closing: two schools that locks keep, and a small one beside another."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
import toy

from layoutplan.labels import LANGS
from layoutplan.norms import load_norms
from layoutplan.plan.closure import closure_gate
from layoutplan.plan.optimise.goal import Close, Goal, Locks
from layoutplan.plan.optimise.locked import find_closable, only_in_reach
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import Scenario
from layoutplan.seats.settings import Policy


@cache
def prepared():
    """The toy county with a third school ``c`` of six pupils 200 m off ``b``; nobody lives nearest to it."""
    base = toy.county()
    more = base.schools.iloc[[0]].assign(school_id="c", name="C", township_id="t2")
    more.geometry = toy.geo([{}], [toy.Point(3500, 200)]).geometry.to_numpy()
    rooms = pd.concat([base.rooms, base.rooms.iloc[[0]].assign(school_id="c")], ignore_index=True)
    classes = pd.DataFrame([("c", grade, 1, 1, 0) for grade in range(1, 7)], columns=base.classes.columns)
    history = [
        (school_id, year, grade, pupils, 1)
        for year in range(2018, 2022) for school_id, sizes in {**toy.CLASSES, "c": [1] * 6}.items()
        for grade, pupils in enumerate(sizes, start=1)
    ]  # fmt: skip
    enrolment = pd.DataFrame(history, columns=["school_id", "year", "grade", "pupils", "classes"])
    county = toy.county(
        schools=pd.concat([base.schools, more], ignore_index=True),
        rooms=rooms.sort_values(["school_id", "stage"], ignore_index=True),
        classes=pd.concat([base.classes, classes], ignore_index=True), enrolment=enrolment.astype({"classes": "Int64"}),
    )  # fmt: skip
    return prepare(county, load_norms())


def closable(*named, alone=(), **changes):
    """Return which schools may be proposed, and which stay by which lock; ``named`` are those the goal asks for."""
    asked = Close(school_ids=named) if named else Close()
    plain = Goal(name="g", years=(2022,), last_year=2023, deeds=("merge",), close=asked)
    found = find_closable(prepared(), plain.model_copy(update=changes), alone=alone)
    return found.school_ids, {one.school_id: one.lock for one in found.kept}


@pytest.mark.parametrize("deeds", [("close",), ("open", "merge")])
def test_a_small_school_that_the_findings_name_may_be_proposed(deeds):
    assert closable(deeds=deeds) == (("c",), {})


def test_where_neither_closing_nor_merging_is_asked_for_no_school_is_looked_at():
    assert closable("a", "c", deeds=("open", "expand")) == ((), {})


def test_schools_of_the_goal_pass_the_gate_or_stay_by_the_first_lock_that_speaks_for_them():
    assert closable("c", "b", "a", "c") == (("c",), {"a": "few_pupils", "b": "few_pupils"})


def test_the_lock_that_keeps_a_school_is_told_in_the_words_of_the_gate():
    goal = Goal(name="g", years=(2023,), last_year=2023, deeds=("close",), close=Close(school_ids=("a",)))
    (kept,) = find_closable(prepared(), goal, alone=[]).kept
    plan = run_plan(prepared(), Scenario(name="g", last_year=2023))
    first = closure_gate(plan, "a", 2023).locks.iloc[0]
    assert (kept.text_zh, kept.text_en) == tuple(first[f"text_{lang}"] for lang in LANGS)


def test_the_only_school_in_reach_of_a_place_stays_without_being_put_before_the_gate():
    goal = Goal(name="g", years=(2022,), last_year=2023, deeds=("close",), close=Close(school_ids=("a", "c")))
    found = find_closable(prepared(), goal, alone=["c"])
    assert found.school_ids == ()
    assert [(one.school_id, one.lock) for one in found.kept] == [("a", "few_pupils"), ("c", "replaceable")]
    assert (found.kept[1].text_zh, found.kept[1].text_en) == ("", "")


def test_a_school_the_planner_keeps_is_not_looked_at():
    assert closable("a", "c", locks=Locks(keep=("a",))) == (("c",), {})


def test_seats_by_capacity_within_limits_change_nothing_at_the_gate():
    policy = Policy(assignment="capacity", within_limits=True)
    assert closable("c", policy=policy) == (("c",), {})


@pytest.mark.parametrize(
    ("in_reach", "settled", "only"),
    [
        ([[1, 0, 0]], [1], [0]),
        ([[1, 0, 0]], [0], []),
        ([[1, 1, 0]], [1], []),
        ([[0, 0, 0]], [1], []),
        ([[0, 0, 1], [0, 0, 1], [1, 0, 0], [0, 1, 1]], [1, 1, 1, 1], [0, 2]),
        ([[0, 1, 0], [1, 0, 0]], [1, 0], [1]),
    ],
)
def test_a_school_is_the_only_one_in_reach_where_young_pupils_live_and_reach_no_other(in_reach, settled, only):
    assert only_in_reach(np.array(in_reach, dtype=bool), np.array(settled, dtype=bool)).tolist() == only
