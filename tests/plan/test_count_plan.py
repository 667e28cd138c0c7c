"""The indicators of a plan alone are those of the whole plan, to the last bit."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
import toy
from hypothesis import given, settings
from hypothesis import strategies as st

from layoutplan.county.layers import county_norms, read_county
from layoutplan.errors import InputError
from layoutplan.norms import load_norms
from layoutplan.plan.planning import count_plan, prepare, run_plan
from layoutplan.plan.scenario import (
    AddRooms,
    CloseSchool,
    ConvertSchool,
    MergeSchools,
    MoveIn,
    OpenSchool,
    RunBus,
    Scenario,
    SetBoarding,
)
from layoutplan.seats.settings import Outlook, Policy

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "gis"
PREPARED = prepare(toy.county(), load_norms())
YEARS, SCHOOLS, ROOMS = st.integers(2024, 2028), st.sampled_from(["a", "b"]), st.integers(1, 12)
PLACES = st.sampled_from(["p1", "p2", "p3", "p4"])
ACTIONS = st.one_of(
    st.builds(
        OpenSchool, year=YEARS, school_id=st.sampled_from(["aa", "c"]), name=st.just("new"),
        school_kind=st.sampled_from(["primary", "junior", "nine_year"]),
        setting=st.sampled_from(["county_town", "town", "village"]), east_m=st.floats(0, 4000), north_m=st.just(0.0),
        primary_rooms=ROOMS, junior_rooms=ROOMS,
    ),
    st.builds(CloseSchool, year=YEARS, school_id=SCHOOLS),
    st.builds(AddRooms, year=YEARS, school_id=SCHOOLS, stage=st.just("primary"), rooms=st.integers(-6, 9)),
    st.builds(ConvertSchool, year=YEARS, school_id=st.just("a"), school_kind=st.just("nine_year"), junior_rooms=ROOMS),
    st.builds(MergeSchools, year=YEARS, school_ids=st.just(("a",)), into=st.just("b")),
    st.builds(SetBoarding, year=YEARS, school_id=SCHOOLS, beds=st.integers(0, 90)),
    st.builds(MoveIn, year=YEARS, place_id=PLACES, households=st.integers(0, 400)),
    st.builds(
        RunBus, year=YEARS, school_id=SCHOOLS, place_ids=st.tuples(PLACES), grades=st.just((1, 2)), seats=ROOMS,
        runs=st.just(1),
    ),
)  # fmt: skip
POLICIES = st.builds(
    Policy, assignment=st.sampled_from(["nearest", "capacity"]), enrolment=st.sampled_from(["rolled", "residence"]),
    phase_in=st.sampled_from(["entry_grades", "at_once"]), grades_4_6=st.sampled_from([None, "walk"]),
)  # fmt: skip
OUTLOOKS = st.builds(Outlook, births_change=st.sampled_from([0.0, -0.03, 0.05]))


def told(function, scenario):
    """What a function says of a scenario, or what it refuses it for."""
    try:
        return function(PREPARED, scenario)
    except InputError as fault:
        return [problem.code for problem in fault.problems]


@settings(max_examples=60)
@given(st.lists(ACTIONS, max_size=2), POLICIES, OUTLOOKS)
def test_indicators_alone_are_those_of_the_whole_plan(actions, policy, outlook):
    scenario = Scenario(name="x", last_year=2029, actions=tuple(actions), policy=policy, outlook=outlook)
    alone = told(count_plan, scenario)
    whole = told(lambda prepared, scenario: run_plan(prepared, scenario).indicators, scenario)
    if isinstance(whole, list):
        assert alone == whole
    else:
        pd.testing.assert_frame_equal(alone, whole, check_exact=True)


@pytest.fixture(scope="module")
def sample():
    return prepare(read_county(SAMPLE), county_norms(SAMPLE))


def edits(prepared):
    schools = sorted(prepared.county.schools["school_id"])[::60]
    site = prepared.county.schools.geometry.iloc[7]
    yield OpenSchool(
        year=2028, school_id="new", name="new", school_kind="primary", setting="town", east_m=site.x + 300.0,
        north_m=site.y, primary_rooms=12,
    )  # fmt: skip
    for school in schools[:2]:
        yield CloseSchool(year=2027, school_id=school)
    yield AddRooms(year=2027, school_id=schools[2], stage="primary", rooms=3)


def test_on_a_county_with_history_too_and_counts_are_those_of_the_findings(sample):
    for action in edits(sample):
        scenario = Scenario(name="x", actions=(action,))
        plan, alone = run_plan(sample, scenario), count_plan(sample, scenario)
        pd.testing.assert_frame_equal(alone, plan.indicators, check_exact=True)
        rules = Counter(plan.findings.frame["rule"])
        base = alone[alone["year"] == sample.county.base_year].set_index("indicator")["value"]
        for rule, indicator in (
            ("school_vacant", "schools_vacant"), ("shell_candidate", "shell_candidates"),
            ("class_over_norm", "classes_over_norm"), ("class_large", "classes_large"),
            ("class_extra_large", "classes_extra_large"),
        ):  # fmt: skip
            assert base[indicator] == rules[rule] > 0
        assert plan.enrolment.frame["p90"].notna().any()
