"""Every kernel run once on three nodes, so that it is compiled before a user waits for it."""

from __future__ import annotations

import numpy as np
import shapely

from layoutplan.access.engine import open_hierarchy
from layoutplan.access.matrix import grow_trees, measure_all
from layoutplan.access.nearest import find_k_nearest, find_nearest, open_field
from layoutplan.access.network import MODES, Network, Snaps
from layoutplan.access.snapping import find_edges
from layoutplan.access.whatif import WhatIf, label_nodes


def tiny_network() -> Network:
    """Return two streets in a row, the second one way for vehicles."""
    length = np.array([100_000, 200_000])
    lines = shapely.linestrings([[[0.0, 0.0], [100.0, 0.0]], [[100.0, 0.0], [300.0, 0.0]]])
    return Network(
        node_east_m=np.array([0.0, 100.0, 300.0]),
        node_north_m=np.zeros(3),
        edge_from=np.array([0, 1]),
        edge_to=np.array([1, 2]),
        edge_length_mm=length,
        edge_line=lines,
        edge_road_id=np.array([0, 1]),
        cost={"walk": (length, length), "drive": (length // 10, np.array([10_000, -1]))},
        component={mode: np.zeros(3, dtype=np.int64) for mode in MODES},
        crs="",
        report={},
        walk_kmh=3.6,
    )


def run_first() -> tuple[Network, Snaps]:
    """Run what snapping and travel need in both modes; return the network and points it ran on."""
    network = tiny_network()
    find_edges(network, shapely.points([[50.0, 5.0]]), mode="walk", limit_m=100.0)
    points = Snaps(("a", "b"), np.array([0, 1]), np.array([1_000, 2_000]), np.array([0, 5]))
    for mode in MODES:
        hierarchy = open_hierarchy(network, mode)
        if hierarchy is not None:
            measure_all(network, hierarchy, points, points, mode=mode)
    return network, points


def run_all() -> None:
    """Run every kernel in both modes."""
    network, points = run_first()
    for mode in MODES:
        hierarchy = open_hierarchy(network, mode)
        if hierarchy is None:
            continue
        field = open_field(network, points, points, mode=mode)
        find_nearest(field, np.ones(2, dtype=np.bool_))
        find_nearest(field, np.ones((2, 2), dtype=np.bool_))
        find_k_nearest(field, 2)
        label_nodes(network, hierarchy, points, is_open=np.array([True, True]), mode=mode)
        lab = WhatIf(network, hierarchy, points, is_open=np.array([True, False]), mode=mode)
        lab.open(1)
        lab.undo()  # a sweep was the better way, and until it is undone nothing is searched
        lab.close(0)
        lab.undo()
        lab.nodes()
        for _ in grow_trees(network, hierarchy, mode, edge=points.edge, offset_mm=points.offset_mm):
            pass
