from __future__ import annotations

import os
from unittest import mock

import network_oracle as oracle
import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from network_oracle import NORMS, points, roads, write_dem

from layoutplan.access.bothways import BothWays, open_what_if
from layoutplan.access.hills import add_hills
from layoutplan.access.kernels import UNREACHED
from layoutplan.access.network import MODES, Snaps, build_network, snap_points
from layoutplan.access.seasons import SEASONS, set_season

STREET = [[(east, 0), (east + 100, 0)] for east in range(0, 1000, 100)]


@pytest.fixture(scope="module")
def dem(tmp_path_factory):
    return write_dem(tmp_path_factory.mktemp("dem") / "dem.tif", 0.17)


def state(lab):
    return [part.tolist() for part in lab.nodes()]


def by_networkx(network, schools, is_open, mode):
    """Return school and cost of every node: the dearer of there and back on foot, there by vehicle."""
    graph = oracle.graph_with_points(network, schools, mode)
    nodes = len(network.node_east_m)
    least, nearest = [UNREACHED] * nodes, [-1] * nodes
    for school in np.flatnonzero(is_open & (schools.edge >= 0)).tolist():
        back = nx.single_source_dijkstra_path_length(graph, ("point", school), weight="cost")
        there = nx.single_source_dijkstra_path_length(graph.reverse(), ("point", school), weight="cost")
        gap = oracle.gap_cost(network, int(schools.gap_mm[school]), mode)
        for node in range(nodes):
            if node in there:
                cost = gap + (max(there[node], back[node]) if mode == "walk" else there[node])
                if cost < least[node]:
                    least[node], nearest[node] = cost, school
    return [nearest, least]


def test_a_street_on_a_ramp_by_hand(dem):
    hilly = add_hills(build_network(roads(STREET), norms=NORMS), dem)
    schools = snap_points(hilly, points(a=(0, 0), b=(1000, 0)), mode="walk", norms=NORMS)
    lab = open_what_if(hilly, schools, is_open=np.array([True, False]), mode="walk")
    assert isinstance(lab, BothWays)
    # 17 % up by Tobler's function: e^(3.5 * 0.17) a metre, whether it is the way there or the way home.
    assert lab.nodes()[1] == pytest.approx(np.arange(11) * 100_000 * np.exp(3.5 * 0.17), rel=1e-5)
    lab.open(1)
    assert state(lab)[0] == [0] * 6 + [1] * 5
    lab.close(0)
    assert state(lab)[0] == [1] * 11
    lab.close(1)
    assert state(lab) == [[-1] * 11, [UNREACHED] * 11]
    for undo in range(2):
        lab.undo()
        assert state(lab)[0] == [0] * 11, undo
    with pytest.raises(ValueError, match="is open"):
        lab.open(0)
    with pytest.raises(ValueError, match="is closed"):
        lab.close(1)
    lab.open(1, at=snap_points(hilly, points(b=(200, 0)), mode="walk", norms=NORMS))
    assert state(lab)[0] == [0, 0] + [1] * 9


def test_the_search_that_stops_early_is_taken_on_the_flat():
    pytest.importorskip("numba")
    from layoutplan.access.whatif import WhatIf

    flat = build_network(roads(STREET), norms=NORMS)
    schools = snap_points(flat, points(a=(0, 0)), mode="walk", norms=NORMS)
    assert isinstance(open_what_if(flat, schools, is_open=np.array([True]), mode="walk"), WhatIf)
    with mock.patch.dict(os.environ, {"LAYOUTPLAN_ENGINE": "scipy"}):
        lab = open_what_if(flat, schools, is_open=np.array([True]), mode="walk")
        assert isinstance(lab, BothWays)
        assert lab.nodes()[1].tolist() == [100_000 * step for step in range(11)]


def test_no_more_schools_than_keys_can_name(dem):
    hilly = add_hills(build_network(roads(STREET), norms=NORMS), dem)
    none = np.zeros(1 << 16, dtype=np.int64)
    schools = Snaps(tuple(map(str, range(1 << 16))), none, none, none)
    with pytest.raises(ValueError, match="65535"):
        open_what_if(hilly, schools, is_open=none == 0, mode="walk")


@settings(max_examples=30, deadline=None)
@given(
    oracle.small_roads(), oracle.small_points(6), st.sampled_from(MODES), st.sampled_from(SEASONS),
    st.tuples(st.booleans(), st.integers(0, 10**9)),
)  # fmt: skip
def test_random_edits_over_hills_equal_a_full_recomputation(dem, table, where, mode, season, which):
    by_scipy, seed = which
    network = add_hills(build_network(table, norms=NORMS), dem)
    network = set_season(network, table, season=season, norms=NORMS)
    schools = snap_points(network, where, mode=mode, norms=NORMS)
    random = np.random.default_rng(seed)
    is_open = random.random(6) < 0.5
    with mock.patch.dict(os.environ, {"LAYOUTPLAN_ENGINE": "scipy"} if by_scipy else {}):
        lab = open_what_if(network, schools, is_open=is_open, mode=mode)
        first, now = state(lab), is_open.copy()
        assert first == by_networkx(network, schools, is_open, mode)
        for school in random.integers(0, 6, 4).tolist():
            (lab.close if now[school] else lab.open)(school)
            now[school] = not now[school]
            assert state(lab) == by_networkx(network, schools, now, mode)
            assert state(lab) == state(BothWays(network, schools, is_open=now, mode=mode))
        lab.undo()
        assert state(lab) == first
