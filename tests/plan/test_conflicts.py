"""What an action is checked against, by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pandas as pd
import pytest
import toy

from layoutplan.errors import ScenarioError
from layoutplan.norms import load_norms
from layoutplan.plan.conflicts import grades_after, households_of, schools_of, stages_between, township_at
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
)

NORMS = load_norms()
# On the road, 500 m west of where the townships meet.
NEW = OpenSchool(
    year=2024, school_id="n", name="N", school_kind="primary", setting="village", east_m=1500.0, north_m=0.0,
    primary_rooms=6,
)  # fmt: skip
BUS = RunBus(year=2024, school_id="b", place_ids=("p1",), grades=(7, 8, 9), seats=25)
SPUR = BuildRoad(year=2024, road_id="n1", road_class="county", line=((1500.0, 0.0), (1500.0, 400.0)))


@cache
def usual():
    return toy.county()


def faults(*actions, county=None, last_year=2030):
    """Return each problem of a scenario: its code, the number of its action, its field and its values."""
    try:
        apply_actions(Scenario(name="s", actions=actions, last_year=last_year), county or usual(), NORMS)
    except ScenarioError as error:
        found = error.problems
    else:
        found = []
    assert all(problem.say(lang) for problem in found for lang in ("zh", "en"))
    number = len("actions[")
    return [(problem.code, int(problem.row[number:-1]), problem.field, problem.values) for problem in found]


def codes(*actions, **how):
    return [code for code, *_ in faults(*actions, **how)]


def but(action, **changes):
    return action.model_copy(update=changes)


@pytest.mark.parametrize(
    ("east_m", "township"),
    [(1999.0, "t1"), (2001.0, "t2"), (2000.0, "t1"), (-500.0, "t1"), (4500.0, "t2"), (-501.0, None), (4501.0, None)],
)
def test_a_school_on_a_line_stands_in_the_township_of_the_smaller_id_and_outside_in_none(east_m, township):
    """Townships meet at 2000 m; the county goes from -500 to 4500."""
    new = OpenSchool(
        year=2024, school_id="n", name="N", school_kind="primary", setting="village", east_m=east_m, north_m=0.0
    )
    assert township_at(new, toy.county()) == township


def test_a_converted_school_has_the_grades_of_its_kind_and_a_point_those_it_says():
    def grades(kind, **said):
        return grades_after(ConvertSchool(year=2024, school_id="a", school_kind=kind, **said))

    found = [grades("primary"), grades("junior"), grades("nine_year")]
    assert found == [(1, 6), (7, 9), (1, 9)]
    assert grades("teaching_point", grade_to=4) == (1, 4)
    assert grades("teaching_point") == (1, 3)
    assert [stages_between(*span) for span in found] == [("primary",), ("junior",), ("primary", "junior")]
    assert stages_between(6, 6) == ("primary",)
    assert stages_between(6, 7) == ("primary", "junior")


def test_an_action_touches_the_schools_it_names_the_closing_ones_first():
    assert schools_of(MergeSchools(year=2024, school_ids=("a", "c"), into="b")) == ("a", "c", "b")
    assert schools_of(CloseSchool(year=2024, school_id="a")) == ("a",)
    assert schools_of(BUS) == ("b",)
    assert schools_of(SPUR) == ()
    assert schools_of(MoveIn(year=2024, place_id="p1", households=5)) == ()


# ---- years
@pytest.mark.parametrize(("year", "is_inside"), [(2022, False), (2023, True), (2027, True), (2028, False)])
def test_an_action_lies_after_the_base_year_and_not_after_the_last(year, is_inside):
    """The toy county's base year is 2022."""
    found = faults(SetBoarding(year=year, school_id="a", beds=5), last_year=2027)
    assert found == ([] if is_inside else [("year_outside", 1, "year", {"first": 2023, "last": 2027})])


def test_a_year_outside_is_no_clash_with_an_earlier_action():
    done = SetBoarding(year=2024, school_id="b", beds=5)
    assert codes(done, but(done, year=2031)) == ["year_outside"]


# ---- schools that are not there
def test_every_school_of_a_merger_that_is_not_there_is_named():
    merger = MergeSchools(year=2024, school_ids=("x", "a", "y"), into="b")
    assert [(code, field, values["value"]) for code, _, field, values in faults(merger)] == [
        ("school_unknown", "school_ids", "x"), ("school_unknown", "school_ids", "y"),
    ]  # fmt: skip
    assert [field for _, _, field, _ in faults(CloseSchool(year=2024, school_id="x"))] == ["school_id"]


@pytest.mark.parametrize(("year", "codes_found"), [(2024, []), (2025, ["school_closed_before_by_action"])])
def test_a_school_can_be_changed_until_the_year_in_which_it_closes(year, codes_found):
    # Of one year the closing, which is written first, counts first.
    closing, beds = CloseSchool(year=2025, school_id="a"), SetBoarding(year=year, school_id="a", beds=5)
    found = faults(closing, beds)
    assert [code for code, *_ in found] == codes_found
    assert all((values["value"], values["year"]) == ("a", 2025) for *_, values in found)


def test_a_new_school_can_be_changed_in_its_first_year_and_not_before():
    beds = SetBoarding(year=2024, school_id="n", beds=5)
    assert faults(NEW, beds) == []
    assert codes(but(NEW, year=2025), beds) == ["school_not_open_yet_by_action"]


def test_a_school_that_is_opened_later_is_not_unknown_and_its_opening_is_named():
    beds, opening = SetBoarding(year=2024, school_id="n", beds=5), but(NEW, year=2026)
    ((code, number, _, values),) = faults(CloseSchool(year=2025, school_id="a"), opening, beds)
    assert (code, number) == ("school_not_open_yet_by_action", 3)
    assert (values["value"], values["year"]) == ("n", 2026)
    assert (values["this"], values["other"]) == ("actions[3] set_boarding 2024", "actions[2] open_school 2026")


def test_a_school_that_another_action_opens_does_not_make_an_unknown_one_known():
    assert codes(NEW, SetBoarding(year=2025, school_id="x", beds=5)) == ["school_unknown"]


def test_an_action_clashes_with_the_latest_of_those_that_changed_the_same_school():
    rooms = [AddRooms(year=year, school_id="a", stage="primary", rooms=1) for year in (2023, 2024, 2025)]
    ((code, _, _, values),) = faults(*rooms, but(rooms[0], year=2026, existing=8))
    assert (code, values["existing"], values["rooms"]) == ("existing_differs_by_action", 8, 9)
    assert (values["this"], values["other"]) == ("actions[4] add_rooms 2026", "actions[3] add_rooms 2025")


def test_what_was_done_to_another_school_is_not_in_the_way():
    done = AddRooms(year=2024, school_id="b", stage="primary", rooms=1)
    assert codes(done, AddRooms(year=2025, school_id="a", stage="primary", rooms=1, existing=7)) == ["existing_differs"]


# ---- new schools
def test_a_new_school_needs_an_id_of_its_own():
    assert faults(NEW) == []
    assert faults(but(NEW, school_id="a")) == [("school_id_taken", 1, "school_id", {"value": "a"})]


@pytest.mark.parametrize(
    ("kind", "primary", "junior", "fields"),
    [
        ("primary", 1, 0, []), ("primary", 0, 0, ["primary_rooms"]), ("primary", 6, 3, ["junior_rooms"]),
        ("junior", 0, 1, []), ("junior", 6, 3, ["primary_rooms"]), ("junior", 0, 0, ["junior_rooms"]),
        ("nine_year", 6, 3, []), ("nine_year", 0, 0, ["junior_rooms", "primary_rooms"]),
    ],
)  # fmt: skip
def test_a_new_school_has_rooms_for_the_stages_it_teaches_and_no_other(kind, primary, junior, fields):
    found = faults(but(NEW, school_kind=kind, primary_rooms=primary, junior_rooms=junior))
    rooms = {"primary_rooms": primary, "junior_rooms": junior}
    assert found == [("rooms_of_stage", 1, field, {"rooms": rooms[field], "kind": kind}) for field in fields]


def test_a_new_school_stands_inside_the_county():
    found = faults(but(NEW, east_m=4501.0))
    assert found == [("site_outside_county", 1, "east_m, north_m", {"east_m": 4501.0, "north_m": 0.0})]


# ---- rooms
@pytest.mark.parametrize(("rooms", "is_possible"), [(-6, True), (-7, False)])
def test_no_more_rooms_can_be_taken_than_there_are(rooms, is_possible):
    """School `a` has six."""
    found = faults(AddRooms(year=2024, school_id="a", stage="primary", rooms=rooms))
    assert found == ([] if is_possible else [("rooms_negative", 1, "rooms", {"rooms": 6, "value": -7})])


def test_rooms_are_added_only_where_as_many_are_as_the_planner_saw():
    more = AddRooms(year=2024, school_id="a", stage="primary", rooms=2, existing=6)
    assert faults(more) == []
    assert faults(but(more, existing=0)) == [("existing_differs", 1, "existing", {"existing": 0, "rooms": 6})]


def test_rooms_of_a_stage_that_a_school_does_not_teach_are_refused():
    found = faults(AddRooms(year=2024, school_id="a", stage="junior", rooms=2))
    assert found == [("action_stage", 1, "stage", {"value": "junior", "school_id": "a"})]


# ---- mergers
def test_a_school_merges_into_one_that_teaches_the_same_grades_or_more():
    assert faults(MergeSchools(year=2025, school_ids=("a",), into="b")) == []
    assert faults(NEW, MergeSchools(year=2025, school_ids=("a",), into="n")) == []
    assert faults(NEW, MergeSchools(year=2025, school_ids=("a", "n"), into="b")) == []


@pytest.mark.parametrize(("ids", "into"), [(("a",), "a"), (("a", "b"), "b"), (("a", "a"), "b")])
def test_no_school_is_in_a_merger_twice(ids, into):
    found = faults(MergeSchools(year=2025, school_ids=ids, into=into))
    assert found == [("merged_twice", 1, "school_ids", {"value": ", ".join((*ids, into))})]


def test_a_receiver_that_lacks_the_lowest_or_the_highest_grades_is_refused():
    junior = but(NEW, school_kind="junior", primary_rooms=0, junior_rooms=3)
    too_high = {"value": "b", "from": 1, "to": 9, "into": "a", "into_from": 1, "into_to": 6}
    assert faults(MergeSchools(year=2025, school_ids=("b",), into="a")) == [("receiver_grades", 1, "into", too_high)]
    ((code, *_, values),) = faults(junior, MergeSchools(year=2025, school_ids=("b",), into="n"))
    assert (code, values["value"], values["into_from"]) == ("receiver_grades_by_action", "b", 7)
    ((code, *_, values),) = faults(junior, MergeSchools(year=2025, school_ids=("n",), into="a"))
    assert (code, values["from"], values["into_to"]) == ("receiver_grades", 7, 6)


# ---- conversions
@pytest.mark.parametrize(
    ("kind", "said", "fields"),
    [
        ("primary", {}, []), ("primary", {"primary_rooms": 4}, []), ("primary", {"primary_rooms": 0}, []),
        ("primary", {"junior_rooms": 0}, []), ("primary", {"junior_rooms": 1}, ["junior_rooms"]),
        ("nine_year", {"junior_rooms": 1}, []), ("nine_year", {}, ["junior_rooms"]),
        ("nine_year", {"junior_rooms": 0}, ["junior_rooms"]), ("junior", {"junior_rooms": 3}, []),
        ("junior", {"primary_rooms": 2}, ["junior_rooms", "primary_rooms"]),
        ("teaching_point", {"grade_to": 3}, []), ("teaching_point", {"grade_to": 3, "primary_rooms": 2}, []),
    ],
)  # fmt: skip
def test_a_converted_school_needs_rooms_of_a_stage_that_begins_and_has_none_of_one_that_ends(kind, said, fields):
    """School `a` is a primary school."""
    found = faults(ConvertSchool(year=2024, school_id="a", school_kind=kind, **said))
    assert found == [
        ("rooms_of_stage", 1, field, {"rooms": said.get(field) or 0, "kind": kind}) for field in fields
    ]  # fmt: skip


@pytest.mark.parametrize(("kind", "grade_to"), [("teaching_point", None), ("primary", 6)])
def test_a_teaching_point_says_its_highest_grade_and_no_other_kind_does(kind, grade_to):
    found = faults(ConvertSchool(year=2024, school_id="a", school_kind=kind, grade_to=grade_to))
    assert found == [("grades_of_point", 1, "grade_to", {"kind": kind})]


def test_a_school_is_converted_only_if_it_is_of_the_kind_the_planner_saw():
    point = ConvertSchool(year=2024, school_id="a", school_kind="teaching_point", grade_to=3, existing="primary")
    assert faults(point) == []
    found = faults(but(point, existing="junior"))
    assert found == [("existing_kind_differs", 1, "existing", {"existing": "junior", "kind": "primary"})]


# ---- households
def test_households_are_those_last_dated_by_a_year_else_those_registered():
    dated = pd.DataFrame(
        [("p1", 2026, 60), ("p1", 2023, 70), ("p1", 2025, 80), ("p2", 2023, 5)],
        columns=["place_id", "year", "households"],
    )
    county = toy.county(move_in=dated)
    assert [households_of(county, "p1", year) for year in (2022, 2023, 2024, 2025, 2026)] == [100, 70, 70, 80, 60]
    assert households_of(county, "p3", 2030) == 300


def test_households_that_nobody_counted_are_unknown():
    county = toy.county(places=toy.places().assign(households=pd.array([None, 0, 300, 50], dtype="Int64")))
    assert (households_of(county, "p1", 2024), households_of(county, "p2", 2024)) == (None, 0)
    move = MoveIn(year=2025, place_id="p1", households=9)
    assert faults(move, county=county) == []
    said = faults(but(move, existing=0), county=county)
    assert said == [("existing_households_differ", 1, "existing", {"existing": 0, "households": "?"})]


@pytest.mark.parametrize(("year", "before"), [(2024, 100), (2025, 40), (2026, 40)])
def test_households_move_only_if_as_many_live_there_the_year_before_as_the_planner_saw(year, before):
    county = toy.county(move_in=pd.DataFrame({"place_id": ["p1"], "year": [2024], "households": [40]}))
    move = MoveIn(year=year, place_id="p1", households=9, existing=before)
    assert faults(move, county=county) == []
    ((code, _, field, values),) = faults(but(move, existing=before + 1), county=county)
    assert (code, field) == ("existing_households_differ", "existing")
    assert (values["existing"], values["households"]) == (before + 1, before)


def test_households_move_between_places_of_the_county():
    move = MoveIn(year=2025, place_id="p1", households=9, to_place_id="p3")
    assert faults(move) == []
    assert faults(but(move, to_place_id="x")) == [("place_unknown", 1, "to_place_id", {"value": "x"})]
    assert faults(but(move, place_id="x", existing=4)) == [("place_unknown", 1, "place_id", {"value": "x"})]


# ---- beds
def test_beds_are_set_only_if_there_are_as_many_as_the_planner_saw():
    county = toy.county(schools=toy.schools().assign(boarding_beds=pd.array([0, None], dtype="Int64")))
    beds = SetBoarding(year=2024, school_id="a", beds=5, existing=0)
    assert faults(beds, county=county) == []
    said = faults(but(beds, existing=1), county=county)
    assert said == [("existing_beds_differ", 1, "existing", {"existing": 1, "beds": 0})]
    said = faults(but(beds, school_id="b"), county=county)
    assert said == [("existing_beds_differ", 1, "existing", {"existing": 0, "beds": "?"})]
    assert faults(but(beds, school_id="b", existing=None), county=county) == []


# ---- buses
def test_a_bus_may_take_all_grades_of_a_school_from_several_places():
    assert faults(BUS) == []
    assert faults(but(BUS, grades=tuple(range(1, 10)), place_ids=("p1", "p2"))) == []


@pytest.mark.parametrize(("seats", "is_possible"), [(0, False), (1, True), (56, True), (57, False)])
def test_a_bus_has_at_least_one_seat_and_at_most_those_of_the_norm(seats, is_possible):
    found = faults(but(BUS, seats=seats))
    assert found == ([] if is_possible else [("bus_seats", 1, "seats", {"value": seats, "most": "56"})])


@pytest.mark.parametrize(("places", "shown"), [((), "-"), (("p1", "p1"), "p1, p1")])
def test_a_bus_serves_at_least_one_place_and_none_twice(places, shown):
    assert faults(but(BUS, place_ids=places)) == [("bus_places", 1, "place_ids", {"value": shown})]


def test_every_place_of_a_bus_that_is_not_there_is_named():
    found = faults(but(BUS, place_ids=("x", "p1", "y")))
    assert [(code, values["value"]) for code, _, _, values in found] == [("place_unknown", "x"), ("place_unknown", "y")]


@pytest.mark.parametrize("grades", [(), (6, 7), (7,)])
def test_a_bus_takes_grades_that_its_school_teaches(grades):
    """School `a` teaches grades 1 to 6."""
    found = faults(but(BUS, school_id="a", grades=grades))
    assert found == [("bus_grades", 1, "grades", {"school_id": "a", "from": 1, "to": 6})]
    assert faults(but(BUS, school_id="a", grades=(1, 6))) == []


def test_a_bus_is_changed_only_if_it_has_as_many_seats_as_the_planner_saw():
    assert faults(but(BUS, existing=0)) == []
    assert faults(but(BUS, existing=1)) == [("existing_bus_differs", 1, "existing", {"existing": 1, "seats": 0})]
    twice = but(BUS, runs=2)
    assert faults(twice, but(BUS, year=2025, existing=50)) == []
    ((code, _, field, values),) = faults(twice, but(BUS, year=2025, existing=25))
    assert (code, field) == ("existing_bus_differs_by_action", "existing")
    assert (values["existing"], values["seats"]) == (25, 50)


def test_only_a_bus_that_runs_can_be_ended():
    end = RunBus(year=2025, school_id="b", runs=0)
    assert faults(BUS, end) == []
    assert faults(end) == [("bus_ends_nothing", 1, "runs", {"school_id": "b"})]
    assert codes(BUS, end, but(end, year=2026)) == ["bus_ends_nothing_by_action"]


def test_a_school_being_changed_is_no_clash_for_its_bus():
    beds = SetBoarding(year=2023, school_id="b", beds=5)
    assert codes(beds, but(BUS, existing=1)) == ["existing_bus_differs"]


@pytest.mark.parametrize(
    ("places", "grades", "twice"),
    [
        (("p1", "p2"), (6,), []), (("p3", "p4"), (4, 5), []), (("p1",), (4, 5), ["p1"]),
        (("p4", "p2", "p1"), (5, 6), ["p1", "p2"]),
    ],
)  # fmt: skip
def test_pupils_of_one_grade_and_place_have_a_bus_to_one_school(places, grades, twice):
    """A bus to `a` takes grades 4 and 5 of p1 and p2."""
    first = but(BUS, school_id="a", place_ids=("p2", "p1"), grades=(4, 5))
    found = faults(first, but(BUS, year=2025, place_ids=places, grades=grades))
    assert [code for code, *_ in found] == ["bus_serves_twice_by_action"] * len(twice)
    assert [values["place_id"] for *_, values in found] == twice
    assert all((values["school_id"], values["other_school"]) == ("b", "a") for *_, values in found)


def test_a_bus_that_is_changed_does_not_clash_with_itself():
    assert faults(BUS, but(BUS, year=2025, seats=30)) == []


# ---- roads
def test_a_road_has_an_id_of_its_own():
    assert faults(SPUR) == []
    assert faults(but(SPUR, road_id="r1")) == [("road_id_taken", 1, "road_id", {"value": "r1"})]
    assert codes(SPUR, but(SPUR, year=2025)) == ["road_id_taken_by_action"]
    assert faults(SPUR, but(SPUR, year=2025, road_id="n2")) == []


def test_a_road_has_a_length_and_lies_in_the_county():
    assert faults(but(SPUR, line=((1500.0, 0.0), (1500.0, 0.0)))) == [
        ("road_no_length", 1, "line", {"value": "n1"}),
    ]  # fmt: skip
    assert faults(but(SPUR, line=((1500.0, 0.0), (1500.0, 0.5)))) == []
    found = faults(but(SPUR, line=((9000.0, 7.0), (9500.0, 8.0))))
    assert found == [("road_outside_county", 1, "line", {"east_m": 9000.0, "north_m": 7.0})]


@pytest.mark.parametrize(
    ("line", "gap_m"),
    [
        (((1500.0, 1.0), (1500.0, 400.0)), None), (((1500.0, 400.0), (1500.0, 1.0)), None),
        (((1500.0, 1.5), (1500.0, 400.0)), "1.5"), (((1500.0, 400.0), (1500.0, 2.0)), "2.0"),
        (((1500.0, 400.0), (1600.0, 1.0), (1700.0, 300.0)), "300.0"),
    ],
)  # fmt: skip
def test_one_end_of_a_road_comes_within_a_metre_of_another(line, gap_m):
    """The road of the toy county lies at 0 m north; ``network.join_tolerance_m`` is 1."""
    values = {"road_id": "n1", "gap_m": gap_m, "tolerance_m": "1"}
    assert faults(but(SPUR, line=line)) == ([] if gap_m is None else [("road_apart", 1, "line", values)])


def test_a_road_may_join_one_that_was_built_before():
    on = but(SPUR, year=2025, road_id="n2", line=((1500.0, 400.0), (1900.0, 400.0)))
    assert faults(SPUR, on) == []
    assert codes(on) == ["road_apart"]


@pytest.mark.parametrize(("node_crossings", "found"), [(True, []), (False, ["road_apart"])])
def test_a_road_that_crosses_another_meets_it_only_where_roads_are_joined_at_crossings(node_crossings, found):
    county = replace(toy.county(), node_crossings=node_crossings)
    across, beside = ((1500.0, -300.0), (1500.0, 300.0)), ((1500.0, 300.0), (1900.0, 300.0))
    assert codes(but(SPUR, line=across), county=county) == found
    assert codes(but(SPUR, line=beside), county=county) == ["road_apart"]


def test_a_road_cannot_join_one_that_is_built_later():
    on = but(SPUR, road_id="n2", line=((1500.0, 400.0), (1900.0, 400.0)))
    assert codes(but(SPUR, year=2026), on) == ["road_apart"]
