"""The optimum of seats against an independent solver, its prices against what a seat more really saves."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from markets import MINUTE, cases, market
from scipy.optimize import linprog

from layoutplan.access.kernels import UNREACHED
from layoutplan.seats.transport import TransportModel


def by_linprog(cost_ms, pupils, seats):
    """Return unplaced pupils and the least minutes of the others, by scipy, one goal after the other."""
    units, schools = np.shape(cost_ms)
    pairs = np.argwhere(np.asarray(cost_ms) != UNREACHED)
    columns = len(pairs)
    every = sp.coo_array((np.ones(columns), (pairs[:, 0], np.arange(columns))), shape=(units, columns))
    alone = sp.hstack([every, sp.eye_array(units)])
    room = sp.coo_array((np.ones(columns), (pairs[:, 1], np.arange(columns))), shape=(schools, columns))
    room = sp.hstack([room, sp.csr_array((schools, units))])
    stays = np.r_[np.zeros(columns), np.ones(units)]
    first = linprog(stays, A_eq=alone, b_eq=pupils, A_ub=room, b_ub=seats)
    minutes = np.r_[np.asarray(cost_ms)[tuple(pairs.T)] / MINUTE, np.zeros(units)]
    room = sp.vstack([room, sp.csr_array(stays[None])])
    second = linprog(minutes, A_eq=alone, b_eq=pupils, A_ub=room, b_ub=[*seats, first.fun + 1e-9])
    return first.fun, second.fun


@given(cases())
def test_the_optimum_is_that_of_an_independent_solver(case):
    cost, pupils, seats = case
    placed = TransportModel(market(*case)).solve()
    unplaced, minutes = by_linprog(cost, pupils, seats)
    assert placed.unplaced.sum() == pytest.approx(unplaced, abs=1e-5)
    assert placed.pupil_minutes == pytest.approx(minutes, rel=1e-6, abs=1e-3)
    together = np.bincount(placed.unit, weights=placed.pupils, minlength=len(pupils)) + placed.unplaced
    assert together == pytest.approx(pupils, abs=1e-6)
    used = np.bincount(placed.school, weights=placed.pupils, minlength=len(seats))
    assert (used <= seats + 1e-5).all()


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(case, random):
    order = list(range(len(case[1])))
    random.shuffle(order)
    plain, turned = TransportModel(market(*case)).solve(), TransportModel(market(*case, order=order)).solve()

    def named(placed, rows):
        return {(rows[u], s): p for u, s, p in zip(placed.unit.tolist(), placed.school, placed.pupils, strict=True)}

    expected = named(plain, list(range(len(order))))
    found = named(turned, order)
    assert set(found) == set(expected)
    assert all(found[key] == pytest.approx(expected[key], abs=1e-5) for key in found)
    assert turned.unplaced == pytest.approx(plain.unplaced[order], abs=1e-5)
    assert (turned.seat_ms == plain.seat_ms).all()


@given(cases(), st.data())
def test_a_price_is_what_a_seat_more_saves(case, data):
    cost, pupils, seats = case
    school = data.draw(st.integers(0, len(seats) - 1))
    bit = 2.0**-12
    more = seats + np.where(np.arange(len(seats)) == school, bit, 0.0)
    before, after = TransportModel(market(*case)).solve(), TransportModel(market(cost, pupils, more)).solve()

    def worth(placed):
        return placed.pupil_minutes * MINUTE + before.alone_ms * placed.unplaced.sum()

    # Where fewer pupils than this bit could still gain by the seat, its price holds for those alone.
    saved = (worth(before) - worth(after)) / bit
    assert saved <= before.seat_ms[school] * (1 + 1e-6) + 1e-2 * before.alone_ms
    if np.allclose(pupils, np.rint(pupils)):
        assert saved == pytest.approx(before.seat_ms[school], abs=1e-5 * before.alone_ms)


@given(cases(), st.data())
def test_more_seats_never_leave_more_pupils_without_one(case, data):
    cost, pupils, seats = case
    more = seats + np.array([data.draw(st.integers(0, 20)) for _ in seats])
    before, after = TransportModel(market(*case)).solve(), TransportModel(market(cost, pupils, more)).solve()
    assert after.unplaced.sum() <= before.unplaced.sum() + 1e-6


@given(cases(), cases())
def test_an_answer_does_not_depend_on_what_was_solved_before(case, other):
    cost, pupils, seats = case
    model = TransportModel(market(*case))
    model.solve()
    count, rooms = len(pupils), len(seats)
    changed = np.resize(other[1], count), np.resize(other[2], rooms)
    model.set_amounts(*changed)
    warm, cold = model.solve(), TransportModel(market(cost, *changed)).solve()
    assert warm.unplaced == pytest.approx(cold.unplaced, abs=1e-5)
    assert warm.unit.tolist() == cold.unit.tolist()
    assert warm.school.tolist() == cold.school.tolist()
    assert warm.pupils == pytest.approx(cold.pupils, abs=1e-5)
    assert (warm.seat_ms == cold.seat_ms).all()


@given(cases(), st.data())
def test_a_moved_site_is_placed_as_if_it_had_always_stood_there(case, data):
    cost, pupils, seats = case
    ways = st.one_of(st.integers(0, 10**7), st.just(int(UNREACHED)))
    spots = [np.array([data.draw(ways) for _ in pupils], dtype=np.int64) for _ in range(3)]
    model = TransportModel(market(*case), site_id="site", site_seats=25.0)
    for spot in spots:
        model.move_site(spot)
        warm = model.solve()
        cold = TransportModel(market(np.column_stack([cost, spot]), pupils, [*seats, 25.0])).solve()
        assert warm.pupil_minutes == pytest.approx(cold.pupil_minutes, rel=1e-6, abs=1e-3)
        assert warm.unplaced.sum() == pytest.approx(cold.unplaced.sum(), abs=1e-5)


def test_of_equal_optima_the_one_with_the_shorter_longest_way_is_taken():
    # Both units pass the same junction, so who goes where changes no total: 100 + 1500 = 600 + 1000.
    cost = np.array([[200, 1100], [600, 1500]]) * MINUTE
    placed = TransportModel(market(cost, [10, 10], [10, 10])).solve()
    assert placed.school.tolist() == [1, 0]


def test_a_tie_between_schools_goes_to_the_smaller_id():
    placed = TransportModel(market([[5 * MINUTE, 5 * MINUTE]], [10], [20, 20])).solve()
    assert placed.school.tolist() == [0]


def test_the_price_of_the_last_seat_by_hand():
    # Three units of 10 at 1, 2 and 9 minutes from s0 (20 seats) and all 10 minutes from s1.
    cost = np.array([[1, 10], [2, 10], [9, 10]]) * MINUTE
    placed = TransportModel(market(cost, [10, 10, 10], [20, 20])).solve()
    assert list(zip(placed.unit, placed.school, placed.pupils, strict=True)) == [(0, 0, 10), (1, 0, 10), (2, 1, 10)]
    assert (placed.seat_ms / MINUTE).tolist() == [1.0, 0.0]


def test_ways_beyond_the_nearest_few_are_found():
    # Twelve full schools nearby, one with room far away: the thirteenth way of every unit.
    near = np.tile(np.arange(1, 13) * MINUTE, (30, 1))
    cost = np.column_stack([near, np.full(30, 100 * MINUTE)])
    placed = TransportModel(market(cost, np.full(30, 10.0), [20.0] * 12 + [100.0])).solve()
    assert placed.rounds > 0
    assert placed.unplaced.sum() == 0
    assert placed.pupils[placed.school == 12].sum() == pytest.approx(60.0)


def test_a_seat_that_would_place_somebody_is_told_from_one_that_saves_a_way():
    # The one without a seat lives as far away as anybody; a seat more would still place a pupil.
    placed = TransportModel(market([[1 * MINUTE], [30 * MINUTE]], [10, 10], [10])).solve()
    assert placed.unplaced.tolist() == [0.0, 10.0]
    assert placed.seat_places.tolist() == [1]
    assert placed.is_short.tolist() == [True, True]
    roomy = TransportModel(market([[1 * MINUTE, 30 * MINUTE]], [10], [5, 10])).solve()
    assert roomy.seat_places.tolist() == [0, 0]
    assert roomy.is_short.tolist() == [False]
