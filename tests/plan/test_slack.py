"""What would have to give way, on one school and three villages by hand."""

from __future__ import annotations

from dataclasses import replace

import hand_tasks as hand
import numpy as np
import pytest

from layoutplan.plan.optimise.search import Watch
from layoutplan.plan.optimise.slack import SEATS, relaxations
from layoutplan.plan.optimise.task import START, Row, Task


def task(pupils, seats):
    """Return a school that stands and a school that could not be reached, for villages 0 to 2 over some years."""
    years = len(pupils)
    return Task(
        years=tuple(range(2025, 2025 + years)), weight=np.full(years, 1 / years), block_stage=np.array([0]),
        unit_block=np.zeros(3, dtype=np.int64), pupils=np.array(pupils, dtype=float),
        cost=np.array([[1.0, np.inf], [2.0, np.inf], [3.0, np.inf]]), site_ids=("a", "b"),
        first_form=np.array([0, 1]), form_site=np.array([0, 1]), form_seats=np.array([[seats, 0.0], [90.0, 0.0]]),
        form_size=np.full(2, np.inf), form_least=np.zeros(2), form_blocks=np.ones((2, 1), dtype=bool),
        starts=np.zeros((2, years), dtype=bool), closes=np.zeros((2, years), dtype=bool),
        start_cost=np.zeros((2, years)), stand_cost=np.zeros(2),
    )  # fmt: skip


def gaps(*args):
    (only,) = relaxations(task(*args), Watch())
    assert only.is_proven
    assert only.weight == pytest.approx(sum(gap.amount for gap in only.gaps))
    return [(gap.code, gap.subject, gap.year, round(gap.amount, 6)) for gap in only.gaps]


def test_pupils_beyond_all_seats_are_named_with_everybody_who_competes_in_any_year():
    # 50 pupils for 30 seats in the first year, 31 in the second; nobody ever lives in village 2.
    assert gaps([[20.0, 30.0, 0.0], [0.0, 31.0, 0.0]], 30.0) == [
        (SEATS, "0,1", 2025, 20.0), (SEATS, "0,1", 2026, 1.0),
    ]  # fmt: skip
    # Village 0 has pupils in the second year only.
    assert gaps([[0.0, 10.0, 0.0], [25.0, 10.0, 0.0]], 30.0) == [(SEATS, "0,1", 2026, 5.0)]


def test_where_seats_just_suffice_nothing_has_to_give_way():
    assert gaps([[10.0, 15.0, 5.0]], 30.0) == []
    assert gaps([[10.0, 15.0, 5.0]], 29.0) == [(SEATS, "0,1,2", 2025, 1.0)]


# ---- conditions beside seats ------------------------------------------------------------------------------
def budget(high, give, *, code="rooms", low=-np.inf, forms=(1, 2)):
    count = len(forms)
    kind, at = np.full(count, START), np.zeros(count, dtype=np.int64)
    return Row(code, "who", 2025, low, high, kind, np.array(forms), at, np.ones(count), give)


def crowded(*rows):
    """Return 50 pupils for a school of 20 seats; N would add 20 and M 10, one room each."""
    seats = [(20.0, 0.0), (20.0, 0.0), (10.0, 0.0)]
    forms = [hand.form(site, old=not site, seats=held) for site, held in enumerate(seats)]
    return hand.task([[30.0, 20.0]], [[1.0, 1.0, 1.0]] * 2, forms, rows=rows)


def options(*rows):
    return [
        ([(gap.code, gap.subject, gap.year, round(gap.amount, 3)) for gap in one.gaps], round(one.weight, 3))
        for one in relaxations(crowded(*rows), Watch())
    ]


def test_the_smallest_relaxation_comes_first_and_then_those_of_one_kind_alone():
    # A room for 5 pupils without a seat each: N alone leaves 10 pupils, both are two rooms.
    assert options(budget(0.0, 5.0)) == [
        ([("rooms", "who", 2025, 2.0)], 10.0),
        ([(SEATS, "0,1", 2025, 30.0)], 30.0),
    ]  # fmt: skip
    # A room for 12: N pays for 20 seats, M with 10 does not.
    assert options(budget(0.0, 12.0)) == [
        ([("rooms", "who", 2025, 1.0), (SEATS, "0,1", 2025, 10.0)], 22.0),
        ([("rooms", "who", 2025, 2.0)], 24.0),
        ([(SEATS, "0,1", 2025, 30.0)], 30.0),
    ]  # fmt: skip
    # A room for 40: nothing but seats.
    assert options(budget(0.0, 40.0)) == [
        ([(SEATS, "0,1", 2025, 30.0)], 30.0),
        ([("rooms", "who", 2025, 2.0)], 80.0),
    ]  # fmt: skip


def test_a_condition_that_may_not_give_way_leaves_pupils_without_a_seat():
    assert options(budget(1.0, 0.0)) == [([(SEATS, "0,1", 2025, 10.0)], 10.0)]


def test_a_condition_that_asks_for_more_than_there_is_gives_way_downwards():
    asked = budget(np.inf, 7.0, code="must_open", low=3.0)
    # Two forms can be taken, three are asked for.
    assert options(asked) == [([("must_open", "who", 2025, 1.0)], 7.0)]


def test_a_budget_in_small_units_gives_way_by_its_own_amount():
    half = replace(budget(1.0, 1.0), coefficient=np.array([0.75, 0.75]))
    assert options(half)[0] == ([("rooms", "who", 2025, 0.5)], 0.5)


def test_decisions_of_a_relaxation_are_those_that_are_then_feasible():
    first = relaxations(crowded(budget(0.0, 12.0)), Watch())[0]
    assert first.start.tolist() == [[False], [True], [False]]
    assert first.close.shape == (3, 1)
    assert not first.close.any()
    assert first.is_proven


def test_a_search_for_relaxations_says_that_it_begins_and_may_be_stopped():
    heard = []
    found = relaxations(crowded(budget(0.0, 12.0)), Watch(on_progress=heard.append, cancel=lambda: True))
    assert (heard[0].step, heard[0].seconds) == ("feasible", 0.0)
    assert len(found) <= 1


def test_villages_that_reach_other_sites_or_other_grades_are_named_apart():
    forms = [hand.form(0, old=True, seats=(20.0, 8.0)), hand.form(1, old=True, seats=(5.0, 0.0))]
    given = hand.task(
        [[30.0, 7.0, 0.0, 10.0]], [[1.0, np.inf], [np.inf, 1.0], [1.0, np.inf], [1.0, np.inf]], forms,
        unit_block=[0, 0, 0, 2],
    )  # fmt: skip
    (only,) = relaxations(given, Watch())
    assert [(gap.subject, round(gap.amount, 6)) for gap in only.gaps] == [("0", 10.0), ("1", 2.0), ("3", 2.0)]
