"""Law 12: unknown keys are errors that say where, all at once; equal content is the same scenario."""

from __future__ import annotations

import pytest
import toy
from hypothesis import given
from hypothesis import strategies as st

from layoutplan.errors import ScenarioError
from layoutplan.norms import load_norms
from layoutplan.plan.roster import apply_actions
from layoutplan.plan.scenario import (
    AddRooms,
    CloseSchool,
    OpenSchool,
    Scenario,
    dump_scenario,
    load_scenario,
    parse_scenario,
    save_scenario,
)
from layoutplan.seats.settings import Outlook, Policy

NORMS = load_norms()
texts = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn")), min_size=1, max_size=20)
metres = st.floats(-1e7, 1e7)
actions = st.one_of(
    st.builds(CloseSchool, year=st.integers(2000, 2100), school_id=texts),
    st.builds(
        AddRooms, year=st.integers(2000, 2100), school_id=texts, stage=st.sampled_from(["primary", "junior"]),
        rooms=st.integers(-200, 200), existing=st.none() | st.integers(0, 500),
    ),
    st.builds(
        OpenSchool, year=st.integers(2000, 2100), school_id=texts, name=texts,
        school_kind=st.sampled_from(["primary", "junior", "nine_year"]), setting=st.just("village"),
        east_m=metres, north_m=metres, primary_rooms=st.integers(0, 200), junior_rooms=st.integers(0, 200),
    ),
)  # fmt: skip
scenarios = st.builds(
    Scenario, name=texts, note=st.lists(texts).map("\n\t".join),
    last_year=st.integers(2000, 2100), outlook=st.builds(Outlook, births_change=st.floats(-0.3, 0.3)),
    policy=st.builds(Policy, mode=st.sampled_from(["walk", "drive"])), actions=st.lists(actions, max_size=4).map(tuple),
)  # fmt: skip


@given(scenarios)
def test_writing_and_reading_loses_nothing(scenario):
    assert parse_scenario(dump_scenario(scenario), source="test") == scenario


@given(scenarios, texts)
def test_the_name_does_not_make_another_plan_but_the_content_does(scenario, name):
    assert scenario.model_copy(update={"name": name}).fingerprint == scenario.fingerprint
    assert scenario.model_copy(update={"last_year": scenario.last_year - 1}).fingerprint != scenario.fingerprint


def test_saving_replaces_the_file_whole(tmp_path):
    path = tmp_path / "方案.toml"
    save_scenario(Scenario(name="一"), path)
    save_scenario(Scenario(name="二"), path)
    assert load_scenario(path).name == "二"
    assert [entry.name for entry in tmp_path.iterdir()] == ["方案.toml"]


def test_every_wrong_key_of_a_file_is_named_at_once(tmp_path):
    path = tmp_path / "wrong.toml"
    path.write_text(
        'name = "x"\nlast_yaer = 2030\n[policy]\nmode = "fly"\n[[actions]]\nkind = "close_school"\nyear = "2025"\n'
        '[[actions]]\nkind = "burn_school"\n',
        "utf-8",
    )
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    found = {(problem.code, problem.row, problem.field) for problem in caught.value.problems}
    assert found == {
        ("scenario_key_unknown", "", "last_yaer"),
        ("scenario_key_invalid", "policy", "mode"),
        ("scenario_key_invalid", "actions[1]", "year"),
        ("scenario_key_missing", "actions[1]", "school_id"),
        ("scenario_key_invalid", "actions[2]", "kind"),
    }
    for lang, word in (("zh", "不认识的项"), ("en", "unknown key")):
        assert word in caught.value.say(lang)


@pytest.mark.parametrize("content", ["name = ", "\x00", "name = 'a'\nname = 'b'"])
def test_what_is_no_toml_is_said_to_be_unreadable(content):
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(content, source="test")
    assert [problem.code for problem in caught.value.problems] == ["toml_unreadable"]


def open_school(**changes):
    known = {
        "year": 2024, "school_id": "n", "name": "N", "school_kind": "primary", "setting": "village",
        "east_m": 1000.0, "north_m": 0.0, "primary_rooms": 6,
    }  # fmt: skip
    return OpenSchool(**(known | changes))


@pytest.mark.parametrize(
    ("action", "code", "field"),
    [
        (CloseSchool(year=2022, school_id="a"), "year_outside", "year"),
        (CloseSchool(year=2036, school_id="a"), "year_outside", "year"),
        (CloseSchool(year=2025, school_id="x"), "school_unknown", "school_id"),
        (AddRooms(year=2025, school_id="a", stage="junior", rooms=1), "action_stage", "stage"),
        (AddRooms(year=2025, school_id="a", stage="primary", rooms=1, existing=7), "existing_differs", "existing"),
        (AddRooms(year=2025, school_id="a", stage="primary", rooms=-7), "rooms_negative", "rooms"),
        (open_school(school_id="a"), "school_id_taken", "school_id"),
        (open_school(primary_rooms=0), "rooms_of_stage", "primary_rooms"),
        (open_school(junior_rooms=3), "rooms_of_stage", "junior_rooms"),
        (open_school(east_m=9000.0), "site_outside_county", "east_m, north_m"),
    ],
)
def test_an_action_that_cannot_be_is_refused_by_its_number(action, code, field):
    scenario = Scenario(name="s", actions=(CloseSchool(year=2030, school_id="b"), action))
    with pytest.raises(ScenarioError) as caught:
        apply_actions(scenario, toy.county(), NORMS)
    (problem,) = caught.value.problems
    assert (problem.code, problem.row, problem.field) == (code, "actions[2]", field)
    assert all(problem.say(lang) for lang in ("zh", "en"))


def test_actions_count_in_the_order_of_years_whatever_the_order_of_lines():
    late_first = (AddRooms(year=2026, school_id="a", stage="primary", rooms=1, existing=8),
                  AddRooms(year=2024, school_id="a", stage="primary", rooms=2, existing=6))  # fmt: skip
    rooms = apply_actions(Scenario(name="s", actions=late_first), toy.county(), NORMS).rooms
    assert rooms[rooms["school_id"] == "a"][["from_year", "rooms"]].values.tolist() == [[2022, 6], [2024, 8], [2026, 9]]


def test_nothing_happens_to_a_closed_or_unopened_school():
    clash = (CloseSchool(year=2024, school_id="a"), AddRooms(year=2025, school_id="a", stage="primary", rooms=1),
             open_school(year=2030), CloseSchool(year=2028, school_id="n"))  # fmt: skip
    with pytest.raises(ScenarioError) as caught:
        apply_actions(Scenario(name="s", actions=clash), toy.county(), NORMS)
    assert {(p.code, p.row) for p in caught.value.problems} == {
        ("school_closed_before_by_action", "actions[2]"),
        ("school_not_open_yet_by_action", "actions[4]"),
    }
    for lang in ("zh", "en"):
        words = caught.value.say(lang)
        for part in ("actions[2] add_rooms 2025", "actions[1] close_school 2024", "actions[4] close_school 2028",
                     "actions[3] open_school 2030"):  # fmt: skip
            assert part in words
