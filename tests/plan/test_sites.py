"""Where schools may be built, and the forms that sites may take, on the toy county by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import toy
from shapely import box

from layoutplan.errors import ScenarioError
from layoutplan.norms import load_norms
from layoutplan.plan.optimise.goal import Candidates, Close, Convert, Expand, Goal, Locks, Open, Point
from layoutplan.plan.optimise.sites import check_ids, find_points, list_forms, list_sites
from layoutplan.plan.planning import prepare
from layoutplan.seats.roster import base_roster

NORMS = load_norms()
PLACES = ("p1", "p2", "p3", "p4")
WEIGHT = np.array([90.0, 180.0, 270.0, 45.0])


def goal(**changes):
    return Goal(name="g", years=(2024,), last_year=2025).model_copy(update=changes)


def point(site_id, east_m, **more):
    return Point(site_id=site_id, name=site_id.upper(), east_m=east_m, north_m=0.0, **more)


@cache
def prepared():
    return prepare(toy.county(), NORMS)


@cache
def with_parcels():
    plots = [box(east - half, 10, east + half, 10 + 2 * half) for east, half in ((1000, 20), (2500, 40), (3000, 20))]
    names = [{"parcel_id": "k1", "name": "K1"}, {"parcel_id": "k2", "name": None}, {"parcel_id": "k3", "name": "K3"}]
    return prepare(toy.county(parcels=toy.geo(names, plots)), NORMS)


def found(asked, *, on=None, weight=WEIGHT):
    points, barred = find_points(on or prepared(), asked, weight, PLACES)
    return [one.site_id for one in points], barred


def problems(call, *args):
    with pytest.raises(ScenarioError) as caught:
        call(*args)
    return [(problem.code, problem.row or problem.field) for problem in caught.value.problems]


# ---- where schools may be built ----------------------------------------------------------------------------
def test_points_given_are_told_by_id_and_those_of_a_source_are_added():
    given = (point("n2", 2000.0), point("m1", 1500.0))
    assert found(goal(candidates=Candidates(source="points", points=given))) == (["m1", "n2"], {})
    assert found(goal(candidates=Candidates(source="places", most=1, points=given)))[0] == ["m1", "n2", "site-p3"]


def test_where_nothing_is_opened_no_site_is_looked_for():
    asked = goal(deeds=("expand",), candidates=Candidates(source="places", points=(point("a", 9e5),)))
    assert found(asked) == ([], {})


@pytest.mark.parametrize(("most", "sites"), [(0, []), (1, ["site-p3"]), (2, ["site-p2", "site-p3"])])
def test_sites_are_beside_the_places_with_the_most_pupils(most, sites):
    if most:
        assert found(goal(candidates=Candidates(source="places", most=most)))[0] == sites
    # Of places alike the first ones.
    even = found(goal(candidates=Candidates(source="places", most=2)), weight=np.full(4, 5.0))
    assert even[0] == ["site-p1", "site-p2"]


@pytest.mark.parametrize(("most", "sites"), [(1, ["site-k2"]), (2, ["site-k1", "site-k2"])])
def test_the_largest_parcels_are_sites_named_by_their_id_where_they_have_no_name(most, sites):
    asked = goal(candidates=Candidates(source="parcels", most=most))
    points, _ = find_points(with_parcels(), asked, WEIGHT, PLACES)
    assert [one.site_id for one in points] == sites
    assert [one.name for one in points if one.site_id == "site-k2"] == ["k2"]
    assert [(one.east_m, one.north_m) for one in points if one.site_id == "site-k2"] == [(2500.0, 50.0)]


def grid(spacing, most, weight=WEIGHT):
    asked = goal(candidates=Candidates(source="grid", spacing_m=spacing, most=most))
    points, _ = find_points(prepared(), asked, weight, PLACES)
    return [(one.site_id, one.name, one.east_m, one.north_m) for one in points]


def test_a_square_of_the_grid_gives_the_place_nearest_to_the_middle_of_its_pupils():
    # p1 and p2: middle at (0 x 90 + 1000 x 180) / 270 = 667 m, nearest is p2; p3 and p4: 3143 m, nearest is p3.
    # 1.4 km a square: p1 and p2 in the first, p3 and p4 in the third.
    assert grid(1400.0, 9) == [("site-0-0", "P2", 1000.0, 0.0), ("site-2-0", "P3", 3000.0, 0.0)]
    # The one with the most pupils first: 315 against 270.
    assert grid(1400.0, 1) == [("site-2-0", "P3", 3000.0, 0.0)]


def test_squares_alike_are_taken_by_id_and_those_without_pupils_left_out():
    assert [one[0] for one in grid(500.0, 2, np.array([5.0, 5.0, 5.0, 5.0]))] == ["site-0-0", "site-2-0"]
    assert [one[0] for one in grid(500.0, 9, np.array([0.0, 1.0, 0.5, 0.0]))] == ["site-2-0", "site-6-0"]


def test_the_middle_lies_north_and_south_too():
    # One square of 5 km: the middle of p4 (4000, 100) and a little of p3 (3000, 0) is next to p4.
    assert grid(5000.0, 9, np.array([0.0, 0.0, 1.0, 3.0])) == [("site-0-0", "P4", 4000.0, 100.0)]


def test_sites_with_the_id_of_a_school_or_of_another_site_or_outside_the_county_are_refused_together():
    points = (point("a", 1000.0), point("n", 1200.0), point("n", 1300.0), point("x", 9000.0))
    asked = goal(candidates=Candidates(source="points", points=points))
    assert problems(find_points, prepared(), asked, WEIGHT, PLACES) == [
        ("goal_site_taken", "a"), ("goal_site_taken", "n"), ("goal_site_outside", "x"),
    ]  # fmt: skip


# ---- sites and forms ----------------------------------------------------------------------------------------
def roster_of(schools):
    return base_roster(toy.county(schools=schools), NORMS)


def sites_and_forms(asked, points=(), *, roster=None, year=2024):
    roster = roster or base_roster(prepared().county, NORMS)
    sites = list_sites(roster, points, year=year)
    return sites, list_forms(asked, sites, roster, points, NORMS)


def told(forms, site_id, deed=None):
    return [
        (one.deed, one.kind, one.grades, one.rooms, one.added)
        for one in forms
        if one.site_id == site_id and deed in (None, one.deed)
    ]


PLAIN = {"deeds": ("open", "expand"), "expand": Expand(rooms=(2, 5)), "open": Open(kinds=("primary",), rooms=(6,))}


def test_a_new_school_is_of_the_setting_of_its_nearest_neighbour():
    sites, _ = sites_and_forms(goal(**PLAIN), (point("n", 1999.0), point("aa", 2001.0)))
    assert [(one.site_id, one.is_new, one.setting) for one in sites] == [
        ("a", False, "village"), ("aa", True, "town"), ("b", False, "town"), ("n", True, "village"),
    ]  # fmt: skip


def test_the_first_of_the_schools_is_a_neighbour_too():
    schools = roster_of(toy.schools().assign(setting=["county_town", "village"]))
    sites = list_sites(schools, (point("n", 400.0),), year=2024)
    assert [one.setting for one in sites if one.is_new] == ["county_town"]


def test_neighbours_are_measured_north_as_well_as_east():
    schools = toy.schools()
    schools.geometry = [toy.Point(500, 5000), toy.Point(3000, 0)]
    north = Point(site_id="n", name="N", east_m=2100.0, north_m=5000.0)
    sites = list_sites(roster_of(schools), (north,), year=2024)
    assert [one.setting for one in sites if one.is_new] == ["village"]


def test_schools_for_special_needs_are_no_sites():
    sites = list_sites(roster_of(toy.schools().assign(kind=["special", "nine_year"])), (), year=2024)
    assert [(one.site_id, one.kind, one.east_m, one.north_m) for one in sites] == [("b", "nine_year", 3500.0, 0.0)]


def test_where_there_is_no_school_a_new_one_is_of_a_village():
    (site,) = list_sites(roster_of(toy.schools().iloc[:0]), (point("n", 100.0),), year=2024)
    assert (site.setting, site.is_new, site.kind) == ("village", True, "")


def test_a_school_stands_as_it_is_and_may_grow_in_the_stages_it_teaches():
    _, forms = sites_and_forms(goal(**PLAIN))
    assert told(forms, "a") == [
        ("stand", "primary", (1, 6), (6, 0), (0, 0)),
        ("expand", "primary", (1, 6), (8, 0), (2, 0)),
        ("expand", "primary", (1, 6), (11, 0), (5, 0)),
    ]
    assert told(forms, "b") == [
        ("stand", "nine_year", (1, 9), (6, 3), (0, 0)),
        ("expand", "nine_year", (1, 9), (8, 3), (2, 0)),
        ("expand", "nine_year", (1, 9), (11, 3), (5, 0)),
        ("expand", "nine_year", (1, 9), (6, 5), (0, 2)),
        ("expand", "nine_year", (1, 9), (6, 8), (0, 5)),
    ]


def test_seats_are_rooms_times_the_class_limit_of_the_stage():
    _, forms = sites_and_forms(goal(**PLAIN))
    seats = {one.rooms: one.seats for one in forms if one.site_id == "b"}
    assert seats[(8, 3)] == (8 * 45, 3 * 50)


@pytest.mark.parametrize(("stages", "added"), [(("primary",), [(2, 0), (5, 0)]), (("junior",), [(0, 2), (0, 5)])])
def test_only_the_stages_asked_for_grow(stages, added):
    _, forms = sites_and_forms(goal(**PLAIN | {"stages": stages}))
    assert [one[4] for one in told(forms, "b", "expand")] == added


@pytest.mark.parametrize(
    ("grades", "stages"), [((1, 6), {0}), ((6, 6), {0}), ((7, 7), {1}), ((6, 7), {0, 1}), ((7, 9), {1}), ((9, 9), {1})]
)
def test_a_school_grows_in_a_stage_of_which_it_teaches_a_grade(grades, stages):
    schools = toy.schools().assign(grade_from=[1, grades[0]], grade_to=[6, grades[1]])
    _, forms = sites_and_forms(goal(**PLAIN), roster=roster_of(schools))
    assert {one[4].index(max(one[4])) for one in told(forms, "b", "expand")} == stages
    assert {one[2] for one in told(forms, "b")} == {grades}


@pytest.mark.parametrize(
    ("changes", "grow"),
    [
        ({"deeds": ("open",)}, []),
        ({"expand": Expand(rooms=(2,), school_ids=("b",))}, ["b"]),
        ({"locks": Locks(keep=("b",))}, ["a"]),
        ({}, ["a", "b"]),
    ],
)
def test_schools_grow_that_may_and_that_are_named(changes, grow):
    _, forms = sites_and_forms(goal(**PLAIN | changes))
    assert sorted({one.site_id for one in forms if one.deed == "expand"}) == grow
    assert [one.site_id for one in forms if one.deed == "stand"] == ["a", "b"]


@pytest.mark.parametrize(("named", "grows"), [(None, False), (("a",), True)])
def test_a_teaching_point_grows_only_where_it_is_named(named, grows):
    points = roster_of(toy.schools().assign(kind=["teaching_point", "nine_year"]))
    _, forms = sites_and_forms(goal(**PLAIN | {"expand": Expand(rooms=(2,), school_ids=named)}), roster=points)
    assert bool(told(forms, "a", "expand")) == grows


@pytest.mark.parametrize(("beyond", "grows"), [(-1, True), (0, False), (1, False)])
def test_a_school_with_seats_for_all_its_size_does_not_grow(beyond, grows):
    """a has six rooms of 45 seats; so many pupils are the most a primary school may have."""
    norms = dict(NORMS)
    norms["school_size.primary"] = replace(norms["school_size.primary"], value=270 - beyond)
    held = type(NORMS)(norms)
    roster = base_roster(prepared().county, NORMS)
    sites = list_sites(roster, (), year=2024)
    forms = list_forms(goal(**PLAIN), sites, roster, (), held)
    assert bool(told(forms, "a", "expand")) == grows
    assert {one.size for one in forms if one.site_id == "a"} == {270 - beyond}


# ---- new schools ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "size", "rooms"),
    [("primary", 12, (12, 0)), ("junior", 12, (0, 12)), ("nine_year", 12, (8, 4)), ("nine_year", 10, (7, 3))],
)
def test_a_new_school_splits_its_rooms_by_its_kind_and_all_are_built(kind, size, rooms):
    asked = goal(**PLAIN | {"open": Open(kinds=(kind,), rooms=(size,))})
    _, forms = sites_and_forms(asked, (point("n", 1000.0),))
    ((deed, held, _, has, added),) = told(forms, "n")
    assert (deed, held, has, added) == ("open", kind, rooms, rooms)


@pytest.mark.parametrize(
    ("stages", "kinds"), [(("primary",), ["primary", "nine_year"]), (("junior",), ["junior", "nine_year"])]
)
def test_a_new_school_teaches_a_stage_that_is_asked_for(stages, kinds):
    asked = goal(**PLAIN | {"stages": stages, "open": Open(kinds=("primary", "junior", "nine_year"), rooms=(9,))})
    _, forms = sites_and_forms(asked, (point("n", 1000.0),))
    assert [one[1] for one in told(forms, "n")] == kinds


def test_sizes_of_a_point_replace_those_of_the_goal_and_a_site_never_built_on_has_none():
    asked = goal(**PLAIN | {"locks": Locks(never=("m",))})
    _, forms = sites_and_forms(asked, (point("n", 1000.0, rooms=(3, 4)), point("m", 1500.0), point("o", 1600.0)))
    assert [one[3] for one in told(forms, "n")] == [(3, 0), (4, 0)]
    assert told(forms, "m") == []
    assert [one[3] for one in told(forms, "o")] == [(6, 0)]


# ---- conversions ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("primary", "junior", "added"),
    [(6, 3, (0, 3)), (3, 3, (0, 0)), (6, 0, (0, 0)), (8, 0, (2, 0)), (5, 3, (0, 2)), (8, 3, (2, 3)), (2, 2, (0, 0))],
)
def test_rooms_of_a_converted_school_serve_either_stage_and_only_those_beyond_are_built(primary, junior, added):
    """a has six rooms for grades 1-6."""
    one = Convert(school_id="a", school_kind="nine_year", primary_rooms=primary, junior_rooms=junior)
    _, forms = sites_and_forms(goal(deeds=("convert",), convert=(one,)))
    assert told(forms, "a", "convert") == [("convert", "nine_year", (1, 9), (primary, junior), added)]
    assert told(forms, "b", "convert") == []


def test_conversions_that_are_no_deed_of_the_goal_or_of_a_kept_school_are_not_offered():
    one = Convert(school_id="a", school_kind="nine_year", primary_rooms=6, junior_rooms=3)
    for changes in ({"deeds": ("open",)}, {"deeds": ("convert",), "locks": Locks(keep=("a",))}):
        _, forms = sites_and_forms(goal(convert=(one,), **changes))
        assert told(forms, "a", "convert") == []


# ---- ids of a goal -------------------------------------------------------------------------------------------
def test_every_id_that_is_not_there_is_named_with_what_it_was_to_be():
    asked = goal(
        expand=Expand(school_ids=("a", "x1")), close=Close(school_ids=("x2", "b")),
        convert=(Convert(school_id="x3", school_kind="primary", primary_rooms=1),),
        locks=Locks(keep=("x4",), open=("x5", "n"), never=("x6", "m")),
    )  # fmt: skip
    with pytest.raises(ScenarioError) as caught:
        check_ids(asked, prepared().county, ["n", "m"])
    assert sorted((problem.code, problem.values["value"]) for problem in caught.value.problems) == [
        ("goal_site_unknown", "x5"), ("goal_site_unknown", "x6"), ("school_unknown", "x1"), ("school_unknown", "x2"),
        ("school_unknown", "x3"), ("school_unknown", "x4"),
    ]  # fmt: skip


def test_a_site_both_opened_and_never_built_on_is_refused_and_a_goal_without_ids_is_not():
    both = goal(locks=Locks(open=("n", "m"), never=("m",)))
    with pytest.raises(ScenarioError) as caught:
        check_ids(both, prepared().county, ["n", "m"])
    assert [(problem.code, problem.values["value"]) for problem in caught.value.problems] == [("goal_lock_twice", "m")]
    check_ids(goal(), prepared().county, [])
