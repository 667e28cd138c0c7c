"""The locks of the closure gate on numbers worked out by hand: at a limit, beside it, and where one is missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toy
import toy_plans

from layoutplan.norms import load_norms
from layoutplan.plan.locks import (
    Case,
    Record,
    _at_most,
    _enough,
    _far_pupils,
    _hearing,
    _highest,
    _journeys,
    _most_in_a_year,
    _need,
    _ready,
    _receivers,
    _total,
    _weighted_median,
)
from layoutplan.seats.roster import base_roster

NORMS = load_norms()
MISSING = float("nan")


def case_of(*, school_id="a", before=None, after=None, record=None, **parts):
    """Return the case of closing school ``a`` in 2024; ``parts`` stand for what would be read from the plans."""
    plans = before or toy_plans.plan("base"), after or toy_plans.plan("close")
    case = Case(*plans, school_id, 2024, record or Record())
    vars(case).update(parts)
    return case


def passed(locks):
    return {lock.code: lock.passed for lock in locks}


def measured(locks):
    return {lock.code: lock.measured for lock in locks}


# ---- the case
def test_a_case_knows_its_school():
    assert [case_of(school_id=school_id).school["name"] for school_id in ("a", "b")] == ["A", "B"]


def test_those_who_change_are_listed_from_the_closing_year_on_by_year_grade_and_place():
    changed = case_of().changed
    keys = list(changed[["year", "grade", "place_id"]].itertuples(index=False, name=None))
    assert keys == [(year, grade, place) for year in (2024, 2025) for grade in range(1, 7) for place in ("p1", "p2")]
    assert changed["pupils"].tolist() == pytest.approx([10.0, 20.0] * 12)
    assert set(changed["origin"]) == {"a"}
    assert set(changed["receiver"]) == {"b"}
    assert (changed["minutes"].iloc[0], changed["minutes_after"].iloc[0]) == pytest.approx((500 / 60, 3500 / 60))


def test_those_who_were_given_the_school_are_told_apart_from_those_who_move_up():
    rows = [(2024, 1, "p1", "a", 3.0), (2024, 1, "p3", "c", 4.0), (2024, 1, "p4", None, 5.0)]
    changed = pd.DataFrame(rows, columns=["year", "grade", "place_id", "origin", "pupils"])
    moved = case_of(changed=changed).moved
    assert moved.to_dict("records") == [{"year": 2024, "grade": 1, "place_id": "p1", "pupils": 3.0}]


def test_a_school_that_is_closed_already_has_no_children_afterwards():
    band = case_of(before=toy_plans.plan("close")).band.set_index("year")
    assert band["pupils"].to_dict() == pytest.approx({2022: 180.0, 2023: 180.0, 2024: 0.0, 2025: 0.0})
    assert band.loc[[2024, 2025], "high"].tolist() == [0.0, 0.0]


def test_ways_are_told_by_group_of_grades_in_the_closing_year():
    """Of six pupils of grades 1-3 one walks 30 minutes, which is not over 30; grade 5 of another year is left out."""
    rows = [
        (2024, 1, 3.0, 10.0, 30.0), (2024, 3, 1.0, 30.0, 50.0), (2024, 2, 2.0, 31.0, 31.0),
        (2024, 7, 4.0, 5.0, 6.0), (2025, 5, 9.0, 1.0, 1.0),
    ]  # fmt: skip
    moved = pd.DataFrame(rows, columns=["year", "grade", "pupils", "minutes", "minutes_after"])
    travel = case_of(moved=moved).travel.set_index("group")
    assert travel.index.tolist() == ["grades_1_3", "grades_7_9"]
    young = travel.loc["grades_1_3"]
    assert young[["pupils", "median_before", "median_after", "max_before", "max_after"]].tolist() == [
        6.0, 10.0, 30.0, 31.0, 50.0,
    ]  # fmt: skip
    assert (young["share_over_30_before"], young["share_over_30_after"]) == pytest.approx((2 / 6, 3 / 6))


@pytest.mark.parametrize(
    ("minutes", "pupils", "median"),
    [
        ([10.0, 20.0, 30.0], [1.0, 1.0, 1.0], 20.0), ([10.0, 20.0], [1.0, 1.0], 10.0), ([7.0], [2.0], 7.0),
        ([30.0, 10.0, 20.0], [5.0, 1.0, 1.0], 30.0), ([20.0, MISSING, 10.0], [1.0, 9.0, 3.0], 10.0),
    ],
)  # fmt: skip
def test_half_the_pupils_walk_no_longer_than_the_median(minutes, pupils, median):
    assert _weighted_median(np.array(minutes), np.array(pupils)) == median


def test_without_a_way_there_is_no_median():
    assert np.isnan(_weighted_median(np.array([MISSING]), np.array([1.0])))


# ---- numbers
@pytest.mark.parametrize(
    ("values", "highest"),
    [([3.0, 4.0], 4.0), ([11.0, MISSING], 11.0), ([10.0, MISSING], MISSING), ([3.0, MISSING], MISSING)],
)
def test_a_missing_count_decides_nothing_unless_a_known_one_is_beyond_ten(values, highest):
    assert _highest(pd.Series(values), 10.0) == pytest.approx(highest, nan_ok=True)


@pytest.mark.parametrize(("number", "is_at_most"), [(10.0, True), (10.001, False), (10.5, False), (MISSING, None)])
def test_a_number_passes_up_to_its_limit(number, is_at_most):
    assert _at_most(number, 10.0) is is_at_most


@pytest.mark.parametrize(
    ("free", "need", "found"),
    [
        (30.0, 30.0, True), (29.5, 30.0, False), (31.0, 30.0, True), (MISSING, 30.0, None), (MISSING, 0.0, True),
        (-5.0, 0.04, True), (0.0, 0.05, False),
    ],
)  # fmt: skip
def test_what_is_free_is_enough_for_what_is_needed_and_for_nobody_always(free, need, found):
    assert _enough(free, need) is found


def test_the_most_of_any_year_counts_all_its_rows():
    moves = pd.DataFrame({"year": [2024, 2024, 2025], "pupils": [3.0, 4.0, 5.0]})
    assert (_most_in_a_year(moves), _most_in_a_year(moves.head(0))) == (7.0, 0.0)


def test_a_total_with_a_missing_part_is_missing():
    assert _total(pd.Series([4, 3], dtype="Int64")) == 7.0
    assert np.isnan(_total(pd.Series([4, None], dtype="Int64")))


# ---- need
def few(pupils):
    classes = toy.county().classes
    mine = classes["school_id"] == "a"
    return toy.county(
        classes=classes.assign(pupils=classes["pupils"].mask(mine, 0).mask(mine & (classes["grade"] == 2), pupils))
    )


def needed(*, flows=(), band=((2024, 9.0, 9.0),), county=None):
    base = toy_plans.plan("base")
    table = pd.DataFrame(list(flows), columns=["school_id", "place_id", "year", "pupils"])
    prepared = replace(base.prepared, county=county) if county else base.prepared
    before = replace(base, prepared=prepared, assignment=replace(base.assignment, flows=table))
    return _need(case_of(before=before, band=pd.DataFrame(list(band), columns=["year", "pupils", "high"])))


@pytest.mark.parametrize(
    ("band", "found"),
    [
        ([(2024, 5.0, 9.0), (2028, 5.0, 10.0)], (True, 10.0)), ([(2024, 5.0, 9.0), (2028, 5.0, 10.5)], (False, 10.5)),
        ([(2028, 5.0, 8.0), (2029, 50.0, 60.0)], (True, 8.0)), ([(2024, 5.0, MISSING)], (None, MISSING)),
        ([(2024, 10.0, MISSING)], (None, MISSING)), ([(2024, 11.0, MISSING), (2025, 1.0, 2.0)], (False, 11.0)),
    ],
)  # fmt: skip
def test_no_recovery_is_in_sight_if_no_year_to_the_goal_is_beyond_ten_on_the_high_side(band, found):
    """``plan.goal_year`` is 2028, ``shell.max_pupils`` 10."""
    locks = needed(band=band)
    assert passed(locks)["no_recovery"] is found[0]
    assert measured(locks)["no_recovery"] == pytest.approx(found[1], nan_ok=True)


@pytest.mark.parametrize(
    ("flows", "found"),
    [
        ([("a", "p2", 2022, 5.0), ("a", "p2", 2024, 6.0)], (False, 1.0)),
        ([("a", "p2", 2022, 5.0), ("a", "p2", 2024, 5.9)], (True, 0.9)),
        ([("a", "p2", 2024, 2.0), ("a", "p2", 2024, 1.0)], (False, 3.0)),
        ([("a", "p2", 2022, 5.0), ("a", "p1", 2024, 9.0)], (True, 0.0)),
        ([("b", "p2", 2022, 5.0), ("b", "p2", 2024, 9.0)], (True, 0.0)),
        ([("a", "p2", 2022, 5.0), ("a", "p2", 2024, 3.0)], (True, 0.0)),
    ],
)  # fmt: skip
def test_a_housing_estate_that_brings_a_pupil_more_is_a_site_that_grows(flows, found):
    county = toy.county(places=toy.places().assign(kind=["village", "housing", "village", "village"]))
    locks = needed(flows=flows, county=county)
    assert (passed(locks)["no_growth_site"], measured(locks)["no_growth_site"]) == (found[0], pytest.approx(found[1]))


def test_a_resettlement_site_grows_as_well():
    county = toy.county(places=toy.places().assign(kind=["village", "resettlement", "village", "village"]))
    assert passed(needed(flows=[("a", "p2", 2024, 6.0)], county=county))["no_growth_site"] is False


# ---- ways
WAYS = ["year", "grade", "place_id", "origin", "pupils", "minutes", "receiver", "minutes_after"]


def journeys(*rows):
    return _journeys(case_of(changed=pd.DataFrame(rows, columns=WAYS)))


@pytest.mark.parametrize(
    ("grade", "minutes", "after", "alone", "in_time"),
    [
        (3, 30.0, 30.0, 0.0, True), (3, 30.0, 30.1, 1.0, False), (3, 30.1, 30.1, 0.0, False),
        (3, 5.0, MISSING, 1.0, False), (4, 5.0, 90.0, 0.0, True), (1, 5.0, 90.0, 1.0, False),
    ],
)  # fmt: skip
def test_a_village_loses_its_only_school_if_grades_1_to_3_were_in_time_and_are_not_any_more(
    grade, minutes, after, alone, in_time
):
    """They are held to 30 minutes."""
    locks = journeys((2024, grade, "p1", "a", 4.0, minutes, "b", after))
    assert measured(locks)["replaceable"] == alone
    assert passed(locks)["replaceable"] is (alone == 0)
    assert passed(locks)["young_travel"] is in_time
    assert [lock.limit for lock in locks] == [0.0, 30.0, 0.0]
    assert locks[1].words["pupils"] == ("4" if grade <= 3 and not in_time else "0")


def test_a_child_without_a_way_is_not_in_time_because_another_is():
    locks = journeys(
        (2024, 1, "p1", "a", 4.0, 5.0, "b", 10.0), (2024, 1, "p2", "a", 4.0, 5.0, None, MISSING)
    )  # fmt: skip
    assert passed(locks)["young_travel"] is False


def test_villages_are_counted_once_and_pupils_over_the_limit_in_the_worst_year():
    locks = journeys(
        (2024, 1, "p1", "a", 4.0, 5.0, "b", 40.0), (2024, 2, "p1", "a", 4.0, 5.0, "b", 50.0),
        (2024, 1, "p2", "c", 3.0, 5.0, "b", 31.0), (2025, 1, "p2", "c", 6.0, 5.0, "b", 31.0),
        (2024, 1, "p3", None, 50.0, MISSING, "b", 99.0),
    )  # fmt: skip
    assert measured(locks) == {"replaceable": 2.0, "young_travel": 50.0, "receiver_open": 0.0}
    young = next(lock for lock in locks if lock.code == "young_travel")
    assert young.words["pupils"] == "11"


def test_where_no_child_of_grades_1_to_3_moves_none_walks_too_far():
    assert measured(journeys())["young_travel"] == 0.0
    assert passed(journeys()) == {"replaceable": True, "young_travel": True, "receiver_open": True}


@pytest.mark.parametrize(("pupils", "is_open"), [(0.04, True), (0.05, False), (1.0, False)])
def test_somebody_without_a_school_has_no_receiver_that_is_open(pupils, is_open):
    locks = journeys((2024, 5, "p1", "a", pupils, 5.0, None, MISSING), (2024, 5, "p2", "a", 9.0, 5.0, "b", 9.0))
    assert (passed(locks)["receiver_open"], measured(locks)["receiver_open"]) == (is_open, pupils)


def test_whoever_walks_beyond_the_limit_of_the_grade_needs_a_bus_in_the_worst_year():
    """Limits are 30, 40 and 40 minutes; nobody walks who has no school before."""
    rows = [
        (2024, 3, "p1", "a", 1.0, 5.0, "b", 30.0), (2024, 3, "p2", "a", 2.0, 5.0, "b", 30.5),
        (2024, 4, "p1", "a", 4.0, 5.0, "b", 40.0), (2024, 7, "p1", "a", 8.0, 5.0, "b", 40.5),
        (2025, 6, "p1", "a", 9.0, 5.0, "b", 41.0), (2025, 1, "p1", None, 90.0, 5.0, "b", 41.0),
    ]  # fmt: skip
    assert _far_pupils(case_of(changed=pd.DataFrame(rows, columns=WAYS))) == 10.0


# ---- hearing
@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({}, (None, None, None)), ({"route_is_safe": True}, (True, None, None)),
        ({"route_is_safe": False}, (False, None, None)), ({"parents_object": True}, (None, False, None)),
        ({"parents_object": False}, (None, True, None)), ({"has_special_group": True}, (None, None, False)),
        ({"has_special_group": False}, (None, None, True)),
    ],
)  # fmt: skip
def test_an_objection_or_a_special_group_fails_and_what_was_not_heard_is_not_known(said, found):
    locks = passed(_hearing(case_of(record=Record(**said))))
    assert (locks["safe_route"], locks["objection"], locks["special_group"]) == found


# ---- receivers
def receivers(*rows):
    columns = ["school_id", "name", "class_size_p90", "class_limit", "class_year", "school_p90", "school_limit",
               "school_year", "classes_over_now"]  # fmt: skip
    return {lock.code: lock for lock in _receivers(pd.DataFrame(list(rows), columns=columns))}


def test_without_a_receiver_none_is_too_full():
    found = receivers()
    assert {code: (lock.passed, lock.measured, lock.limit) for code, lock in found.items()} == dict.fromkeys(
        ("receiver_class", "receiver_school", "receiver_over_now"), (True, 0.0, 0.0)
    )


def test_the_receiver_nearest_to_its_norm_is_told_with_its_year():
    found = receivers(
        ("b", "B", 44.0, 45.0, 2025, 2100.0, 2500.0, 2026, 0), ("c", "C", 48.0, 50.0, 2027, 1999.0, 2000.0, 2028, 0)
    )
    size, school = found["receiver_class"], found["receiver_school"]
    assert (size.passed, size.measured, size.limit, size.words) == (True, 44.0, 45.0, {"receiver": "B", "year": 2025})
    assert (school.passed, school.measured, school.limit) == (True, 1999.0, 2000.0)
    assert school.words == {"receiver": "C", "year": 2028}


def test_of_equally_full_receivers_the_smaller_id_is_told():
    full = ("X", 46.0, 45.0, 2025, 2001.0, 2000.0, 2026, 0)
    found = receivers(("d", "D", *full[1:]), ("c", "C", *full[1:]), ("e", "E", *full[1:]))
    assert {found[code].words["receiver"] for code in ("receiver_class", "receiver_school")} == {"C"}
    assert (found["receiver_class"].passed, found["receiver_school"].passed) == (False, False)


def test_a_receiver_at_its_norm_passes_and_one_that_is_not_known_leaves_the_lock_open():
    at = ("b", "B", 45.0, 45.0, 2025, 2000.0, 2000.0, 2026, 0)
    found = receivers(at)
    assert (found["receiver_class"].passed, found["receiver_school"].passed) == (True, True)
    found = receivers(at, ("c", "C", MISSING, 45.0, 2025, 10.0, 2000.0, 2026, 0))
    assert (found["receiver_class"].passed, found["receiver_school"].passed) == (None, True)


@pytest.mark.parametrize(("over", "found"), [((0, 0), (True, 0.0)), ((1, 0), (False, 1.0)), ((1, 2), (False, 3.0))])
def test_no_receiver_may_have_classes_over_the_norm_now(over, found):
    rows = [(name, name, 40.0, 45.0, 2025, 100.0, 2000.0, 2026, count) for name, count in zip("bc", over, strict=True)]
    lock = receivers(*rows)["receiver_over_now"]
    assert (lock.passed, lock.measured) == found


# ---- ready before the date
def ready(*, beds=16, meals=93, boarders=((1, 2), (4, 8)), there=((3, 1), (7, 5)), bus_seats=None, far=0.0):
    """180 pupils move to ``b``; a boarder needs a bed and, as everybody who moves, half a seat at a meal."""
    classes = toy.county().classes
    count = {("a", grade): number for grade, number in boarders} | {("b", grade): number for grade, number in there}
    keys = zip(classes["school_id"], classes["grade"], strict=True)
    schools = toy.schools().assign(
        boarding_beds=pd.array([99, beds], dtype="Int64"), canteen_seats=pd.array([99, meals], dtype="Int64")
    )
    county = toy.county(
        classes=classes.assign(boarders=pd.array([count.get(key, 0) for key in keys], dtype="Int64")), schools=schools
    )
    base, gone = toy_plans.plan("base"), toy_plans.plan("close")
    moved = pd.DataFrame({"year": [2024, 2024, 2025], "pupils": [100.0, 80.0, 90.0]})
    changed = pd.DataFrame([(2024, 1, "p1", "a", far, 5.0, "b", 99.0)], columns=WAYS)
    case = case_of(
        before=replace(base, prepared=replace(base.prepared, county=county)),
        after=replace(gone, roster=base_roster(county, NORMS)),
        record=Record(bus_seats=bus_seats), moved=moved, changed=changed,
    )  # fmt: skip
    return {lock.code: lock for lock in _ready(case, pd.DataFrame({"school_id": ["b"]}))}


@pytest.mark.parametrize(("beds", "is_enough", "free"), [(16, True, 10.0), (15, False, 9.0), (None, None, MISSING)])
def test_beds_of_the_receivers_are_free_for_the_boarders_of_the_school(beds, is_enough, free):
    """Ten board at `a`; six board at `b` already."""
    lock = ready(beds=beds)["beds"]
    assert (lock.passed, lock.limit) == (is_enough, 10.0)
    assert lock.measured == pytest.approx(free, nan_ok=True)


@pytest.mark.parametrize(("meals", "is_enough", "free"), [(93, True, 90.0), (92, False, 89.0), (None, None, MISSING)])
def test_seats_at_meals_are_free_for_half_of_those_who_move(meals, is_enough, free):
    lock = ready(meals=meals)["meals"]
    assert (lock.passed, lock.limit) == (is_enough, 90.0)
    assert lock.measured == pytest.approx(free, nan_ok=True)


def test_boarders_that_a_class_did_not_report_are_not_counted():
    found = ready(boarders=((1, None), (4, 8)), there=((3, None), (7, 5)))
    assert (found["beds"].measured, found["beds"].limit) == (11.0, 8.0)
    assert (found["young_boarding"].measured, found["young_boarding"].limit) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("boarders", "there", "young"),
    [([(4, 8)], [(7, 5)], 0.0), ([(3, 1)], [], 1.0), ([], [(1, 2)], 2.0), ([(2, 3)], [(3, 1)], 4.0)],
)
def test_nobody_of_grades_1_to_3_boards_here_or_at_a_receiver(boarders, there, young):
    lock = ready(boarders=boarders, there=there)["young_boarding"]
    assert (lock.passed, lock.measured) == (young == 0, young)


@pytest.mark.parametrize(
    ("seats", "far", "is_enough"), [(30, 30.0, True), (29, 30.0, False), (None, 30.0, None), (None, 0.0, True)]
)
def test_buses_have_seats_for_all_who_would_walk_too_far(seats, far, is_enough):
    lock = ready(bus_seats=seats, far=far)["bus"]
    assert (lock.passed, lock.limit) == (is_enough, far)
