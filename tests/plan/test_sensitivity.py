"""What flips when one thing is moved, by hand on the toy county with two small schools more."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
import toy
from shapely import LineString, box

from layoutplan.norms import load_norms
from layoutplan.plan.closure import closure_gate, verdict_of
from layoutplan.plan.locks import LOCKS
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import Scenario
from layoutplan.plan.sensitivity import (
    GATE,
    GATE_STEPS,
    ORDERS,
    _in_orders,
    _with_limits,
    _without_locks,
    find_sensitivity,
    with_norm,
)
from layoutplan.plan.sensitivity import (
    STEPS as ALL_STEPS,
)
from layoutplan.present.sensitivity_figure import draw_sensitivity, flips_said, write_sensitivity

NORMS = load_norms()
STEPS = {"shell.max_pupils": (4.0, 10.0, 20.0, 250.0), "class_size.primary": (46.0, 29.0)}


@pytest.fixture(scope="module")
def plan():
    """A third school `c` beside `b` had 6, 6 and 6 pupils: 6 are under 10, not under 4. Nobody lives nearest to it."""
    schools = toy.schools()
    more = schools.iloc[[0]].assign(school_id="c", name="C", township_id="t2")
    more.geometry = toy.geo([{}], [toy.Point(3500, 200)]).geometry.to_numpy()
    every = pd.concat([schools, more], ignore_index=True)
    base = toy.county()
    rooms = pd.concat([base.rooms, base.rooms.iloc[[0]].assign(school_id="c")], ignore_index=True)
    classes = [("c", grade, 1, 1, 0) for grade in range(1, 7)]
    classes = pd.concat([base.classes, pd.DataFrame(classes, columns=base.classes.columns)], ignore_index=True)
    history = [(s, y, g, p, 1) for y in range(2018, 2022) for s, sizes in {**toy.CLASSES, "c": [1] * 6}.items()
               for g, p in enumerate(sizes, start=1)]  # fmt: skip
    enrolment = pd.DataFrame(history, columns=["school_id", "year", "grade", "pupils", "classes"])
    county = toy.county(
        schools=every, rooms=rooms.sort_values(["school_id", "stage"], ignore_index=True), classes=classes,
        enrolment=enrolment.astype({"classes": "Int64"}),
    )  # fmt: skip
    return run_plan(prepare(county, NORMS), Scenario(name="base", last_year=2028))


HEARD = []


@pytest.fixture(scope="module")
def found(plan):
    HEARD.clear()
    return find_sensitivity(plan, steps=STEPS, say=lambda done, total: HEARD.append((done, total)))


def flipped(found, moved, value, measure):
    flips = found.flips
    mine = flips[(flips["moved"] == moved) & (flips["value"] == value) & (flips["measure"] == measure)]
    return {row.school_id: (row.before, row.after) for row in mine.itertuples()}


def test_a_small_school_is_named_at_ten_and_not_at_four(found):
    assert flipped(found, "shell.max_pupils", 4.0, "shell_candidate") == {"c": ("named", "not_named")}
    assert flipped(found, "shell.max_pupils", 20.0, "shell_candidate") == {}


def test_a_stricter_class_norm_names_nobody_new_where_all_are_named_and_a_laxer_one_frees(found, plan):
    """`a` has a class of 46, over 45 and not over 46; `b` has one of 56 and one of 66 juniors either way."""
    at_46 = flipped(found, "class_size.primary", 46.0, "class_over_norm")
    named = plan.findings.frame
    named = set(named.loc[named["rule"].isin(["class_over_norm", "class_large"]), "school_id"])
    assert {"a", "b"} <= named
    assert at_46 in ({}, {"a": ("named", "not_named")})


def test_counts_of_a_case_are_those_of_its_schools(found):
    for row in found.cases[found.cases["mover"] == "norm"].to_dict("records"):
        flips = flipped(found, row["moved"], row["value"], row["measure"])
        assert row["entered"] == sum(after == "named" for _, after in flips.values())
        assert row["left"] == sum(before == "named" for before, _ in flips.values())


def test_moving_a_norm_gives_what_a_county_with_that_norm_gives(plan):
    from dataclasses import replace

    from layoutplan.norms import Norms

    norms = Norms({**NORMS, "shell.max_pupils": replace(NORMS["shell.max_pupils"], value=4)})
    anew = run_plan(prepare(plan.prepared.county, norms), plan.scenario)
    moved = run_plan(with_norm(plan.prepared, "shell.max_pupils", 4), plan.scenario)
    pd.testing.assert_frame_equal(anew.findings.frame, moved.findings.frame)
    with pytest.raises(ValueError, match="ways"):
        with_norm(plan.prepared, "speed.walk_kmh.grades_1_3", 3.0)


def test_a_safeguard_taken_away_flips_whom_it_alone_keeps(found, plan):
    """The verdict without a lock is that of the other locks; it flips only if no other lock keeps the school."""
    locks = closure_gate(plan, "c", 2023).locks.set_index("lock")["passed"]
    states = {code: None if pd.isna(state) else bool(state) for code, state in locks.items()}
    gate = found.flips[(found.flips["measure"] == GATE) & (found.flips["mover"] == "safeguard")]
    for code in LOCKS:
        less = verdict_of({one: state for one, state in states.items() if one != code})
        mine = gate[gate["moved"] == code]
        assert mine["after"].tolist() == ([less] if less != verdict_of(states) else [])
    assert set(found.cases.loc[found.cases["mover"] == "safeguard", "moved"]) == set(LOCKS)


def test_with_one_candidate_no_order_matters(found):
    orders = found.cases[found.cases["mover"] == "order"]
    assert orders[["entered", "left"]].to_numpy().sum() == 0
    assert len(orders) == 3


def test_the_candidates_stand_at_the_gate(found, plan):
    assert found.gate["school_id"].tolist() == ["c"]
    assert found.gate["verdict"].tolist() == [closure_gate(plan, "c", 2023).verdict]


def test_table_figure_and_sentences_in_both_languages(found, tmp_path):
    names = [path.name for path in write_sensitivity(found, tmp_path)]
    assert names == [
        "sensitivity.csv", "sensitivity_cases.csv", "sensitivity_gate.csv", "sensitivity_zh.png", "sensitivity_en.png",
    ]  # fmt: skip
    table = pd.read_csv(tmp_path / "sensitivity.csv", encoding="utf-8-sig")
    assert len(table) == len(found.flips)
    assert draw_sensitivity(found, lang="zh") == draw_sensitivity(found, lang="zh")
    assert any("C (named → not named)" in line for line in flips_said(found, "en"))
    assert any("C（列入→未列入）" in line for line in flips_said(found, "zh"))


def test_a_threshold_that_takes_in_a_large_school_names_it(found):
    """`a` had 196 pupils in every count; a value in force already moves nothing."""
    assert flipped(found, "shell.max_pupils", 250.0, "shell_candidate") == {"a": ("not_named", "named")}
    norms = found.cases[(found.cases["mover"] == "norm") & (found.cases["moved"] == "shell.max_pupils")]
    assert sorted(set(norms["value"])) == [4.0, 20.0, 250.0]
    mine = norms[norms["measure"] == "shell_candidate"]
    assert mine[["base", "value", "named", "entered", "left"]].to_numpy().tolist() == [
        [10.0, 4.0, 0, 0, 1], [10.0, 20.0, 1, 0, 0], [10.0, 250.0, 2, 1, 0],
    ]  # fmt: skip


def test_work_is_told_plan_by_plan(found):
    """Five thresholds, one candidate and three orders."""
    assert len(found.gate) == 1
    assert HEARD == [(1, 9), (2, 9), (3, 9), (4, 9), (5, 9), (6, 9), (9, 9)]


def test_locks_that_failed_and_locks_that_are_not_known_are_told_apart(found):
    row = found.gate.iloc[0]
    assert row[["school_id", "name", "failed"]].tolist() == ["c", "C", "receiver_class, receiver_over_now"]
    assert row["unknown"].split(", ")[:2] == ["objection", "special_group"]
    assert not set(row["failed"].split(", ")) & set(row["unknown"].split(", "))


def test_the_steps_of_a_threshold_lie_on_both_sides_of_it():
    assert (ALL_STEPS["shell.max_pupils"], ALL_STEPS["shell.counts"]) == ((5, 15, 20, 30), (2, 4))
    assert ALL_STEPS["plan.goal_year"] == (2026, 2030)
    assert (ALL_STEPS["class_size.primary"], ALL_STEPS["class_size.junior"]) == ((40, 50), (45, 55))
    assert GATE_STEPS["travel.limit_minutes.grades_1_3"] == (20, 45, 60)
    for key, values in {**ALL_STEPS, **GATE_STEPS}.items():
        assert min(values) < NORMS.value(key) < max(values)


# ---- locks taken away, verdicts by hand

ALONE = {"few_pupils": False, "young_travel": True, "beds": True}
TWICE = {"few_pupils": False, "young_travel": False, "beds": True}
READY = {"few_pupils": True, "young_travel": True, "beds": True}
NAMES = {"x": "X", "y": "Y", "z": "Z"}


def test_a_school_that_one_lock_alone_keeps_enters_without_it():
    cases, flips = _without_locks({"z": ALONE, "y": TWICE, "x": READY}, NAMES)
    by_lock = {case[1]: case[5:] for case in cases}
    assert list(by_lock) == list(LOCKS)
    # Named, entered, left.
    assert by_lock["few_pupils"] == (2, 1, 0)
    assert by_lock["young_travel"] == (1, 0, 0)
    assert by_lock["beds"] == (1, 0, 0)
    assert [(flip[1], *flip[4:]) for flip in flips] == [("few_pupils", "z", "Z", "keep", "review")]


def test_a_school_that_is_named_before_and_after_neither_enters_nor_leaves():
    cases, flips = _without_locks({"w": {"few_pupils": True, "beds": None}}, {"w": "W"})
    # Named, entered, left: without the lock on beds nothing is left to be found out.
    assert {case[1]: case[5:] for case in cases}["beds"] == (1, 0, 0)
    assert [(flip[1], *flip[4:]) for flip in flips] == [("beds", "w", "W", "unmet", "review")]


# ---- limits and orders

EAST = {"c": 7100.0, "d": 7100.0, "e": 5400.0, "f": 9000.0}
HOMES = {"p5": 7300.0, "p6": 5500.0, "p7": 9000.0}
PUPILS = {"c": [2, 1, 1, 1, 1, 1], "d": [1] * 6, "e": [2, 2, 1, 1, 1, 1], "f": [1] * 6}


@cache
def far():
    """The toy county with a road to 9500 and four schools of 7, 6, 8 and 6 pupils; one child a grade in each hamlet.

    `c` and `d` stand at 7100 beside p5, `e` at 5400 beside p6 and `f` at 9000 beside p7. Grades 1-3 walk 60 m a minute.
    """
    base = toy.county()
    schools = pd.concat([base.schools.iloc[[0]]] * 4, ignore_index=True).assign(
        school_id=list(EAST), name=[one.upper() for one in EAST], township_id="t2"
    )
    schools.geometry = [toy.Point(east, 10 * (school_id == "d")) for school_id, east in EAST.items()]
    homes = pd.concat([base.places.iloc[[0]]] * 3, ignore_index=True).assign(
        place_id=list(HOMES), name=[one.upper() for one in HOMES], township_id="t2"
    )
    homes.geometry = [toy.Point(east, 0) for east in HOMES.values()]
    road = base.roads.iloc[[0]].assign(road_id="r9")
    road.geometry = [LineString([(4000, 0), (9500, 0)])]
    rooms = pd.concat([base.rooms, *(base.rooms.iloc[[0]].assign(school_id=one) for one in EAST)], ignore_index=True)
    sizes = {**toy.CLASSES, **PUPILS}
    classes = [(one, grade, 1, n, 0) for one, every in sizes.items() for grade, n in enumerate(every, start=1)]
    counts = [(one, year, grade, n, 1) for one, grade, _, n, _ in classes for year in range(2018, 2022)]
    children = [(place, age, 1.0, "register") for place in HOMES for age in toy.AGES]
    county = toy.county(
        schools=pd.concat([base.schools, schools], ignore_index=True),
        places=pd.concat([base.places, homes], ignore_index=True),
        roads=pd.concat([base.roads, road], ignore_index=True),
        rooms=rooms.sort_values(["school_id", "stage"], ignore_index=True),
        classes=pd.DataFrame(classes, columns=base.classes.columns),
        enrolment=pd.DataFrame(counts, columns=base.enrolment.columns).astype({"classes": "Int64"}),
        children=pd.concat([base.children, pd.DataFrame(children, columns=base.children.columns)], ignore_index=True),
        townships=toy.geo(
            [{"township_id": "t1", "name": "甲乡"}, {"township_id": "t2", "name": "乙乡"}],
            [box(-500, -500, 2000, 500), box(2000, -500, 9700, 500)],
        ),
    )  # fmt: skip
    return run_plan(prepare(county, NORMS), Scenario(name="far", last_year=2023))


UNMET, KEPT = {"few_pupils": True, "beds": None}, {"young_travel": False}


def test_a_limit_of_minutes_decides_who_could_go_on_to_the_next_school():
    """From p6 it is 1600 m or 27 minutes to the next school, from p7 1900 m or 32 minutes."""
    names = {"e": "E", "f": "F"}
    cases, flips = _with_limits(far(), {"e": UNMET, "f": KEPT}, names, 2023)
    assert [case[2:] for case in cases] == [
        (30, 20.0, GATE, 0, 0, 1), (30, 45.0, GATE, 2, 1, 0), (30, 60.0, GATE, 2, 1, 0),
    ]  # fmt: skip
    assert [flip[2:] for flip in flips] == [
        (20.0, GATE, "e", "E", "unmet", "keep"), (45.0, GATE, "f", "F", "keep", "unmet"),
        (60.0, GATE, "f", "F", "keep", "unmet"),
    ]  # fmt: skip


def test_the_order_of_closing_decides_who_is_left_without_a_next_school():
    """Once `c` and `d` are closed, p6 has 33 minutes to `b`; once `e` is closed first, `c` teaches two hamlets' 12."""
    cases, flips = _in_orders(far(), dict.fromkeys("cdef", UNMET) | {"f": KEPT}, {one: one for one in "cdef"}, 2023)
    assert [case[1] for case in cases] == list(ORDERS)
    assert all(np.isnan(case[2]) for case in cases)
    # Named, entered, left: of three that may go, one stays in the end.
    assert [case[5:] for case in cases] == [(2, 0, 1)] * 3
    assert [(flip[1], flip[4]) for flip in flips if flip[-1] == "keep"] == [
        ("smallest_first", "e"), ("largest_first", "c"), ("id", "e"),
    ]  # fmt: skip
