"""Moving up worked by hand: ratios of a point's pupils, schools that close or fill at once, and nobody lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toy
from hypothesis import given, settings
from hypothesis import strategies as st

from layoutplan.county.tables import GRADES
from layoutplan.errors import ScenarioError
from layoutplan.norms import load_norms
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import CloseSchool, OpenSchool, Scenario
from layoutplan.seats.cohorts import Step, advance
from layoutplan.seats.settings import Policy

NORMS = load_norms()
NEW = OpenSchool(
    year=2024, school_id="n", name="N", school_kind="primary", setting="village", east_m=1200.0, north_m=0.0,
    primary_rooms=6,
)  # fmt: skip


def history(rows):
    table = pd.DataFrame(rows, columns=["school_id", "year", "grade", "pupils"])
    return table.assign(classes=pd.array([pd.NA] * len(table), dtype="Int64"))


def enrolled(result, school_id, grade, year):
    frame = result.enrolment.frame
    mine = frame[(frame["year"] == year) & (frame["grade"] == grade) & (frame["school_id"] == school_id)]
    return float(mine["pupils"].sum())


def test_a_steady_history_gives_its_ratio_and_one_odd_year_does_not_change_it():
    # In both schools nine of ten move up, but for 2019, when seven did.
    rows = []
    for school_id, grades in (("a", 6), ("b", 9)):
        cohort = {2014 - k: 1000.0 for k in range(20)} | {2014 + k: 1000.0 for k in range(9)}
        for year in range(2014, 2023):
            for grade in range(1, grades + 1):
                entered = year - grade + 1
                moves = list(range(max(entered, 2014) + 1, year + 1))
                ratio = 0.9 ** (grade - 1 - len(moves)) * np.prod([0.7 if y == 2019 else 0.9 for y in moves])
                rows.append((school_id, year, grade, round(cohort[max(entered, 2014)] * ratio)))
    result = run_plan(prepare(toy.county(enrolment=history(rows)), NORMS), Scenario(name="base"))
    # 46 in grade 2 of a become 46 x 0.9 = 41.4 in grade 3; 56 in grade 7 of b become 50.4.
    assert enrolled(result, "a", 3, 2023) == pytest.approx(41.4, rel=0.01)
    assert enrolled(result, "b", 8, 2023) == pytest.approx(50.4, rel=0.01)


def test_the_growth_a_point_brings_to_its_central_school_is_not_counted_twice():
    # a is a teaching point of grades 1-3; its 30 go on to b, whose grade 4 has always been 35 + 30.
    schools = toy.schools()
    schools.loc[0, ["kind", "grade_to"]] = ("teaching_point", 3)
    classes = [("a", g, 30) for g in (1, 2, 3)]
    classes += [("b", g, 35 if g < 4 else 65) for g in range(1, 7)] + [("b", g, 50) for g in (7, 8, 9)]
    rows = [(s, year, g, n) for year in range(2016, 2023) for s, g, n in classes]
    table = pd.DataFrame(classes, columns=["school_id", "grade", "pupils"]).assign(class_no=1, boarders=0)
    rooms = toy.county().rooms
    county = toy.county(schools=schools, classes=table, enrolment=history(rows), rooms=rooms)
    result = run_plan(prepare(county, NORMS), Scenario(name="base"))
    assert enrolled(result, "b", 4, 2023) == pytest.approx(65.0)
    assert enrolled(result, "b", 5, 2024) == pytest.approx(65.0)
    assert enrolled(result, "a", 4, 2023) == 0.0


@pytest.fixture(scope="module")
def prepared():
    return prepare(toy.county(), NORMS)


def test_a_new_school_fills_by_entry_grades_or_at_once(prepared):
    slow = run_plan(prepared, Scenario(name="slow", actions=(NEW,)))
    fast = run_plan(prepared, Scenario(name="fast", actions=(NEW,), policy=Policy(phase_in="at_once")))
    assert enrolled(slow, "n", 3, 2024) == 0.0
    # Of a's pupils 10 in 30 live in p1 and 20 in 30 in p2, which is nearest to n: two thirds of 30 in grade 1 in
    # 2023 and in grade 2 in 2024.
    assert enrolled(fast, "n", 2, 2024) == pytest.approx(20.0)
    assert enrolled(fast, "a", 2, 2024) == pytest.approx(10.0)
    # The class of 46 in grade 2 in 2022 is in grade 4 in 2024.
    assert enrolled(fast, "n", 4, 2024) == pytest.approx(46 * 2 / 3)
    assert enrolled(fast, "a", 4, 2024) == pytest.approx(46 / 3)
    together = [enrolled(fast, "n", g, 2024) + enrolled(fast, "a", g, 2024) for g in range(1, 7)]
    apart = [enrolled(slow, "n", g, 2024) + enrolled(slow, "a", g, 2024) for g in range(1, 7)]
    assert together == pytest.approx(apart)


def test_a_way_to_fill_that_fills_nothing_is_refused(prepared):
    for policy, actions in (
        (Policy(phase_in="at_once"), ()),
        (Policy(phase_in="at_once", enrolment="residence"), (NEW,)),
    ):
        with pytest.raises(ScenarioError) as caught:
            run_plan(prepared, Scenario(name="idle", policy=policy, actions=actions))
        assert [(p.code, p.field) for p in caught.value.problems] == [("phase_in_idle", "phase_in")]
        assert caught.value.say("zh") != caught.value.say("en")


def test_by_residence_every_school_has_whom_the_assignment_gives_it(prepared):
    result = run_plan(prepared, Scenario(name="home", policy=Policy(enrolment="residence")))
    flows = result.assignment.flows
    mine = flows[(flows["year"] == 2024) & (flows["school_id"] == "a") & (flows["grade"] == 4)]["pupils"].sum()
    assert enrolled(result, "a", 4, 2024) == mine == 30.0
    assert enrolled(result, "a", 2, 2022) == 46.0  # the base year is counted
    assert result.enrolment.ledger.empty


def test_every_year_of_a_plan_adds_up(prepared):
    actions = (CloseSchool(year=2025, school_id="a"), NEW)
    ledger = run_plan(prepared, Scenario(name="both", actions=actions)).enrolment.ledger
    left = ledger["before"] - ledger["leaving"] - ledger["adrift"] + ledger["entering"] + ledger["moved"]
    assert left.to_numpy() == pytest.approx(ledger["after"].to_numpy())
    assert ledger["moved"].abs().max() == pytest.approx(0.0, abs=1e-9)  # no history, no ratios
    assert ledger["after"].to_numpy()[:-1] == pytest.approx(ledger["before"].to_numpy()[1:])


cells = st.lists(st.lists(st.floats(0, 500), min_size=9, max_size=9), min_size=3, max_size=3)


@settings(max_examples=40)
@given(
    cells,
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 8), st.integers(-1, 2)), max_size=6, unique_by=lambda m: m[:2]
    ),
)
def test_nobody_is_lost_and_nobody_is_less_than_none(pupils, moves):
    now = np.array(pupils)
    entries = np.zeros_like(now)
    entries[:, [0, 6]] = 7.0
    step = Step(np.array(moves, np.int64).reshape(-1, 3), np.full(len(moves), 0.5), np.ones_like(now), entries)
    after, lost = advance(now, step)
    leaving = now[:, [5, 8]].sum()
    assert (after >= 0).all()
    assert (lost >= 0).all()
    assert after.sum() + lost.sum() == pytest.approx(now.sum() - leaving + entries.sum(), abs=1e-6)
    # Draws are carried along: each is the same step.
    many, _ = advance(np.repeat(now[:, :, None], 3, axis=2), step)
    assert many[:, :, 2] == pytest.approx(after)
    assert len(GRADES) == now.shape[1]


def test_a_plan_leaves_its_county_alone(prepared):
    again = replace(prepared.county)
    run_plan(prepared, Scenario(name="x", actions=(NEW,)))
    assert prepared.county.classes.equals(again.classes)
