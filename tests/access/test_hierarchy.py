from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from unittest import mock

import network_oracle as oracle
import numpy as np
import porto_alegre
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from network_oracle import NORMS, points, roads

from layoutplan.access import engine
from layoutplan.access.kernels import UNREACHED, search_many
from layoutplan.access.network import MODES, build_network, snap_points
from layoutplan.access.pairs import measure_pairs
from layoutplan.access.travel import measure_travel
from layoutplan.county.layers import read_county

pytest.importorskip("numba")
from layoutplan.access.elimination import NONE
from layoutplan.access.hierarchy import LENGTH_BITS, shape_network, weigh
from layoutplan.access.matrix import BeyondBoundsError, measure_all

BY_SCIPY = {"LAYOUTPLAN_ENGINE": "scipy"}
CHAIN = [[(east, 0), (east + 100, 0)] for east in range(0, 900, 100)]


def both(work):
    """Return the answer of the compiled engine and that of scipy."""
    assert engine.is_compiled()
    fast = work()
    with mock.patch.dict(os.environ, BY_SCIPY):
        return fast, work()


def test_upper_neighbours_of_every_node_are_neighbours():
    random = np.random.default_rng(3)
    lines = [[tuple(a), tuple(b)] for a, b in random.integers(0, 6, (40, 2, 2)) * 100.0 if tuple(a) != tuple(b)]
    shape = shape_network(build_network(roads(lines), norms=NORMS))
    first, head = shape.skeleton.first, shape.skeleton.head
    upper = [set(head[first[node] : first[node + 1]].tolist()) for node in range(len(first) - 1)]
    for node, above in enumerate(upper):
        assert all(node < other for other in above)
        assert shape.parent[node] == (min(above) if above else -1)
        assert all(high in upper[low] for low in above for high in above if low < high)
    assert sorted(shape.rank.tolist()) == list(range(len(upper)))


def test_arcs_that_no_way_needs_are_left_out():
    # A triangle whose long side is longer than the other two together.
    lines = [[(0, 0), (300, 0)], [(300, 0), (300, 400)], [(0, 0), (-900, 0), (-900, 400), (300, 400)]]
    network = build_network(roads(lines), norms=NORMS)
    hierarchy = engine.open_hierarchy(network, "walk")
    assert len(hierarchy.shape.skeleton.head) == 3
    assert sorted(hierarchy.up.weight.tolist()) == [300_000, 400_000]
    assert hierarchy.up is hierarchy.down
    assert hierarchy.inward is hierarchy.outward


def test_other_speeds_keep_the_order():
    network = build_network(roads(CHAIN, drive_kmh=36.0), norms=NORMS)
    shape = engine.open_hierarchy(network, "drive").shape
    assert engine.open_hierarchy(network, "walk").shape is shape
    slow = tuple(cost * 2 for cost in network.cost["drive"])
    snowed = replace(network, cost={**network.cost, "drive": slow})
    engine.reshape(snowed, network)
    assert engine.open_hierarchy(snowed, "drive").shape is shape
    home, school = (snap_points(network, points(a=(east, 0)), mode="drive", norms=NORMS) for east in (0, 850))
    cost = [measure_travel(n, home, school, mode="drive", norms=NORMS).cost[0] for n in (network, snowed)]
    assert cost == [85_000, 170_000]
    other = build_network(roads(CHAIN[:-1]), norms=NORMS)
    with pytest.raises(ValueError, match="same edges"):
        engine.reshape(other, network)


def test_what_the_sweeps_cannot_hold_is_left_to_scipy():
    network = build_network(roads(CHAIN, drive_kmh=36.0), norms=NORMS)
    shape = shape_network(network)
    length = network.edge_length_mm
    for scale, bounded in ((2, True), (2**20, False)):
        cost = length * scale
        assert (weigh(shape, forward=cost, backward=cost, length_mm=None) is not None) == bounded
        assert (weigh(shape, forward=cost, backward=cost, length_mm=length) is not None) == bounded
    # Either arc fits, but not both in a row: the sweep notices, and scipy answers.
    far = build_network(roads([[(0, 0), (400_000, 0)], [(400_000, 0), (800_000, 0)]]), norms=NORMS)
    ends = snap_points(far, points(a=(0, 0), b=(800_000, 0)), mode="walk", norms=NORMS)
    with pytest.raises(BeyondBoundsError):
        measure_all(far, engine.open_hierarchy(far, "walk"), ends, ends, mode="walk")
    assert measure_travel(far, ends, ends, mode="walk", norms=NORMS).cost.max() == 800_000_000


def test_no_way_stays_no_way_however_often_it_is_added():
    assert NONE + NONE < 2**63
    assert (1 << 28 << LENGTH_BITS) <= NONE
    lines = [[(east, 0), (east + 100, 0)] for east in range(0, 6000, 200)]
    network = build_network(roads(lines, oneway=True), norms=NORMS)
    trees = list(search_many(network, "drive", edge=np.arange(30), offset_mm=np.full(30, 50_000)))
    assert [int((tree.cost != UNREACHED).sum()) for tree in trees] == [1] * 30


@settings(max_examples=150, deadline=None)
@given(oracle.small_roads(), oracle.small_points(8), st.sampled_from(MODES))
def test_travel_is_that_of_scipy_to_the_last_bit(table, where, mode):
    network = build_network(table, norms=NORMS)
    snaps = snap_points(network, where, mode=mode, norms=NORMS)
    fast, slow = both(lambda: measure_travel(network, snaps, snaps, mode=mode, norms=NORMS))
    assert (fast.place_ids, fast.school_ids, fast.unreached) == (slow.place_ids, slow.school_ids, slow.unreached)
    for name in ("start", "school", "cost", "length_mm", "minutes"):
        left, right = getattr(fast, name), getattr(slow, name)
        assert left.dtype == right.dtype
        assert left.tolist() == right.tolist()


@settings(max_examples=60, deadline=None)
@given(oracle.small_roads(), st.sampled_from(MODES), st.integers(0, 10**9))
def test_trees_are_those_of_scipy_to_the_last_bit(table, mode, seed):
    network = build_network(table, norms=NORMS)
    random = np.random.default_rng(seed)
    edge = random.integers(0, len(network.edge_from), 5)
    offset = (random.random(5) * network.edge_length_mm[edge]).astype(np.int64)
    work = lambda: list(search_many(network, mode, edge=edge, offset_mm=offset))  # noqa: E731
    for fast, slow in zip(*both(work), strict=True):
        assert fast.cost.tolist() == slow.cost.tolist()
        assert fast.length_mm.tolist() == slow.length_mm.tolist()


def sample_county(folder):
    return read_county(Path(__file__).resolve().parents[2] / "data" / "gis")


def city(folder):
    source = porto_alegre.find_source()
    if source is None:
        pytest.skip("the shared data of Porto Alegre are not there")
    porto_alegre.write_county(folder / "city", source)
    return read_county(folder / "city")


@pytest.mark.parametrize("read", [sample_county, city])
def test_whole_counties_are_measured_as_by_scipy_to_the_last_bit(tmp_path, read):
    county = read(tmp_path)
    network = build_network(county.roads, norms=NORMS)
    places, schools = county.places.set_index("place_id"), county.schools.set_index("school_id").iloc[::8]
    for mode in MODES:
        homes, gates = (snap_points(network, t.geometry, mode=mode, norms=NORMS) for t in (places, schools))
        fast, slow = both(lambda homes=homes, gates=gates, mode=mode: measure_pairs(network, homes, gates, mode=mode))
        for left, right in zip(fast, slow, strict=True):
            assert np.array_equal(left, right)

        assert (fast[0] != UNREACHED).mean() > 0.5
