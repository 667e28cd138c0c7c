"""Law 12: unknown keys are errors that say where, all at once; equal content is the same scenario."""

from __future__ import annotations

import pytest
import toy
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from layoutplan.errors import ScenarioError
from layoutplan.norms import load_norms
from layoutplan.plan.roster import apply_actions
from layoutplan.plan.scenario import (
    AddRooms,
    BuildRoad,
    CloseSchool,
    ConvertSchool,
    MergeSchools,
    MoveIn,
    OpenSchool,
    RunBus,
    Scenario,
    SetBoarding,
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


YEAR, ROAD = {"year": 2025}, {"road_id": "w", "road_class": "county", "line": ((0.0, 0.0), (1.0, 0.0))}
# The least that an action has to say.
LEAST = {
    OpenSchool: YEAR | {"school_id": "n", "name": "N", "school_kind": "primary", "setting": "town", "east_m": 0.0,
                        "north_m": 0.0},
    CloseSchool: YEAR | {"school_id": "a"},
    MergeSchools: YEAR | {"school_ids": ("a",), "into": "b"},
    AddRooms: YEAR | {"school_id": "a", "stage": "primary", "rooms": 1},
    ConvertSchool: YEAR | {"school_id": "a", "school_kind": "primary"},
    SetBoarding: YEAR | {"school_id": "a", "beds": 10},
    MoveIn: YEAR | {"place_id": "p", "households": 10},
    RunBus: YEAR | {"school_id": "a"},
    BuildRoad: YEAR | ROAD,
    Scenario: {"name": "s"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "field", "least", "most"),
    [
        *((kind, "year", 2000, 2100) for kind in LEAST if kind is not Scenario),
        (OpenSchool, "primary_rooms", 0, 200),
        (OpenSchool, "junior_rooms", 0, 200),
        (AddRooms, "rooms", -200, 200),
        (AddRooms, "existing", 0, None),
        (ConvertSchool, "grade_to", 1, 6),
        (ConvertSchool, "primary_rooms", 0, 200),
        (ConvertSchool, "junior_rooms", 0, 200),
        (SetBoarding, "beds", 0, 5000),
        (SetBoarding, "existing", 0, None),
        (MoveIn, "households", 0, 100_000),
        (MoveIn, "existing", 0, None),
        (RunBus, "seats", 0, 200),
        (RunBus, "runs", 0, 50),
        (RunBus, "existing", 0, None),
        (BuildRoad, "drive_kmh", 1, 130),
        (Scenario, "last_year", 2000, 2100),
    ],
)
def test_a_number_may_be_its_least_and_its_most_and_nothing_beyond(kind, field, least, most):
    assert getattr(kind(**LEAST[kind] | {field: least}), field) == least
    with pytest.raises(ValidationError):
        kind(**LEAST[kind] | {field: least - 1})
    if most is not None:
        assert getattr(kind(**LEAST[kind] | {field: most}), field) == most
        with pytest.raises(ValidationError):
            kind(**LEAST[kind] | {field: most + 1})


@pytest.mark.parametrize("grade", [0, 10])
def test_a_bus_carries_grades_1_to_9_only(grade):
    assert RunBus(**LEAST[RunBus], grades=(1, 9)).grades == (1, 9)
    with pytest.raises(ValidationError):
        RunBus(**LEAST[RunBus], grades=(grade,))


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        (OpenSchool, "school_id"), (OpenSchool, "name"), (CloseSchool, "school_id"), (AddRooms, "school_id"),
        (MergeSchools, "into"), (ConvertSchool, "school_id"), (SetBoarding, "school_id"), (MoveIn, "place_id"),
        (RunBus, "school_id"), (BuildRoad, "road_id"), (Scenario, "name"),
    ],
)  # fmt: skip
def test_an_id_or_a_name_may_have_one_letter_but_not_none(kind, field):
    assert getattr(kind(**LEAST[kind] | {field: "z"}), field) == "z"
    with pytest.raises(ValidationError):
        kind(**LEAST[kind] | {field: ""})


def test_a_merger_needs_a_school_and_a_road_two_ends():
    assert MergeSchools(**LEAST[MergeSchools]).school_ids == ("a",)
    with pytest.raises(ValidationError):
        MergeSchools(**LEAST[MergeSchools] | {"school_ids": ()})
    assert len(BuildRoad(**LEAST[BuildRoad]).line) == 2
    with pytest.raises(ValidationError):
        BuildRoad(**LEAST[BuildRoad] | {"line": ((0.0, 0.0),)})


def test_what_a_scenario_does_not_say_is_nothing_built_and_a_plan_to_2035():
    new, bus, road = OpenSchool(**LEAST[OpenSchool]), RunBus(**LEAST[RunBus]), BuildRoad(**LEAST[BuildRoad])
    assert (new.primary_rooms, new.junior_rooms) == (0, 0)
    assert (bus.seats, bus.runs, bus.place_ids, bus.grades) == (0, 1, (), ())
    assert not road.oneway
    assert Scenario(name="s").last_year == 2035


def test_a_road_has_a_class_and_a_surface_that_are_known_or_no_surface():
    assert BuildRoad(**LEAST[BuildRoad], surface="gravel").surface == "gravel"
    assert BuildRoad(**LEAST[BuildRoad]).surface is None
    for wrong in ({"road_class": "canal"}, {"surface": "ice"}):
        with pytest.raises(ValidationError):
            BuildRoad(**LEAST[BuildRoad] | wrong)


def test_lists_of_a_file_are_taken_for_places_grades_and_points():
    (bus, road) = parse_scenario(
        'name = "s"\n[[actions]]\nkind = "run_bus"\nyear = 2025\nschool_id = "a"\nplace_ids = ["p1", "p2"]\n'
        'grades = [1, 2]\n[[actions]]\nkind = "build_road"\nyear = 2025\nroad_id = "w"\nroad_class = "county"\n'
        "line = [[0.0, 1.0], [2.0, 3.0]]\n",
        source="test",
    ).actions
    assert (bus.place_ids, bus.grades, road.line) == (("p1", "p2"), (1, 2), ((0.0, 1.0), (2.0, 3.0)))


def problem_of(content):
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(content, source="test")
    (problem,) = caught.value.problems
    return problem


ACTION = 'name = "s"\n[[actions]]\nkind = "close_school"\nyear = 2025\nschool_id = "a"\n'


@pytest.mark.parametrize(
    ("content", "row", "field"),
    [
        ("", "", "name"),
        ('name = "s"\nactions = 1', "", "actions"),
        ('name = "s"\n[outlook]\nsurvival = 2.0', "outlook", "survival"),
        (ACTION + "wing = 1", "actions[1]", "wing"),
        (ACTION + '[[actions]]\nyear = 2025\nschool_id = "b"', "actions[2]", "kind"),
        ('name = "s"\n[[policy.locks]]\nschool_id = ""\nplace_ids = ["p"]', "policy.locks[1]", "school_id"),
        ('name = "s"\n[policy]\ntogether = [["a", "b"], ["c", 3]]', "policy", "together[2][2]"),
        ('name = "s"\n[policy]\ntogether = [["a"]]', "policy", "together[1]"),
    ],
)
def test_a_fault_is_found_by_its_table_its_number_and_its_key(content, row, field):
    problem = problem_of(content)
    assert (problem.row, problem.field) == (row, field)


def test_a_long_wrong_value_is_quoted_by_its_beginning_only():
    assert problem_of(f'name = "s"\nlast_year = "{"9" * 100}"').values["value"] == "'" + "9" * 79


def test_a_text_that_cannot_be_seen_is_told_from_a_wrong_one():
    assert problem_of('name = "a\\u0007"').code == "text_invisible"
    assert problem_of("name = 7").code == "scenario_key_invalid"


def test_a_scenario_that_is_no_file_or_no_text_is_unreadable(tmp_path):
    (tmp_path / "latin.toml").write_bytes(b'name = "\xe9"')
    for name in ("none.toml", "latin.toml"):
        with pytest.raises(ScenarioError) as caught:
            load_scenario(tmp_path / name)
        assert [(problem.code, problem.layer) for problem in caught.value.problems] == [("toml_unreadable", name)]


def test_a_mark_that_windows_puts_in_front_is_no_part_of_the_scenario(tmp_path):
    (tmp_path / "marked.toml").write_text('name = "s"', "utf-8-sig")
    assert load_scenario(tmp_path / "marked.toml") == Scenario(name="s")
