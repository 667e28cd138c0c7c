from __future__ import annotations

import os
from unittest import mock

import network_oracle as oracle
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from network_oracle import NORMS, roads

from layoutplan.access.network import MODES, build_network
from layoutplan.access.snapping import find_edges

BENT = [[(0, 0), (300, 0), (300, 300), (0, 300), (0, 10)], [(300, 0), (900, 0)], [(150, -400), (150, -30)]]


def both(network, spots, mode="walk", limit_m=5000.0):
    fast = find_edges(network, spots, mode=mode, limit_m=limit_m)
    with mock.patch.dict(os.environ, {"LAYOUTPLAN_ENGINE": "scipy"}):
        return fast, find_edges(network, spots, mode=mode, limit_m=limit_m)


def same(network, spots, mode="walk", limit_m=5000.0):
    for left, right in zip(*both(network, spots, mode, limit_m), strict=True):
        assert left.dtype == right.dtype
        assert left.tolist() == right.tolist()


def test_a_point_finds_its_edge_by_hand():
    network = build_network(roads(BENT), norms=NORMS)
    spots = shapely.points([(600, 40), (150, 280), (150, -2000)])
    edge, off, along = find_edges(network, spots, mode="walk", limit_m=1000.0)
    assert off.tolist() == [40, 20, 0]
    assert edge[2] == -1
    assert network.edge_line[edge[0]].interpolate(along[0]).coords[0] == (600, 0)
    assert network.edge_line[edge[1]].interpolate(along[1]).coords[0] == (150, 300)


def test_the_limit_itself_still_counts():
    network = build_network(roads(BENT), norms=NORMS)
    for limit in (40.0, 39.999):
        same(network, shapely.points([(600, 40)]), limit_m=limit)
    assert find_edges(network, shapely.points([(600, 40)]), mode="walk", limit_m=40.0)[0][0] >= 0


def test_points_far_outside_and_without_a_place():
    network = build_network(roads(BENT), norms=NORMS)
    spots = np.append(shapely.points([(-4000, 9), (600, 4800), (1e7, 0), (0, 0)]), shapely.Point())
    same(network, spots)
    same(network, spots[:0])


@pytest.mark.parametrize("lines", [[[(0, 0), (500, 0)]], [[(7, 0), (7, 90)], [(7, 90), (7, 4000)]]])
def test_roads_in_one_straight_line(lines):
    network = build_network(roads(lines), norms=NORMS)
    same(network, shapely.points([(0, 3), (7, 50), (800, 800), (250, 0)]))


def test_where_vehicles_may_go_nowhere():
    network = build_network(roads(BENT, **{"class": "path"}), norms=NORMS)
    same(network, shapely.points([(0, 3)]), mode="drive")


@settings(max_examples=150, deadline=None)
@given(oracle.small_roads(), oracle.small_points(12), st.sampled_from(MODES), st.booleans())
def test_the_grid_gives_what_the_tree_gives_to_the_last_bit(table, where, mode, whole):
    network = build_network(table, norms=NORMS)
    spots = where.to_numpy()
    same(network, shapely.set_precision(spots, 25.0) if whole else spots, mode)
