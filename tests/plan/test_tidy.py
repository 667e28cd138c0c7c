"""Decisions that a layout does not need, on two sites and two villages by hand.

Site ``a`` stands as form 0 (40 seats), may grow to form 1 (60 seats) or be given up; site ``n`` may be built (form 2).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from layoutplan.plan.optimise.task import CLOSE, START, Layout, Row, Task
from layoutplan.plan.optimise.tidy import keeps_rows, tidied

STAY, BIGGER, NEW = range(3)


def task(**changes):
    base = Task(
        years=(2025, 2026), weight=np.array([0.5, 0.5]), block_stage=np.array([0, 1]), unit_block=np.array([0, 1]),
        pupils=np.array([[30.0, 10.0], [35.0, 5.0]]), cost=np.array([[1.0, 2.0], [1.0, 2.0]]), site_ids=("a", "n"),
        first_form=np.array([STAY, -1]), form_site=np.array([0, 0, 1]),
        form_seats=np.array([[40.0, 10.0], [60.0, 20.0], [50.0, 20.0]]), form_size=np.array([40.0, 80.0, 70.0]),
        form_least=np.zeros(3), form_blocks=np.ones((3, 2), dtype=bool),
        starts=np.array([[False] * 2, [True] * 2, [True] * 2]), closes=np.array([[True] * 2, [False] * 2]),
        start_cost=np.array([[0.0, 0.0], [100.0, 100.0], [300.0, 300.0]]), stand_cost=np.array([60.0, 60.0, 60.0]),
    )  # fmt: skip
    return replace(base, **changes)


def layout(*flows, start=(), close=()):
    """Return a layout by flows (year, unit, site, pupils), forms begun and sites given up, each with its year."""
    begun, left = np.zeros((3, 2), dtype=bool), np.zeros((2, 2), dtype=bool)
    for form, year in start:
        begun[form, year] = True
    for site, year in close:
        left[site, year] = True
    year, unit, site = (np.array([flow[at] for flow in flows], dtype=np.int64) for at in range(3))
    return Layout(begun, left, 0.0, year, unit, site, np.array([f[3] for f in flows], dtype=float), np.zeros((2, 2, 2)))


ALL_TO_A = ((0, 0, 0, 30.0), (0, 1, 0, 10.0), (1, 0, 0, 35.0), (1, 1, 0, 5.0))


def kept(task_, layout_):
    """Return forms begun and sites given up that are left, as pairs with their year."""
    start, close = tidied(task_, layout_)
    return np.argwhere(start).tolist(), np.argwhere(close).tolist()


def test_a_site_that_nobody_goes_to_is_not_built():
    assert kept(task(), layout(*ALL_TO_A, start=[(NEW, 0)])) == ([], [])
    one = layout(*ALL_TO_A[:3], (1, 1, 1, 5.0), start=[(NEW, 0)])
    assert kept(task(), one) == ([[NEW, 0]], [])
    # So few are what the solver leaves over.
    trace = layout(*ALL_TO_A, (1, 1, 1, 1e-9), start=[(NEW, 0)])
    assert kept(task(), trace) == ([], [])


def test_a_school_does_not_grow_where_its_seats_hold_everybody_in_every_year():
    grown = layout(*ALL_TO_A, start=[(BIGGER, 1)])
    assert kept(task(), grown) == ([], [])
    for year in (0, 1):
        more = list(ALL_TO_A)
        more[2 * year] = (year, 0, 0, 41.0)
        assert kept(task(form_size=np.full(3, 90.0)), layout(*more, start=[(BIGGER, 1)])) == ([[BIGGER, 1]], [])
    # Seats of one stage do not hold those of the other; and the school as a whole has its size.
    junior = [*ALL_TO_A[:3], (1, 1, 0, 11.0)]
    assert kept(task(form_size=np.full(3, 90.0)), layout(*junior, start=[(BIGGER, 0)])) == ([[BIGGER, 0]], [])
    assert kept(task(form_size=np.array([39.0, 80.0, 70.0])), grown) == ([[BIGGER, 1]], [])
    first_year_only = layout(*ALL_TO_A[:3], start=[(BIGGER, 1)])
    assert kept(task(form_size=np.array([39.0, 80.0, 70.0])), first_year_only) == ([[BIGGER, 1]], [])


def test_a_school_that_has_to_teach_more_keeps_its_new_form():
    blocks = np.array([[True, False], [True, True], [True, True]])
    assert kept(task(form_blocks=blocks), layout(*ALL_TO_A, start=[(BIGGER, 0)])) == ([[BIGGER, 0]], [])
    primary = [flow for flow in ALL_TO_A if flow[1] == 0]
    assert kept(task(form_blocks=blocks), layout(*primary, start=[(BIGGER, 0)])) == ([], [])


def test_what_saves_money_stays():
    # Given up in the second year: 30 for half of the time instead of 60.
    assert kept(task(), layout(close=[(0, 1)])) == ([], [[0, 1]])
    free = task(stand_cost=np.zeros(3))
    assert kept(free, layout(close=[(0, 1)])) == ([], [])
    # The bigger form stands for 20 less than the old one; taking it costs 19 or 20.
    for taken, wanted in ((19.0, [[BIGGER, 0]]), (20.0, [])):
        cheaper = task(stand_cost=np.array([60.0, 40.0, 60.0]), start_cost=np.full((3, 2), taken))
        assert kept(cheaper, layout(*ALL_TO_A, start=[(BIGGER, 0)])) == (wanted, [])
    # Years that count double: 40 are saved.
    for taken, wanted in ((39.0, [[BIGGER, 0]]), (41.0, [])):
        double = task(
            stand_cost=np.array([60.0, 40.0, 60.0]), start_cost=np.full((3, 2), taken), weight=np.array([1.0, 1.0])
        )
        assert kept(double, layout(*ALL_TO_A, start=[(BIGGER, 0)])) == (wanted, [])


@pytest.mark.parametrize(("least", "wanted"), [(1.0, [[NEW, 0]]), (0.0, [])])
def test_what_a_condition_asks_for_stays(least, wanted):
    built = Row(
        "sites", "", 0, least, np.inf, np.array([START]), np.array([NEW]), np.array([0]), np.array([1.0]), give=1.0
    )
    asked = task(rows=(built,))
    assert kept(asked, layout(*ALL_TO_A, start=[(NEW, 0)])) == (wanted, [])


def test_conditions_are_kept_at_their_very_limits():
    closed = Row(
        "closed", "", 0, 0.0, 1.0, np.array([CLOSE, CLOSE]), np.array([0, 0]), np.array([0, 1]), np.ones(2), give=1.0
    )
    start, close = np.zeros((3, 2), dtype=bool), np.zeros((2, 2), dtype=bool)
    held = task(rows=(closed,))
    assert keeps_rows(held, start, close)
    close[0, 0] = True
    assert keeps_rows(held, start, close)
    close[0, 1] = True
    assert not keeps_rows(held, start, close)
    assert not keeps_rows(task(rows=(replace(closed, low=3.0, high=9.0),)), start, close)
