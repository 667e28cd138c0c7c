"""Catchments that hang together: against trying everything, and by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markets import MINUTE, market

from layoutplan.access.kernels import UNREACHED
from layoutplan.seats import whole
from layoutplan.seats.ground import Ground, find_gate, find_strays, touching
from layoutplan.seats.transport import TransportModel
from layoutplan.seats.whole import place_whole


def ground_of(units, pairs, homes, *, is_open=None, held=None):
    """Return the ground of units that touch in pairs, schools standing on the ground of ``homes``."""
    one, other = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    start, touch = touching(units, one, other)
    rooted = np.zeros((units, len(homes)), dtype=bool)
    for school, home in enumerate(homes):
        rooted[home, school] = True
        rooted[touch[start[home] : start[home + 1]], school] = True
    return Ground(
        start, touch, rooted, np.zeros(units, dtype=bool) if is_open is None else np.array(is_open),
        np.full(units, -1) if held is None else np.array(held),
    )  # fmt: skip


def hangs_together(ground, choice, schools):
    """Return whether every catchment hangs on its school, by plain search."""
    for school in range(schools):
        mine = {u for u, s in enumerate(choice) if s == school}
        through = mine | set(np.flatnonzero(ground.is_open))
        seen = {u for u in through if ground.rooted[u, school]}
        todo = list(seen)
        while todo:
            new = [v for v in ground.of(todo.pop()).tolist() if v in through and v not in seen]
            seen |= set(new)
            todo += new
        if not {u for u in mine if not ground.is_open[u]} <= seen:
            return False
    return True


@st.composite
def districts(draw):
    units, schools = draw(st.integers(3, 6)), draw(st.integers(2, 3))
    pairs = [(u, draw(st.integers(0, u - 1))) for u in range(1, units)]
    pairs += [(0, units - 1)] if draw(st.booleans()) and units > 3 else []
    homes = [draw(st.integers(0, units - 1)) for _ in range(schools)]
    ways = st.one_of(*[st.integers(1, 30).map(lambda m: m * MINUTE)] * 4, st.just(int(UNREACHED)))
    cost = np.array([[draw(ways) for _ in range(schools)] for _ in range(units)], dtype=np.int64)
    pupils = np.array([draw(st.integers(0, 9)) for _ in range(units)], dtype=float)
    seats = np.array([draw(st.integers(8, 30)) for _ in range(schools)], dtype=float)
    # Whom no school can take whole, or at all, is passed as ground where nobody lives.
    largest = np.where(cost != UNREACHED, seats, 0.0).max(axis=1)
    return cost, pupils, seats, ground_of(units, pairs, homes, is_open=(pupils == 0) | (pupils > largest))


def by_trying(cost, pupils, seats, ground, alone_ms):
    """Return the least cost [ms] of all whole placements whose catchments hang together."""
    units, schools = cost.shape
    best = np.inf
    for choice in itertools.product(range(schools + 1), repeat=units):
        to = np.array(choice)
        placed = (to < schools) & (pupils > 0)
        if (cost[np.flatnonzero(placed), to[placed]] == UNREACHED).any():
            continue
        if (np.bincount(to[placed], weights=pupils[placed], minlength=schools) > seats).any():
            continue
        if not hangs_together(ground, np.where(pupils > 0, to, schools).tolist(), schools):
            continue
        way = cost[np.flatnonzero(placed), to[placed]] @ pupils[placed]
        best = min(best, way + alone_ms * pupils[~placed].sum())
    return best


def choice_of(placed, units, schools):
    to = np.full(units, schools)
    to[placed.unit] = placed.school
    return to.tolist()


@given(districts())
@settings(deadline=None, max_examples=60)
def test_the_least_total_of_catchments_that_hang_together_is_found(case):
    cost, pupils, seats, ground = case
    plain = market(cost, pupils, seats)
    best = TransportModel(plain).solve()
    placed = place_whole(plain, best, ground=ground)
    assert hangs_together(ground, choice_of(placed, *cost.shape), cost.shape[1])
    worth = placed.pupil_minutes * MINUTE + placed.alone_ms * placed.unplaced.sum()
    assert worth == pytest.approx(by_trying(cost, pupils, seats, ground, best.alone_ms), abs=1.0)


@given(districts())
@settings(deadline=None, max_examples=60)
def test_exchanges_tear_no_catchment_fill_no_school_and_stay_above_the_bound(case):
    cost, pupils, seats, ground = case
    plain = market(cost, pupils, seats)
    best = TransportModel(plain).solve()
    split = np.zeros(len(pupils), dtype=bool)
    placed = whole._exchanged(plain, best, split, ground)
    assert hangs_together(ground, choice_of(placed, *cost.shape), cost.shape[1])
    used = np.bincount(placed.school, weights=placed.pupils, minlength=len(seats))
    assert (used <= seats + 1e-6).all()
    together = np.bincount(placed.unit, weights=placed.pupils, minlength=len(pupils)) + placed.unplaced
    assert together == pytest.approx(pupils)
    worth = placed.pupil_minutes * MINUTE + placed.alone_ms * placed.unplaced.sum()
    assert worth >= by_trying(cost, pupils, seats, ground, best.alone_ms) - 1.0


# A road of five villages, s0 at its west end and s1 at its east end.
ROAD = [(0, 1), (1, 2), (2, 3), (3, 4)]


def test_an_exclave_is_cut_off_by_hand():
    # Alone, the third village goes west and those before and behind it east: seats of s0 suffice for two of them.
    cost = np.array([[1, 9], [9, 2], [1, 9], [9, 2], [9, 1]]) * MINUTE
    pupils, seats = np.full(5, 10.0), np.array([20.0, 40.0])
    plain = market(cost, pupils, seats)
    best = TransportModel(plain).solve()
    free = place_whole(plain, best)
    assert choice_of(free, 5, 2) == [0, 1, 0, 1, 1]
    ground = ground_of(5, ROAD, [0, 4])
    (stray,) = find_strays(ground, np.array([True, False, True, False, False]), 0)
    assert stray == [2]
    assert find_gate(ground, stray, np.ones(5, dtype=bool), 0) == [1]
    # Either the second goes west with it (9 + 1 beyond 20 seats: impossible with the first), or it goes east itself.
    held = place_whole(plain, best, ground=ground)
    assert choice_of(held, 5, 2) == [0, 1, 1, 1, 1]
    assert held.pupil_minutes == pytest.approx(10 * (1 + 2 + 9 + 2 + 1))
    assert held.least_minutes == pytest.approx(held.pupil_minutes)


def test_who_is_cut_off_from_every_school_with_room_has_no_seat():
    # s0 in the west is full with the first two; the last three may not pass s1, which has room for one of them.
    cost = np.array([[1, 50], [1, 50], [5, 1], [5, 1], [5, 1]]) * MINUTE
    plain = market(cost, np.full(5, 10.0), np.array([20.0, 10.0]))
    placed = place_whole(plain, TransportModel(plain).solve(), ground=ground_of(5, ROAD, [0, 4]))
    assert placed.unplaced.sum() == pytest.approx(20.0)


def test_an_empty_village_lets_through_and_a_lock_is_ground_of_its_school():
    cost = np.array([[1, 9], [9, 1], [1, 9], [9, 1], [9, 1]]) * MINUTE
    pupils = np.array([10.0, 0.0, 10.0, 10.0, 10.0])
    plain = market(cost, pupils, np.array([20.0, 40.0]))
    best = TransportModel(plain).solve()
    through = ground_of(5, ROAD, [0, 4], is_open=pupils == 0)
    assert choice_of(place_whole(plain, best, ground=through), 5, 2)[2] == 0
    # The fourth is held by s0: its neighbour may follow though the second lies between.
    held = ground_of(5, ROAD, [0, 4], held=[-1, -1, -1, 0, -1])
    full = market(cost, np.array([10.0, 10.0, 10.0, 0.0, 10.0]), np.array([20.0, 40.0]))
    assert choice_of(place_whole(full, TransportModel(full).solve(), ground=held), 5, 2)[2] == 0
