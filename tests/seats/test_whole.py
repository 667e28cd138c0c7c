"""No village split: against an independent integer solver, and by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from markets import MINUTE, cases, market
from scipy.optimize import Bounds, LinearConstraint, milp

from layoutplan.access.kernels import UNREACHED
from layoutplan.seats.transport import TransportModel
from layoutplan.seats.whole import place_whole


def solved(case):
    plain = market(*case)
    best = TransportModel(plain).solve()
    return best, place_whole(plain, best)


def by_milp(cost_ms, pupils, seats, alone_ms):
    """Return the least cost [min] of whole units, all ways in the model, by scipy."""
    pairs = np.argwhere((np.asarray(cost_ms) != UNREACHED) & (pupils[:, None] > 0))
    unit, school = pairs.T
    units, ways = len(pupils), len(pairs)
    shape = (units, units + ways)
    one = sp.coo_array((np.ones(units + ways), (np.r_[np.arange(units), unit], np.arange(units + ways))), shape=shape)
    room = sp.coo_array((pupils[unit], (school, units + np.arange(ways))), shape=(len(seats), units + ways))
    constraints = [LinearConstraint(sp.csr_array(one), 1, 1), LinearConstraint(sp.csr_array(room), -np.inf, seats)]
    minutes = np.r_[alone_ms / MINUTE * pupils, np.asarray(cost_ms)[unit, school] / MINUTE * pupils[unit]]
    largest = np.max(np.where(np.asarray(cost_ms) != UNREACHED, seats, 0), axis=1)
    whole = (pupils <= largest)[unit]
    kinds = np.r_[np.zeros(units), whole]
    found = milp(minutes, constraints=constraints, bounds=Bounds(0, 1), integrality=kinds, options={"mip_rel_gap": 0})
    return found.fun


@given(cases())
def test_no_unit_is_split_and_the_total_is_the_least(case):
    cost, pupils, seats = case
    best, whole = solved(case)
    largest = np.max(np.where(cost != UNREACHED, seats, 0), axis=1)
    unit, times = np.unique(whole.unit, return_counts=True)
    assert (times[pupils[unit] <= largest[unit]] == 1).all()
    together = np.bincount(whole.unit, weights=whole.pupils, minlength=len(pupils)) + whole.unplaced
    assert together == pytest.approx(pupils, abs=1e-5)
    worth = whole.pupil_minutes + whole.alone_ms / MINUTE * whole.unplaced.sum()
    if (cost != UNREACHED).any():
        assert worth == pytest.approx(by_milp(cost, pupils, seats, best.alone_ms), rel=1e-5, abs=1e-2)


@given(st.integers(0, 10_000))
def test_the_whole_optimum_equals_trying_everything(seed):
    random = np.random.default_rng(seed)
    cost = random.integers(1, 30, (5, 3)) * MINUTE
    pupils, seats = random.integers(1, 9, 5).astype(float), np.array([12.0, 12.0, 12.0])
    best, whole = solved((cost, pupils, seats))
    tried = []
    for choice in itertools.product(range(3), repeat=5):
        used = np.bincount(choice, weights=pupils, minlength=3)
        if (used <= seats).all():
            tried.append(sum(cost[u, s] / MINUTE * pupils[u] for u, s in enumerate(choice)))
    if tried and whole.unplaced.sum() == 0:
        assert whole.pupil_minutes == pytest.approx(min(tried), abs=1e-3)
    assert bool(tried) >= (whole.unplaced.sum() == 0)


def test_a_village_split_by_the_linear_optimum_is_kept_whole():
    # Linear: 10 + 2 go to s0 and the last 8 to s1. Whole: the second village goes to s1 altogether.
    cost = np.array([[1, 9], [1, 5]]) * MINUTE
    best, whole = solved((cost, np.array([10.0, 10.0]), np.array([12.0, 20.0])))
    assert best.pupils.tolist() == [10.0, 2.0, 8.0]
    assert list(zip(whole.unit, whole.school, whole.pupils, strict=True)) == [(0, 0, 10.0), (1, 1, 10.0)]
