"""What may be asked of a search: defaults, what a goal may say at most and at least, and where a fault is found."""

from __future__ import annotations

import pytest

from layoutplan.errors import ScenarioError
from layoutplan.plan.optimise.goal import (
    Budget,
    Candidates,
    Close,
    Convert,
    Expand,
    Goal,
    Locks,
    Open,
    Point,
    Stop,
    Weights,
    YearBudget,
    parse_goal,
)

HEAD = {"name": '"g"', "years": "[2025, 2028]", "last_year": "2030"}


def text(extra="", **head):
    """Return a goal as TOML: its first keys, some of them changed or left out, and what else it says."""
    return "\n".join([f"{key} = {value}" for key, value in (HEAD | head).items() if value is not None] + [extra])


def faults(content):
    """Return the problems of a goal by code, row and field; empty where it is valid."""
    try:
        parse_goal(content, source="goal.toml")
    except ScenarioError as caught:
        return [(problem.code, problem.row, problem.field) for problem in caught.problems]
    return []


def test_a_goal_that_says_only_its_years_asks_for_three_plans_on_the_high_side():
    goal = parse_goal(text(), source="g")
    assert (goal.years, goal.last_year, goal.stages, goal.note) == ((2025, 2028), 2030, ("primary", "junior"), "")
    assert goal.deeds == ("open", "expand", "merge")
    assert (goal.quantile, goal.plans, goal.within) == (0.8, 3, 0.02)
    assert (goal.stop.seconds, goal.stop.gap) == (60.0, 0.005)
    assert goal.policy.assignment == "capacity"


def test_by_default_minutes_envy_and_money_count_and_nothing_is_bound():
    assert Weights().model_dump() == {
        "minutes": 1.0, "envy": 1.0, "over_limit": 0.0, "million_yuan": 50.0, "site": 0.0, "school": 0.0,
    }  # fmt: skip
    assert Budget().model_dump() == {
        "yuan": None, "rooms": None, "posts": None, "new_schools": None, "room_yuan": None, "years": (),
    }  # fmt: skip
    assert set(YearBudget(year=2025).model_dump().values()) == {2025, None}


def test_by_default_schools_open_beside_places_grow_by_six_or_twelve_and_close_after_building():
    assert Candidates().model_dump() == {"source": "places", "most": 30, "spacing_m": 2000.0, "points": ()}
    assert Open().model_dump() == {"kinds": ("primary", "junior"), "rooms": (12, 24, 36), "least_pupils": 0.0}
    assert Expand().model_dump() == {"rooms": (6, 12), "school_ids": None}
    assert Close().model_dump() == {"school_ids": None, "reach_minutes": 30.0, "build_first": True}
    assert Locks().model_dump() == {"open": (), "keep": (), "never": ()}
    changed = Convert(school_id="a", school_kind="primary")
    assert (changed.primary_rooms, changed.junior_rooms) == (0, 0)


@pytest.mark.parametrize(
    ("line", "inside", "outside"),
    [
        ("plans = {}", ("1", "20"), ("0", "21")),
        ("quantile = {}", ("0.5", "0.99"), ("0.49", "0.991", "1.5", "1.0")),
        ("within = {}", ("0.0", "1.0"), ("-0.01", "1.01")),
        ("stages = {}", ('["junior"]',), ("[]", '["senior"]')),
        ("deeds = {}", ('["close"]',), ("[]", '["sell"]')),
        ("weights = {{minutes = {}}}", ("0.0", "0.5"), ("-0.5",)),
        ("weights = {{envy = {}}}", ("0.0", "0.5"), ("-0.5",)),
        ("weights = {{over_limit = {}}}", ("0.0", "0.5"), ("-0.5",)),
        ("weights = {{million_yuan = {}}}", ("0.0", "0.5"), ("-0.5",)),
        ("weights = {{site = {}}}", ("0.0", "0.5"), ("-0.5",)),
        ("weights = {{school = {}}}", ("0.0", "0.5"), ("-0.5",)),
        ("budget = {{yuan = {}}}", ("0.0", "0.5"), ("-0.5",)),
        ("budget = {{rooms = {}}}", ("0", "7"), ("-1", "0.5")),
        ("budget = {{posts = {}}}", ("0.0", "0.5"), ("-0.5",)),
        ("budget = {{new_schools = {}}}", ("0", "7"), ("-1", "0.5")),
        ("budget = {{room_yuan = {}}}", ("0.0", "0.5"), ("-0.5",)),
        ("budget = {{years = [{{year = 2028, yuan = {}}}]}}", ("0.0", "0.5"), ("-0.5",)),
        ("budget = {{years = [{{year = 2028, rooms = {}}}]}}", ("0",), ("-1",)),
        ("budget = {{years = [{{year = 2028, posts = {}}}]}}", ("0.0", "0.5"), ("-0.5",)),
        ("budget = {{years = [{{year = 2028, new_schools = {}}}]}}", ("0",), ("-1",)),
        ("candidates = {{most = {}}}", ("0", "2000"), ("-1", "2001")),
        ("candidates = {{spacing_m = {}}}", ("100.0",), ("99.9",)),
        ("open = {{rooms = {}}}", ("[1]", "[200]"), ("[0]", "[201]", "[]")),
        ("open = {{kinds = {}}}", ('["nine_year"]',), ("[]", '["university"]')),
        ("open = {{least_pupils = {}}}", ("0.0", "0.5"), ("-0.5",)),
        ("expand = {{rooms = {}}}", ("[1]", "[200]"), ("[0]", "[201]", "[]")),
        ("close = {{reach_minutes = {}}}", ("0.0", "0.5"), ("-0.5",)),
        ("stop = {{seconds = {}}}", ("0.1", "86400.0"), ("0.0", "86400.5")),
        ("stop = {{gap = {}}}", ("0.0", "0.5"), ("-0.01", "0.51")),
    ],
)
def test_numbers_of_a_goal_have_a_least_and_a_most(line, inside, outside):
    for value in inside:
        assert faults(text(line.format(value))) == []
    for value in outside:
        assert {code for code, _, _ in faults(text(line.format(value)))} == {"goal_key_invalid"}


@pytest.mark.parametrize("rooms", ["primary_rooms", "junior_rooms"])
def test_a_converted_school_has_up_to_two_hundred_rooms_of_a_stage(rooms):
    line = "[[convert]]\nschool_id = {!r}\nschool_kind = 'junior'\n{} = {}"
    assert faults(text(line.format("a", rooms, 0))) == []
    assert faults(text(line.format("a", rooms, 200))) == []
    assert faults(text(line.format("a", rooms, 201))) == [("goal_key_invalid", "convert[1]", rooms)]
    assert faults(text(line.format("a", rooms, -1))) == [("goal_key_invalid", "convert[1]", rooms)]
    assert faults(text(line.format("", rooms, 1))) == [("goal_key_invalid", "convert[1]", "school_id")]


def test_years_are_those_of_this_century():
    assert faults(text(years="[2000]", last_year="2100")) == []
    for years in ("[1999, 2025]", "[2025, 2101]", "[]"):
        assert {code for code, _, _ in faults(text(years=years, last_year="2100"))} == {"goal_key_invalid"}
    assert faults(text(last_year="2101")) == [("goal_key_invalid", "", "last_year")]


def test_a_site_a_school_and_the_goal_itself_have_a_name():
    assert faults(text(name='""')) == [("goal_key_invalid", "", "name")]
    point = "[[candidates.points]]\nsite_id = '{}'\nname = '{}'\neast_m = 1.0\nnorth_m = 2.0\nrooms = [{}]"
    assert faults(text(point.format("n", "N", 18))) == []
    assert faults(text(point.format("", "N", 18))) == [("goal_key_invalid", "candidates.points[1]", "site_id")]
    assert faults(text(point.format("n", "", 18))) == [("goal_key_invalid", "candidates.points[1]", "name")]


def test_lists_of_a_file_are_read():
    goal = parse_goal(
        text(
            """
            stages = ["junior"]
            deeds = ["convert", "close"]
            convert = [{school_id = "a", school_kind = "nine_year", primary_rooms = 6, junior_rooms = 3}]
            expand = {rooms = [2, 4], school_ids = ["a"]}
            close = {school_ids = ["b"], build_first = false}
            open = {kinds = ["nine_year"], rooms = [18]}
            locks = {open = ["n"], keep = ["a", "b"], never = ["m"]}
            [candidates]
            points = [{site_id = "n", name = "N", east_m = 1.0, north_m = 2.0, rooms = [12]}]
            [budget]
            years = [{year = 2028, rooms = 5}]
            """
        ),
        source="g",
    )
    assert goal.convert == (Convert(school_id="a", school_kind="nine_year", primary_rooms=6, junior_rooms=3),)
    assert (goal.expand, goal.close) == (
        Expand(rooms=(2, 4), school_ids=("a",)), Close(school_ids=("b",), build_first=False),
    )  # fmt: skip
    assert goal.open == Open(kinds=("nine_year",), rooms=(18,))
    assert goal.locks == Locks(open=("n",), keep=("a", "b"), never=("m",))
    assert goal.candidates.points == (Point(site_id="n", name="N", east_m=1.0, north_m=2.0, rooms=(12,)),)
    assert goal.budget.years == (YearBudget(year=2028, rooms=5),)
    assert (goal.stages, goal.deeds) == (("junior",), ("convert", "close"))


def test_a_policy_without_a_rule_of_seats_gives_them_by_capacity():
    goal = parse_goal(text('[policy]\nseason = "snow"\nwithin_limits = true'), source="g")
    assert (goal.policy.assignment, goal.policy.season, goal.policy.within_limits) == ("capacity", "snow", True)
    assert faults(text('[policy]\nassignment = "nearest"')) == [("goal_policy", "policy", "assignment")]
    assert faults(text("policy = 3")) == [("goal_key_invalid", "", "policy")]


@pytest.mark.parametrize(
    ("years", "last_year", "wanted"),
    [
        ("[2025]", 2025, []),
        ("[2025, 2026]", 2026, []),
        ("[2025, 2026]", 2025, [("goal_years", "", "years")]),
        ("[2026, 2025]", 2030, [("goal_years", "", "years")]),
        ("[2025, 2025]", 2030, [("goal_years", "", "years")]),
    ],
)
def test_periods_follow_each_other_and_the_last_begins_by_the_last_year(years, last_year, wanted):
    assert faults(text(years=years, last_year=last_year)) == wanted


def test_a_budget_of_a_year_belongs_to_a_period_that_begins_in_it():
    assert faults(text("budget.years = [{year = 2025, rooms = 1}, {year = 2028, rooms = 1}]")) == []
    wrong = "budget.years = [{year = 2025, rooms = 1}, {year = 2026, rooms = 1}, {year = 2027, rooms = 1}]"
    assert faults(text(wrong)) == [
        ("goal_budget_year", "budget.years[2]", "year"), ("goal_budget_year", "budget.years[3]", "year"),
    ]  # fmt: skip


def test_a_conversion_that_may_be_done_is_stated():
    assert faults(text('deeds = ["open", "convert"]')) == [("goal_convert", "", "convert")]
    stated = 'convert = [{school_id = "a", school_kind = "junior"}]'
    assert faults(text(f'deeds = ["convert"]\n{stated}')) == []
    assert faults(text(f'deeds = ["open"]\n{stated}')) == []


@pytest.mark.parametrize(
    ("line", "follows"),
    [
        ('season = "rain"', True), ('mode = "drive"', True), ('grades_4_6 = "boarding"', True),
        ('phase_in = "at_once"', True), ('enrolment = "residence"', True), ('junior_entry = "feeder"', True),
        ('villages = "whole"', False), ('boundary = "zone"', False), ("contiguous = true", False),
        ("together_within_m = 50.0", False), ('villages = "split"', True),
    ],
)  # fmt: skip
def test_only_rules_that_the_search_follows_may_be_set(line, follows):
    wanted = [] if follows else [("goal_policy", "policy", line.split()[0])]
    assert faults(text(f"[policy]\n{line}")) == wanted


def test_all_contradictions_are_named_at_once():
    bad = 'deeds = ["convert"]\nbudget.years = [{year = 2030}]\n[policy]\nassignment = "zoned"\nboundary = "zone"'
    codes = [code for code, _, _ in faults(text(bad, years="[2026, 2025]"))]
    assert sorted(codes) == ["goal_budget_year", "goal_convert", "goal_policy", "goal_policy", "goal_years"]


def near(content):
    with pytest.raises(ScenarioError) as caught:
        parse_goal(content, source="g")
    (problem,) = caught.value.problems
    return problem.row, problem.field, problem.values["near"]


def test_of_an_unknown_key_the_nearest_known_in_the_same_table_is_named():
    assert near(text("planz = 2")) == ("", "planz", "plans")
    assert near(text("weights = {minute = 2.0}")) == ("weights", "minute", "minutes")
    assert near(text("budget.years = [{year = 2025}, {year = 2028, romms = 2}]")) == (
        "budget.years[2]", "romms", "rooms",
    )  # fmt: skip
    assert near(text("[[candidates.points]]\nsite_id='n'\nname='N'\neast_m=1.0\nnorth_m=2.0\nwest_m=3.0"))[2] in (
        "east_m", "north_m",
    )  # fmt: skip
    locks = '[[policy.locks]]\nschool_id = "a"\nplace_ids = ["p"]\nstag = "primary"'
    assert near(text(locks)) == ("policy.locks[1]", "stag", "stage")


def test_where_no_known_key_is_near_all_of_the_table_are_named():
    assert near(text("locks = {qqqqqq = 1}")) == ("locks", "qqqqqq", "keep, never, open")
    assert near(text("budget.years = [{year = 2025, qqqqqq = 1}]"))[2] == "new_schools, posts, rooms, year, yuan"


def test_missing_keys_wrong_types_and_control_characters_are_told_apart():
    assert faults(text(last_year=None)) == [("goal_key_missing", "", "last_year")]
    assert faults(text("budget.years = [{rooms = 1}]")) == [("goal_key_missing", "budget.years[1]", "year")]
    assert faults(text('plans = "3"')) == [("goal_key_invalid", "", "plans")]
    assert faults(text(name=r'"a\u0007"')) == [("text_invisible", "", "name")]
    assert faults(text(r'note = "two\nlines"')) == []


def test_a_wrong_value_is_shown_and_a_long_one_cut_to_eighty_characters():
    with pytest.raises(ScenarioError) as caught:
        parse_goal(text(f'plans = "{"9" * 200}"\nwithin = "much"'), source="g")
    long, short = (problem.values["value"] for problem in caught.value.problems)
    assert long == "'" + "9" * 79
    assert short == "'much'"


def test_a_goal_made_in_code_needs_a_name_and_years():
    goal = Goal(name="g", years=(2025,), last_year=2025, stop=Stop(seconds=1.0))
    assert (goal.stop.gap, goal.candidates, goal.locks) == (0.005, Candidates(), Locks())


def test_a_wrong_item_of_a_list_is_named_by_its_number_and_its_list_is_not_called_too_short():
    assert faults(text(years="[1999]")) == [("goal_key_invalid", "", "years[1]")]
    assert faults(text(years="[2025, 1999]")) == [("goal_key_invalid", "", "years[2]")]
    assert faults(text("[open]\nrooms = [6, 'a']")) == [("goal_key_invalid", "open", "rooms[2]")]
    assert faults(text(years="[]")) == [("goal_key_invalid", "", "years")]
