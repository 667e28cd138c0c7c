from __future__ import annotations

import os
from unittest import mock

import network_oracle as oracle
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from network_oracle import NORMS, points, roads

from layoutplan.access.engine import open_hierarchy
from layoutplan.access.kernels import UNREACHED, search_many
from layoutplan.access.network import MODES, Snaps, build_network, snap_points

pytest.importorskip("numba")
from layoutplan.access import whatif
from layoutplan.access.whatif import WhatIf

STREET = [[(east, 0), (east + 100, 0)] for east in range(0, 1000, 100)]


def lab_of(network, schools, is_open, mode="walk"):
    return WhatIf(network, open_hierarchy(network, mode), schools, is_open=np.array(is_open), mode=mode)


def state(lab):
    return [part.tolist() for part in lab.nodes()]


def by_scipy(network, schools, is_open, mode):
    """Return school and cost of every node, worked out from a search a school."""
    nodes, on = len(network.node_east_m), np.flatnonzero(schools.edge >= 0)
    cost = np.full((len(schools.ids), nodes), UNREACHED)
    with mock.patch.dict(os.environ, {"LAYOUTPLAN_ENGINE": "scipy"}):
        trees = list(search_many(network, mode, edge=schools.edge[on], offset_mm=schools.offset_mm[on]))
    for row, tree in zip(on.tolist(), trees, strict=True):
        # At 3.6 km/h a millimetre is a millisecond, so a gap costs the same either way.
        cost[row] = np.where((tree.cost == UNREACHED) | ~is_open[row], UNREACHED, tree.cost + schools.gap_mm[row])
    cost = np.vstack([cost, np.full((1, nodes), UNREACHED)])
    least = cost.min(axis=0)
    return [np.where(least == UNREACHED, -1, cost.argmin(axis=0)).tolist(), least.tolist()]


def test_a_street_by_hand():
    network = build_network(roads(STREET), norms=NORMS)
    schools = snap_points(network, points(a=(0, 0), b=(1000, 0), c=(400, 0)), mode="walk", norms=NORMS)
    lab = lab_of(network, schools, [True, True, False])
    before = state(lab)
    # At 500 m both are as near, and a stands first.
    assert before[0] == [0] * 6 + [1] * 5
    lab.open(2)
    # At 200 m and at 700 m two are as near.
    assert state(lab)[0] == [0, 0, 0, 2, 2, 2, 2, 1, 1, 1, 1]
    lab.close(1)
    assert state(lab)[0] == [0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2]
    lab.close(0)
    lab.close(2)
    assert state(lab) == [[-1] * 11, [UNREACHED] * 11]
    lab.undo()
    assert state(lab) == before
    lab.undo()
    assert state(lab) == before


def test_the_school_hidden_on_the_same_spot_comes_forward():
    network = build_network(roads(STREET), norms=NORMS)
    schools = snap_points(network, points(a=(300, 0), b=(300, 0), c=(350, 0)), mode="walk", norms=NORMS)
    lab = lab_of(network, schools, [True, True, False])
    lab.close(0)
    assert state(lab) == by_scipy(network, schools, np.array([False, True, False]), "walk")
    lab.open(2)
    assert state(lab) == by_scipy(network, schools, np.array([False, True, True]), "walk")


def test_a_school_opens_where_it_is_put_and_stands_again_where_it_stood():
    network = build_network(roads(STREET), norms=NORMS)
    schools = snap_points(network, points(a=(0, 0), b=(1000, 0)), mode="walk", norms=NORMS)
    elsewhere = snap_points(network, points(b=(210, 0)), mode="walk", norms=NORMS)
    lab = lab_of(network, schools, [True, False])
    lab.open(1, at=elsewhere)
    assert state(lab)[0] == [0, 0] + [1] * 9
    lab.undo()
    lab.open(1)
    assert state(lab)[0] == [0] * 6 + [1] * 5


def test_what_is_open_is_not_opened_again():
    network = build_network(roads(STREET), norms=NORMS)
    schools = snap_points(network, points(a=(0, 0), b=(1000, 0)), mode="walk", norms=NORMS)
    lab = lab_of(network, schools, [True, False])
    with pytest.raises(ValueError, match="is open"):
        lab.open(0)
    with pytest.raises(ValueError, match="is closed"):
        lab.close(1)


def test_no_more_schools_than_keys_can_name():
    network = build_network(roads(STREET), norms=NORMS)
    none = np.zeros(1 << 16, dtype=np.int64)
    schools = Snaps(tuple(map(str, range(1 << 16))), none, none, none)
    with pytest.raises(ValueError, match="65535"):
        lab_of(network, schools, none == 0)


@pytest.mark.parametrize("sweep_from", [1, 4, 25, 10**9])
def test_random_edits_equal_a_full_search_whether_searched_or_swept(monkeypatch, sweep_from):
    monkeypatch.setattr(whatif, "_SWEEP_FROM", sweep_from)

    @settings(max_examples=60, deadline=None)
    @given(oracle.small_roads(), oracle.small_points(7), st.sampled_from(MODES), st.integers(0, 10**9))
    def check(table, where, mode, seed):
        network = build_network(table, norms=NORMS)
        schools = snap_points(network, where, mode=mode, norms=NORMS)
        random = np.random.default_rng(seed)
        is_open = random.random(7) < 0.5
        lab = lab_of(network, schools, is_open, mode)
        first = state(lab)
        assert first == by_scipy(network, schools, is_open, mode)
        for _ in range(3):
            now = is_open.copy()
            for school in random.integers(0, 7, 4).tolist():
                (lab.close if now[school] else lab.open)(school)
                now[school] = not now[school]
                assert state(lab) == by_scipy(network, schools, now, mode)
            lab.undo()
            assert state(lab) == first

    check()
