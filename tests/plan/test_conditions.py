"""Conditions on decisions: what a form spends, budgets, schools in reach, receivers, and what is settled."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import toy
from hand_tasks import form, task

from layoutplan.access.travel import minutes_of
from layoutplan.norms import load_norms
from layoutplan.plan.optimise.conditions import conditions, room_yuan, spending
from layoutplan.plan.optimise.goal import Budget, Close, Goal, Locks, YearBudget
from layoutplan.plan.optimise.sites import Form, Site
from layoutplan.plan.optimise.task import CLOSE, STAND, START
from layoutplan.plan.planning import prepare

A, N = range(2)
NORMS = load_norms()


@cache
def prepared():
    return prepare(toy.county(), NORMS)


def goal(**changes):
    return Goal(name="g", years=(2024, 2026), last_year=2027).model_copy(update=changes)


def deed(site, kind, grades, *, added=(0, 0), rooms=(6, 3), seats=(270.0, 150.0)):
    return Form(site, kind, "nine_year", grades, rooms, added, seats)


SITES = (
    Site("a", "A", False, 500.0, 0.0, "village", "primary"),
    Site("b", "B", False, 3500.0, 0.0, "town", "nine_year"),
    Site("n", "N", True, 1000.0, 0.0, "village"),
)
FORMS = (
    deed("a", "stand", (1, 6)),
    deed("b", "stand", (1, 9)),
    deed("b", "expand", (1, 9), added=(4, 0), rooms=(10, 3), seats=(450.0, 150.0)),
    deed("n", "open", (1, 6), added=(6, 0), rooms=(6, 0), seats=(270.0, 0.0)),
    deed("n", "open", (7, 9), added=(0, 3), rooms=(0, 3), seats=(0.0, 150.0)),
)


def rows(asked, code, *, reach=((False, False, False),), closes=(), forms=FORMS, blocks=((1, 6), (7, 9))):
    """Return the rows of one code for schools a and b, which stands or grows, and a site n for two kinds of schools."""
    at = {"a": 0, "b": 1, "n": 2}
    teaches = [[one.grades[0] <= low and one.grades[1] >= high for low, high in blocks] for one in forms]
    given = task(
        [[1.0] * len(blocks)] * 2, [[1.0, 1.0, 1.0]] * len(blocks),
        [
            form(at[one.site_id], old=one.deed == "stand", teaches=taught)
            for one, taught in zip(forms, teaches, strict=True)
        ],
        block_stage=(0, 1), closes=closes,
    )  # fmt: skip
    given = replace(given, years=(2024, 2026), site_ids=("a", "b", "n"))
    found = conditions(asked, given, SITES, forms, prepared=prepared(), reach=np.array(reach))
    return [row for row in found if row.code == code]


def terms(row):
    return sorted(
        zip(row.kind.tolist(), row.index.tolist(), row.at.tolist(), row.coefficient.round(9).tolist(), strict=True)
    )


# ---- what a form spends ---------------------------------------------------------------------------------
def test_a_form_spends_rooms_their_price_and_the_posts_of_the_seats_added():
    primary, junior = (NORMS.value(f"staffing.pupils_per_post.{stage}") for stage in ("primary", "junior"))
    # 45 seats a primary room, 50 a junior room; four and three are added.
    grown = deed("b", "expand", (1, 9), added=(4, 3), rooms=(10, 3), seats=(450.0, 150.0))
    spent = spending(grown, goal(budget=Budget(room_yuan=1000.0)), NORMS)
    assert (spent["rooms"], spent["yuan"], spent["new_schools"]) == (7, 7000, 0)
    assert spent["posts"] == pytest.approx(180 / primary + 150 / junior)


def test_a_new_school_of_one_stage_spends_posts_of_that_stage_alone():
    spent = spending(FORMS[3], goal(), NORMS)
    assert spent["new_schools"] == 1
    assert spent["posts"] == pytest.approx(270 / NORMS.value("staffing.pupils_per_post.primary"))
    assert spending(FORMS[0], goal(), NORMS) == {"rooms": 0, "yuan": 0, "posts": 0, "new_schools": 0}


def test_a_school_of_one_room_spends_the_posts_of_that_room():
    one = deed("n", "open", (1, 6), added=(1, 0), rooms=(1, 0), seats=(45.0, 0.0))
    assert spending(one, goal(), NORMS)["posts"] == pytest.approx(45 / NORMS.value("staffing.pupils_per_post.primary"))


@pytest.mark.parametrize(("asked", "price"), [(None, 900_000.0), (0.0, 0.0), (5.0, 5.0)])
def test_a_room_costs_what_the_budget_says_or_the_norms(asked, price):
    assert room_yuan(goal(budget=Budget(room_yuan=asked)), NORMS) == price


# ---- budgets ----------------------------------------------------------------------------------------------
def test_a_budget_of_all_years_counts_every_form_in_every_year_by_what_it_spends():
    (row,) = rows(goal(budget=Budget(rooms=8)), "budget_rooms")
    assert (row.subject, row.year, row.low, row.high) == ("", 0, -np.inf, 8.0)
    assert terms(row) == [(START, which, at, spent) for which, spent in ((2, 4), (3, 6), (4, 3)) for at in (0, 1)]
    assert row.give > 0


def test_a_budget_of_one_year_counts_that_year_only_beside_that_of_all():
    asked = goal(budget=Budget(new_schools=1, years=(YearBudget(year=2026, new_schools=0),)))
    whole, late = rows(asked, "budget_new_schools")
    assert (whole.year, whole.high, late.year, late.high) == (0, 1.0, 2026, 0.0)
    assert terms(whole) == [(START, which, at, 1.0) for which in (3, 4) for at in (0, 1)]
    assert terms(late) == [(START, 3, 1, 1.0), (START, 4, 1, 1.0)]


def test_what_no_budget_names_does_not_bind():
    for name in ("rooms", "yuan", "posts", "new_schools"):
        assert rows(goal(), f"budget_{name}") == []


# ---- what is settled ---------------------------------------------------------------------------------------
def test_a_site_that_must_open_takes_one_of_its_forms_in_some_year():
    (row,) = rows(goal(locks=Locks(open=("n",))), "must_open")
    assert (row.subject, row.year, row.low, row.high) == ("n", 0, 1.0, np.inf)
    assert terms(row) == [(START, which, at, 1.0) for which in (3, 4) for at in (0, 1)]
    assert row.give > 0


def test_a_site_that_must_open_but_has_no_form_cannot_be_met():
    (row,) = rows(goal(locks=Locks(open=("gone",))), "must_open")
    assert (row.subject, row.low, len(row.kind)) == ("gone", 1.0, 0)


# ---- the last school in reach -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("reach", "closes", "subjects"),
    [
        ([[True, False, False]], [A], ["a"]),
        ([[True, True, False]], [A], []),
        ([[True, True, False]], [A, N], ["a"]),
        ([[False, True, False]], [A], []),
        ([[False, False, True]], [A], []),
        ([[True, False, False], [True, False, False]], [A], ["a"]),
        ([[True, False, False], [False, True, False]], [A, N], ["b", "a"]),
    ],
)
def test_villages_whose_schools_may_all_go_keep_one_in_reach(reach, closes, subjects):
    found = rows(goal(), "last_in_reach", reach=reach, closes=closes)
    assert [row.subject for row in found if row.year == 2024] == subjects
    assert [row.subject for row in found if row.year == 2026] == subjects
    assert all((row.low, row.high) == (1.0, np.inf) for row in found)


def test_every_form_in_reach_that_teaches_grade_1_counts_as_the_last_one():
    first, second = rows(goal(), "last_in_reach", reach=[[True, False, True]], closes=[A])
    # a as it stands and the new primary school; the junior school teaches no grade 1.
    assert terms(first) == [(STAND, 0, 0, 1.0), (STAND, 3, 0, 1.0)]
    assert terms(second) == [(STAND, 0, 1, 1.0), (STAND, 3, 1, 1.0)]


@pytest.mark.parametrize(("grades", "bound"), [((7, 9), 2), ((2, 9), 2), ((1, 9), 0)])
def test_a_school_that_may_turn_into_one_without_grade_1_may_go_too(grades, bound):
    turned = (*FORMS[:2], deed("b", "convert", grades), *FORMS[3:])
    assert len(rows(goal(), "last_in_reach", reach=[[False, True, False]], forms=turned)) == bound


# ---- receivers -------------------------------------------------------------------------------------------------
def test_a_closed_school_has_a_receiver_from_the_year_it_goes():
    """From a to n is 500 m, to b 3 km, 50 minutes: n's primary school alone may receive."""
    asked = goal(close=Close(reach_minutes=30.0, build_first=False))
    first, second = rows(asked, "receiver", closes=[A])
    assert (first.subject, first.year, second.year) == ("a", 2024, 2026)
    assert (first.low, first.high) == (0.0, np.inf)
    assert terms(first) == [(CLOSE, 0, 0, -1.0), (STAND, 3, 0, 1.0)]
    assert terms(second) == [(CLOSE, 0, 0, -1.0), (CLOSE, 0, 1, -1.0), (STAND, 3, 1, 1.0)]
    assert rows(asked, "build_first", closes=[A]) == []


def test_where_a_school_that_stays_is_in_reach_no_receiver_is_asked_for():
    asked = goal(close=Close(reach_minutes=60.0))
    assert rows(asked, "receiver", closes=[A]) == []
    # Unless that one may go too, or does not teach all grades of the one that closes.
    assert {row.subject for row in rows(asked, "receiver", closes=[A, N])} == {"a", "b"}
    assert {row.subject for row in rows(asked, "receiver", closes=[N])} == {"b"}


def test_a_receiver_stands_exactly_at_the_limit_of_its_minutes():
    # 3 km from a to b on foot, at the pace of the norms.
    at = float(minutes_of(np.array([3_000_000]), mode="walk", norms=NORMS)[0])
    for reach, terms_of_b in ((at, [1, 2, 3]), (at - 0.01, [3])):
        row = rows(goal(close=Close(reach_minutes=reach)), "receiver", closes=[A, N])[0]
        assert [index for kind, index, _, _ in terms(row) if kind == STAND] == terms_of_b


def test_none_in_reach_is_built_in_the_period_in_which_a_school_closes():
    found = rows(goal(close=Close(reach_minutes=30.0, build_first=True)), "build_first", closes=[A])
    assert [(row.subject, row.year, row.low, row.high) for row in found] == [
        ("a", 2024, -np.inf, 1.0), ("a", 2026, -np.inf, 1.0),
    ]  # fmt: skip
    assert terms(found[0]) == [(START, 3, 0, 1.0), (START, 4, 0, 1.0), (CLOSE, 0, 0, 1.0)]
    assert terms(found[1]) == [(START, 3, 1, 1.0), (START, 4, 1, 1.0), (CLOSE, 0, 1, 1.0)]


def test_where_nothing_may_close_nothing_is_asked_of_receivers():
    assert rows(goal(), "receiver") == rows(goal(), "build_first") == []
