from __future__ import annotations

import os
from unittest import mock

import network_oracle as oracle
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from network_oracle import NORMS, points, roads

from layoutplan.access.kernels import UNREACHED
from layoutplan.access.nearest import find_k_nearest, find_nearest, open_field
from layoutplan.access.network import MODES, build_network, snap_points
from layoutplan.access.pairs import measure_pairs

BY_SCIPY = {"LAYOUTPLAN_ENGINE": "scipy"}
STREET = [[(0, 0), (400, 0)], [(400, 0), (1000, 0)]]


def field_of(network, homes, schools, mode="walk"):
    return open_field(network, *(snap_points(network, p, mode=mode, norms=NORMS) for p in (homes, schools)), mode=mode)


def lists(answer):
    return [part.tolist() for part in answer]


def test_the_street_by_hand():
    network = build_network(roads(STREET), norms=NORMS)
    field = field_of(network, points(p=(100, 0), q=(500, 10)), points(a=(0, 0), b=(450, 0), c=(1000, 0)))
    assert lists(find_nearest(field, np.array([True, True, True]))) == [[0, 1], [100_000, 60_000]]
    # One plan a row: all open, b closed, none open.
    plans = np.array([[True, True, True], [True, False, True], [False, False, False]])
    school, cost = find_nearest(field, plans)
    assert school.tolist() == [[0, 1], [0, 0], [-1, -1]]
    assert cost.tolist() == [[100_000, 60_000], [100_000, 510_000], [UNREACHED, UNREACHED]]
    # c is 510 m from q, as is a, which stands first; more are asked for than there are.
    school, cost = find_k_nearest(field, 4)
    assert school.tolist() == [[0, 1, 2, -1], [1, 0, 2, -1]]
    assert cost[1].tolist() == [60_000, 510_000, 510_000, UNREACHED]


def test_schools_on_one_spot_the_first_open_one_counts():
    network = build_network(roads(STREET), norms=NORMS)
    field = field_of(network, points(p=(100, 0)), points(a=(400, 0), b=(400, 0), c=(400, 0)))
    for closed, nearest in ((0, 1), (1, 0)):
        assert find_nearest(field, np.arange(3) != closed)[0].tolist() == [nearest]
    assert find_k_nearest(field, 2)[0].tolist() == [[0, 1]]


def test_who_is_off_the_network_reaches_none():
    network = build_network(roads(STREET), norms=NORMS)
    field = field_of(network, points(p=(100, 99_000), q=(0, 0)), points(a=(0, 99_000), b=(1000, 0)))
    assert lists(find_nearest(field, np.array([True, True]))) == [[-1, 1], [UNREACHED, 1_000_000]]
    assert find_k_nearest(field, 2)[0].tolist() == [[-1, -1], [1, -1]]


@settings(max_examples=120, deadline=None)
@given(oracle.small_roads(), oracle.small_points(9), st.sampled_from(MODES), st.integers(0, 10**9))
def test_plans_and_lists_are_those_of_all_pairs_searched_by_scipy(table, where, mode, seed):
    network = build_network(table, norms=NORMS)
    homes, schools = (snap_points(network, part, mode=mode, norms=NORMS) for part in (where.iloc[:4], where.iloc[3:]))
    plans = np.random.default_rng(seed).random((11, len(schools.ids))) < 0.5
    with mock.patch.dict(os.environ, BY_SCIPY):
        cost = measure_pairs(network, homes, schools, mode=mode)[0]
        slow = open_field(network, homes, schools, mode=mode)
    fast = open_field(network, homes, schools, mode=mode)
    assert slow.ready is None
    assert fast.ready is not None
    for row, is_open in enumerate(plans):
        open_cost = np.where(is_open, cost, UNREACHED)
        least = open_cost.min(axis=1)
        nearest = np.where(least == UNREACHED, -1, open_cost.argmin(axis=1))
        for field in (fast, slow):
            school, found = find_nearest(field, plans)
            assert school[row].tolist() == nearest.tolist()
            assert found[row].tolist() == least.tolist()
            assert lists(find_nearest(field, is_open)) == [nearest.tolist(), least.tolist()]
    order = np.argsort(cost, axis=1, kind="stable")
    ranked = np.take_along_axis(cost, order, axis=1)
    for k in (1, 3):
        for field in (fast, slow):
            school, found = find_k_nearest(field, k)
            assert found.tolist() == ranked[:, :k].tolist()
            assert school.tolist() == np.where(ranked == UNREACHED, -1, order)[:, :k].tolist()
