"""What each action does to the schools, and to the pupils of the toy county, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import toy

from layoutplan.errors import ScenarioError
from layoutplan.norms import load_norms
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.roster import apply_actions, with_moves
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
    dump_scenario,
    parse_scenario,
)
from layoutplan.seats.roster import state_in, teaches

NORMS = load_norms()
# In the middle of the road, nearer to p2 (1000) than `a` (500) is, and 1000 m from `a`, 2000 m from `b`.
MIDDLE = OpenSchool(
    year=2024, school_id="m", name="M", school_kind="primary", setting="village", east_m=1500.0, north_m=0.0,
    primary_rooms=6,
)  # fmt: skip


def roster_of(*actions):
    return apply_actions(Scenario(name="s", actions=actions), toy.county(), NORMS)


def teaching(roster, grade, year):
    return roster.schools.loc[teaches(roster, grade, year), "school_id"].tolist()


def codes(*actions):
    with pytest.raises(ScenarioError) as caught:
        roster_of(*actions)
    assert all(problem.say(lang) for problem in caught.value.problems for lang in ("zh", "en"))
    return [(problem.code, problem.row, problem.field) for problem in caught.value.problems]


def test_a_converted_school_teaches_the_grades_of_its_kind_from_that_year_on():
    roster = roster_of(ConvertSchool(year=2025, school_id="a", school_kind="teaching_point", grade_to=3))
    assert [teaching(roster, 4, year) for year in (2024, 2025)] == [["a", "b"], ["b"]]
    assert [teaching(roster, 3, year) for year in (2024, 2025)] == [["a", "b"], ["a", "b"]]
    assert state_in(roster, 2025).set_index("school_id").loc["a", ["kind", "grade_to"]].tolist() == [
        "teaching_point",
        3,
    ]
    assert state_in(roster, 2024) is roster.schools


def test_a_stage_that_begins_needs_rooms_and_one_that_ends_loses_them():
    roster = roster_of(ConvertSchool(year=2025, school_id="a", school_kind="nine_year", junior_rooms=6),
                       ConvertSchool(year=2027, school_id="b", school_kind="primary"))  # fmt: skip
    rooms = roster.rooms.set_index(["school_id", "stage", "from_year"])["rooms"]
    assert rooms["a", "junior", 2025] == 6
    assert rooms["b", "junior", 2027] == 0
    assert ("b", "primary", 2027) not in rooms
    assert [teaching(roster, 8, year) for year in (2024, 2026, 2028)] == [["b"], ["a", "b"], ["a"]]


def test_seats_follow_the_kind_of_the_year():
    """A room of a primary school is worth 45 seats, of a teaching point 30."""
    scenario = Scenario(
        name="s", last_year=2026,
        actions=(ConvertSchool(year=2025, school_id="a", school_kind="teaching_point", grade_to=3, primary_rooms=3),
                 SetBoarding(year=2024, school_id="b", beds=120)),
    )  # fmt: skip
    supply = run_plan(prepare(toy.county(), NORMS), scenario).supply.frame.set_index(["school_id", "stage", "year"])
    assert [supply.loc[("a", "primary", year), "seats"] for year in (2024, 2025)] == [6 * 45, 3 * 30]
    beds = [supply.loc[("b", "primary", year), "beds"] for year in (2023, 2024, 2026)]
    assert [str(bed) for bed in beds] == ["<NA>", "120", "120"]


def test_merged_pupils_go_to_the_school_named_though_another_is_nearer():
    """Without a name the pupils of `a` would go to `m`, 1000 m away; `b` is 3000 m away."""
    prepared = prepare(toy.county(), NORMS)

    def pupils(closing, school_id):
        scenario = Scenario(name="s", last_year=2025, actions=(MIDDLE, closing))
        frame = run_plan(prepared, scenario).enrolment.frame
        mine = frame[(frame["year"] == 2025) & (frame["school_id"] == school_id) & (frame["grade"] > 1)]
        return mine[mine["grade"] <= 6]["pupils"].sum()

    closed = CloseSchool(year=2025, school_id="a")
    merged = MergeSchools(year=2025, school_ids=("a",), into="b")
    moved = pupils(closed, "m") - pupils(merged, "m")
    assert moved > 100
    assert pupils(merged, "b") - pupils(closed, "b") == pytest.approx(moved)


def test_households_that_move_take_their_children_along_and_nobody_is_lost():
    """40 of the 100 households of p1 stay from 2025 on: 6 of its 10 pupils a grade go to p3, which has 30."""
    move = MoveIn(year=2025, place_id="p1", households=40, to_place_id="p3", existing=100)
    frame = run_plan(prepare(toy.county(), NORMS), Scenario(name="s", last_year=2026, actions=(move,))).demand.frame
    grade = frame[frame["grade"] == 4].set_index(["year", "place_id"])["pupils"]
    assert grade.loc[2024].to_dict() == pytest.approx({"p1": 10, "p2": 20, "p3": 30, "p4": 5})
    assert grade.loc[2025].to_dict() == pytest.approx({"p1": 4, "p2": 20, "p3": 36, "p4": 5})


@pytest.mark.parametrize(
    ("action", "code", "field"),
    [
        (MergeSchools(year=2025, school_ids=("x",), into="b"), "school_unknown", "school_ids"),
        (MergeSchools(year=2025, school_ids=("a",), into="a"), "merged_twice", "school_ids"),
        (MergeSchools(year=2025, school_ids=("b",), into="a"), "receiver_grades", "into"),
        (ConvertSchool(year=2025, school_id="a", school_kind="nine_year"), "rooms_of_stage", "junior_rooms"),
        (ConvertSchool(year=2025, school_id="a", school_kind="primary", junior_rooms=2), "rooms_of_stage",
         "junior_rooms"),
        (ConvertSchool(year=2025, school_id="a", school_kind="teaching_point"), "grades_of_point", "grade_to"),
        (ConvertSchool(year=2025, school_id="a", school_kind="primary", grade_to=3), "grades_of_point", "grade_to"),
        (ConvertSchool(year=2025, school_id="a", school_kind="primary", existing="junior"), "existing_kind_differs",
         "existing"),
        (MoveIn(year=2025, place_id="x", households=9), "place_unknown", "place_id"),
        (MoveIn(year=2025, place_id="p1", households=9, to_place_id="x"), "place_unknown", "to_place_id"),
        (MoveIn(year=2025, place_id="p1", households=9, existing=99), "existing_households_differ", "existing"),
        (SetBoarding(year=2025, school_id="b", beds=10, existing=4), "existing_beds_differ", "existing"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(action, code, field):
    assert codes(action) == [(code, "actions[1]", field)]


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        (MergeSchools(year=2024, school_ids=("a",), into="b"), CloseSchool(year=2025, school_id="a"),
         "school_closed_before_by_action"),
        (CloseSchool(year=2024, school_id="b"), MergeSchools(year=2025, school_ids=("a",), into="b"),
         "school_closed_before_by_action"),
        (MergeSchools(year=2024, school_ids=("a",), into="b"), MergeSchools(year=2025, school_ids=("b",), into="a"),
         "school_closed_before_by_action"),
        (MIDDLE, MIDDLE.model_copy(update={"year": 2026}), "school_id_taken_by_action"),
        (AddRooms(year=2024, school_id="a", stage="primary", rooms=-4),
         AddRooms(year=2025, school_id="a", stage="primary", rooms=-4), "rooms_negative_by_action"),
        (AddRooms(year=2024, school_id="a", stage="primary", rooms=2),
         AddRooms(year=2025, school_id="a", stage="primary", rooms=1, existing=6), "existing_differs_by_action"),
        (ConvertSchool(year=2024, school_id="b", school_kind="junior"),
         MergeSchools(year=2025, school_ids=("a",), into="b"), "receiver_grades_by_action"),
        (ConvertSchool(year=2024, school_id="b", school_kind="primary"),
         ConvertSchool(year=2025, school_id="b", school_kind="junior", junior_rooms=3, existing="nine_year"),
         "existing_kind_differs_by_action"),
        (SetBoarding(year=2024, school_id="b", beds=10), SetBoarding(year=2025, school_id="b", beds=20, existing=9),
         "existing_beds_differ_by_action"),
    ],
)  # fmt: skip
def test_two_actions_that_clash_are_shown_side_by_side(first, second, code):
    with pytest.raises(ScenarioError) as caught:
        roster_of(first, second)
    assert code in [problem.code for problem in caught.value.problems]
    for lang in ("zh", "en"):
        assert f"actions[1] {first.kind} 2024" in caught.value.say(lang)
        assert f"actions[2] {second.kind} {second.year}" in caught.value.say(lang)


def test_every_action_survives_a_file():
    actions = (
        MIDDLE, CloseSchool(year=2025, school_id="a"), MergeSchools(year=2026, school_ids=("m", "0017"), into="b"),
        ConvertSchool(year=2026, school_id="b", school_kind="teaching_point", grade_to=4, existing="nine_year"),
        SetBoarding(year=2026, school_id="b", beds=30, existing=0),
        MoveIn(year=2026, place_id="p1", households=40, to_place_id="p3", existing=100),
    )  # fmt: skip
    scenario = Scenario(name="s", actions=actions)
    assert parse_scenario(dump_scenario(scenario), source="s") == scenario


def test_a_rosters_arrays_say_what_its_tables_say():
    roster = roster_of(
        MIDDLE, CloseSchool(year=2025, school_id="b"), AddRooms(year=2024, school_id="a", stage="primary", rooms=3),
        ConvertSchool(year=2026, school_id="m", school_kind="teaching_point", grade_to=2),
        MergeSchools(year=2027, school_ids=("m",), into="a"),
    )  # fmt: skip
    schools, years = roster.schools, np.arange(2022, 2029)
    assert roster.ids.tolist() == schools["school_id"].tolist()
    assert roster.ids[roster.rows_standing].tolist() == toy.county().schools["school_id"].tolist()
    assert (roster.kinds.tolist(), roster.townships.tolist()) == (
        schools["kind"].tolist(),
        schools["township_id"].tolist(),
    )
    spans = roster.spans_in(2026)
    state = state_in(roster, 2026)
    assert spans.opens.tolist() == schools["opens_year"].fillna(0).tolist()
    assert spans.closes.tolist() == schools["closes_year"].fillna(9999).tolist()
    assert (spans.grade_from.tolist(), spans.grade_to.tolist()) == (
        state["grade_from"].tolist(),
        state["grade_to"].tolist(),
    )
    cube, last = np.full((len(years), 2, len(schools)), np.nan), ["junior", "primary"]
    for row in roster.rooms.itertuples():
        cube[years >= row.from_year, last.index(row.stage), roster.row(row.school_id)] = row.rooms
    np.testing.assert_array_equal(roster.rooms_by_year(years), cube)
    for school_id in roster.ids:
        record, mine = roster.record(school_id, 2026), state.set_index("school_id").loc[school_id]
        for name in ("kind", "grade_from", "grade_to", "township_id", "name", "setting"):
            assert record[name] == mine[name], (school_id, name)
        for name in ("opens_year", "closes_year", "moves_to", "boarding_beds"):
            assert pd.isna(record[name]) == pd.isna(mine[name]), (school_id, name)
            assert pd.isna(record[name]) or record[name] == mine[name]
    assert roster.record("nobody", 2026) is None
    assert [roster.rooms_in("a", "primary", year) for year in (2021, 2023, 2024)] == [
        None,
        roster.rooms_in("a", "primary", 2022),
        roster.rooms_in("a", "primary", 2022) + 3,
    ]
    assert roster.rooms_in("m", "junior", 2026) is None


def rooms_of(roster):
    return {
        key: group[["from_year", "rooms"]].values.tolist()
        for key, group in roster.rooms.groupby(["school_id", "stage"])
    }


def test_rooms_are_added_to_those_of_the_year():
    roster = roster_of(
        AddRooms(year=2024, school_id="a", stage="primary", rooms=2),
        AddRooms(year=2026, school_id="a", stage="primary", rooms=-3),
    )
    assert rooms_of(roster)["a", "primary"] == [[2022, 6], [2024, 8], [2026, 5]]


def test_actions_of_one_year_count_as_they_are_written():
    first, second = (AddRooms(year=2024, school_id="a", stage="primary", rooms=rooms) for rooms in (5, -10))
    assert rooms_of(roster_of(first, second))["a", "primary"] == [[2022, 6], [2024, 1]]
    # Taken first, ten of six rooms are too many.
    assert codes(second, first) == [("rooms_negative", "actions[1]", "rooms")]


def test_a_plan_may_end_in_the_base_year_but_not_before_it():
    assert apply_actions(Scenario(name="s", last_year=2022), toy.county(), NORMS).ids.tolist() == ["a", "b"]
    with pytest.raises(ScenarioError) as caught:
        apply_actions(Scenario(name="s", last_year=2021), toy.county(), NORMS)
    (problem,) = caught.value.problems
    assert (problem.code, problem.field, problem.values) == ("year_outside", "last_year", {"first": 2022, "last": 2052})


def test_every_action_that_cannot_be_is_named_and_the_others_are_not():
    ghost = CloseSchool(year=2025, school_id="x")
    assert codes(ghost, CloseSchool(year=2026, school_id="a"), ghost) == [
        ("school_unknown", "actions[1]", "school_id"),
        ("school_unknown", "actions[3]", "school_id"),
    ]


def test_a_conversion_keeps_rooms_and_beds_it_does_not_speak_of():
    roster = roster_of(SetBoarding(year=2023, school_id="a", beds=12),
                       ConvertSchool(year=2024, school_id="a", school_kind="nine_year", junior_rooms=3),
                       ConvertSchool(year=2025, school_id="b", school_kind="primary"))  # fmt: skip
    assert rooms_of(roster) == {
        ("a", "junior"): [[2024, 3]], ("a", "primary"): [[2022, 6]],
        ("b", "junior"): [[2022, 3], [2025, 0]], ("b", "primary"): [[2022, 6]],
    }  # fmt: skip
    turns = {(turn.school_id, turn.from_year): turn for turn in roster.turns}
    assert (turns["a", 2023].kind, turns["a", 2023].grade_to, turns["a", 2023].boarding_beds) == ("primary", 6, 12)
    assert (turns["a", 2024].kind, turns["a", 2024].grade_to, turns["a", 2024].boarding_beds) == ("nine_year", 9, 12)
    # Nobody knows how many beds b has.
    assert (turns["b", 2025].grade_to, turns["b", 2025].boarding_beds) == (6, None)


def test_a_stage_a_school_never_had_needs_no_row_of_rooms():
    point = ConvertSchool(year=2024, school_id="a", school_kind="teaching_point", grade_to=4, primary_rooms=4)
    assert rooms_of(roster_of(point)) == {
        ("a", "primary"): [[2022, 6], [2024, 4]], ("b", "junior"): [[2022, 3]], ("b", "primary"): [[2022, 6]],
    }  # fmt: skip


def test_a_bus_has_the_seats_of_all_its_runs():
    bus = RunBus(year=2024, school_id="b", place_ids=("p1",), grades=(1, 2), seats=20, runs=3)
    (line,) = roster_of(bus).buses
    assert (line.school_id, line.from_year, line.place_ids, line.grades, line.seats) == ("b", 2024, ("p1",), (1, 2), 60)


def test_who_moves_nobody_leaves_the_county_as_it_is():
    county = toy.county()
    assert with_moves(county, Scenario(name="s", actions=(CloseSchool(year=2024, school_id="a"),))) is county


def test_of_a_place_and_year_the_last_word_counts_and_the_scenario_has_it():
    known = pd.DataFrame({"place_id": ["p2", "p1"], "year": [2024, 2024], "households": [7, 8]})
    moves = tuple(
        MoveIn(year=year, place_id="p1", households=households)
        for year, households in ((2025, 1), (2024, 2), (2024, 3))
    )
    moved = with_moves(toy.county(move_in=known), Scenario(name="s", actions=moves)).move_in
    assert moved[["place_id", "year", "households"]].values.tolist() == [
        ["p1", 2024, 3], ["p1", 2025, 1], ["p2", 2024, 7],
    ]  # fmt: skip
    assert moved.index.tolist() == [0, 1, 2]
    assert moved["households"].dtype == known["households"].dtype
    assert known["households"].tolist() == [7, 8]
