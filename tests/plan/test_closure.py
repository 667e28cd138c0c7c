"""The closure gate on the toy county: every lock with its number, and what follows from them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toy

from layoutplan.errors import ScenarioError
from layoutplan.labels import catalogue
from layoutplan.norms import load_norms
from layoutplan.plan.closure import closure_gate, verdict_of
from layoutplan.plan.locks import KEEP, LOCKS, SETTLED_BY_HEARING, Record
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import CloseSchool, Scenario

NORMS = load_norms()


def planned(county, *actions):
    return run_plan(prepare(county, NORMS), Scenario(name="toy", actions=actions, last_year=2030))


@pytest.fixture(scope="module")
def usual():
    return planned(toy.county())


@pytest.fixture(scope="module")
def gate(usual):
    return closure_gate(usual, "a", 2024)


def lock(gate, code):
    row = gate.locks.set_index("lock").loc[code]
    passed = None if pd.isna(row["passed"]) else bool(row["passed"])
    return passed, row["measured"], row["limit"]


def test_every_lock_is_shown_in_order_with_clause_and_words(gate):
    assert gate.locks["lock"].tolist() == list(LOCKS)
    assert gate.locks["clause"].str.len().min() > 0
    assert gate.locks[["text_zh", "text_en"]].map(len).min().min() > 0
    assert {f"lock.{code}" for code in LOCKS} == {key for key in catalogue() if key.startswith("lock.")}


def test_ways_of_the_youngest_by_hand(gate):
    # p1 stands at 0 and p2 at 1000; b at 3500: 58.3 and 41.7 minutes at a metre a second.
    passed, measured, limit = lock(gate, "young_travel")
    assert (passed, limit) == (False, 30.0)
    assert measured == pytest.approx(3500 / 60)
    assert lock(gate, "replaceable") == (False, 2.0, 0.0)
    assert lock(gate, "receiver_open") == (True, 0.0, 0.0)


def test_trap_12_a_school_of_196_is_kept_and_never_called_closed(gate):
    assert gate.verdict == "keep"
    assert lock(gate, "few_pupils") == (False, 196.0, 10.0)
    assert "建议保留" in gate.sheet.loc[gate.sheet["section"] == "verdict", "text_zh"].item()
    for key, words in catalogue().items():
        if key.startswith(("verdict.", "lock.", "sheet.")):
            assert "撤销" not in words["zh"], key


def test_a_receiver_with_classes_over_the_norm_may_not_receive(gate):
    # b holds a class of 56 and one of 66 in grades 7 and 8.
    assert gate.receivers["school_id"].tolist() == ["b"]
    assert lock(gate, "receiver_over_now") == (False, 2.0, 0.0)


def test_what_is_not_known_is_not_passed(gate):
    for code in ("objection", "special_group", "safe_route", "bus"):
        assert lock(gate, code)[0] is None
    assert lock(gate, "bus")[2] == pytest.approx(120.0)


def test_the_record_of_the_hearing_counts(usual):
    record = Record(route_is_safe=True, parents_object=True, has_special_group=False, bus_seats=119)
    gate = closure_gate(usual, "a", 2024, record=record)
    assert [lock(gate, code)[0] for code in ("safe_route", "objection", "special_group", "bus")] == [
        True, False, True, False,
    ]  # fmt: skip


def test_verdicts_follow_from_the_locks():
    met = dict.fromkeys(LOCKS, True)
    assert verdict_of(met) == "review"
    assert verdict_of(met | dict.fromkeys(SETTLED_BY_HEARING)) == "review"
    assert verdict_of(met | {"safe_route": False}) == "unmet"
    for code in LOCKS:
        if code in KEEP:
            assert verdict_of(met | {code: False}) == "keep"
        elif code not in SETTLED_BY_HEARING:
            assert verdict_of(met | {code: False}) == verdict_of(met | {code: None}) == "unmet"


def test_trap_14_receivers_are_tested_in_every_later_year():
    """The receiver has room in the closing year; larger cohorts come later, and the gate names the year."""
    county = toy.county()
    classes = county.classes.assign(pupils=np.where(county.classes["school_id"] == "a", 5, 20))
    counts = [("b", year, grade, 300 + year % 3) for year in range(2016, 2023) for grade in (1, 2, 3)]
    history = pd.DataFrame(counts, columns=["school_id", "year", "grade", "pupils"])
    history = history.assign(classes=pd.array([1] * len(history), dtype="Int64"))
    young = county.children.assign(children=np.where(county.children["age"] <= 2, 25.0, 4.0))
    result = planned(replace(county, classes=classes, children=young, enrolment=history))
    gate = closure_gate(result, "a", 2024)
    row = gate.receivers.iloc[0]
    assert row["class_year"] > 2024
    assert row["class_size_p90"] > row["class_limit"] == 45.0
    assert lock(gate, "receiver_class")[0] is False


def test_a_closing_already_in_the_scenario_is_taken_out_to_compare(usual, gate):
    closed = planned(toy.county(), CloseSchool(year=2024, school_id="a"))
    again = closure_gate(closed, "a", 2024)
    pd.testing.assert_frame_equal(again.locks, gate.locks)
    pd.testing.assert_frame_equal(again.receivers, gate.receivers)


@pytest.mark.parametrize(("school_id", "year"), [("z", 2024), ("a", 2022), ("a", 2031)])
def test_a_school_or_year_that_is_not_there_is_refused(usual, school_id, year):
    with pytest.raises(ScenarioError):
        closure_gate(usual, school_id, year)
