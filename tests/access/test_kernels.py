from __future__ import annotations

import network_oracle as oracle
import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from network_oracle import NORMS, roads

from layoutplan.access.kernels import UNREACHED, cost_along, open_kernel, search_many, search_to
from layoutplan.access.network import CLOSED, MODES, build_network, to_networkx


def test_cost_to_a_point_inside_an_edge_by_hand():
    # 0 ---100 m--- 1 ---100 m--- 2, the point 30 m east of node 1
    network = build_network(roads([[(0, 0), (100, 0)], [(100, 0), (200, 0)]]), norms=NORMS)
    tree = search_to(network, "walk", edge=1, offset_mm=30_000)
    assert tree.cost.tolist() == tree.length_mm.tolist() == [130_000, 30_000, 70_000]


def test_vehicles_reach_a_point_on_a_one_way_road_from_its_start_only():
    # Around a block: 0 -> 2 one way along the south, and back along the north through 1.
    lines = [[(0, 0), (100, 0)], [(0, 0), (50, 50), (100, 0)]]
    network = build_network(roads(lines, oneway=[True, False], drive_kmh=36.0), norms=NORMS)
    south = int(np.flatnonzero(network.edge_length_mm == 100_000)[0])
    tree = search_to(network, "drive", edge=south, offset_mm=40_000)
    # From node 0 it is 40 m; from node 1 it is 141.421 m round the north and then 40 m. 36 km/h is 10 mm a ms.
    assert tree.length_mm.tolist() == [40_000, 181_421]
    assert tree.cost.tolist() == [4_000, 14_142 + 4_000]


def test_a_node_that_cannot_reach_the_point_is_unreached():
    network = build_network(roads([[(0, 0), (100, 0)], [(500, 0), (600, 0)]], oneway=[True, False]), norms=NORMS)
    tree = search_to(network, "drive", edge=0, offset_mm=50_000)
    assert (tree.cost == UNREACHED).tolist() == [False, True, True, True]
    assert (tree.length_mm == UNREACHED).tolist() == [False, True, True, True]


def test_of_parallel_roads_the_cheaper_one_is_taken_and_of_equal_ones_the_shorter():
    lines = [[(0, 0), (300, 0)], [(0, 0), (150, 200), (300, 0)], [(300, 0), (400, 0)]]
    # 300 m at 18 km/h takes 60 s, 500 m at 60 km/h 30 s, at 30 km/h 60 s.
    quick = build_network(roads(lines, drive_kmh=[18.0, 60.0, 36.0]), norms=NORMS)
    level = build_network(roads(lines, drive_kmh=[18.0, 30.0, 36.0]), norms=NORMS)
    for network, cost, length in ((quick, 40_000, 600_000), (level, 70_000, 400_000)):
        tree = search_to(network, "drive", edge=2, offset_mm=100_000)
        assert (tree.cost[0], tree.length_mm[0]) == (cost, length)


def test_the_parts_of_an_edge_add_up_to_it():
    network = build_network(roads([[(0, 0), (333.333, 0)]], drive_kmh=7.0), norms=NORMS)
    stops = np.array([0, 1, 77_777, 200_000, 333_333])
    edge = np.zeros(4, dtype=np.int64)
    ahead = cost_along(network, "drive", edge=edge, begin_mm=stops[:-1], end_mm=stops[1:])
    back = cost_along(network, "drive", edge=edge, begin_mm=stops[1:], end_mm=stops[:-1])
    assert ahead.sum() == back.sum() == network.cost["drive"][0][0]


def test_going_nowhere_costs_nothing_even_against_a_one_way_road():
    network = build_network(roads([[(100, 0), (0, 0)]], oneway=True), norms=NORMS)
    here, there = np.array([5]), np.array([6])
    edge = np.array([0])
    assert cost_along(network, "drive", edge=edge, begin_mm=here, end_mm=here).tolist() == [0]
    assert cost_along(network, "drive", edge=edge, begin_mm=here, end_mm=there).tolist() == [UNREACHED]


def test_the_arcs_are_prepared_once():
    network = build_network(roads([[(0, 0), (100, 0)]]), norms=NORMS)
    assert open_kernel(network, "walk") is open_kernel(network, "walk")
    assert open_kernel(network, "walk") is not open_kernel(network, "drive")


def test_many_points_are_searched_as_each_by_itself():
    lines = [[(east, 0), (east + 100, 0)] for east in range(0, 4000, 100)]
    network = build_network(roads(lines, oneway=[row % 3 == 0 for row in range(40)]), norms=NORMS)
    edge, offset = np.arange(40), np.arange(40) * 1000
    for row, tree in enumerate(search_many(network, "drive", edge=edge, offset_mm=offset)):
        alone = search_to(network, "drive", edge=row, offset_mm=row * 1000)
        assert np.array_equal(tree.cost, alone.cost)
        assert np.array_equal(tree.length_mm, alone.length_mm)


@settings(max_examples=80, deadline=None)
@given(oracle.small_roads(), st.data())
def test_random_networks_equal_networkx_and_lengths_are_those_of_a_cheapest_route(table, data):
    network = build_network(table, norms=NORMS)
    for mode in MODES:
        usable = np.flatnonzero(network.usable(mode))
        if not len(usable):
            continue
        edge = data.draw(st.sampled_from(usable.tolist()))
        offset = data.draw(st.integers(0, int(network.edge_length_mm[edge])))
        tree = search_to(network, mode, edge=edge, offset_mm=offset)
        graph = to_networkx(network, mode).reverse()
        # From the point backwards; arcs that carry (cost, length) as one number order routes as tuples do.
        forward, backward = (int(cost[edge]) for cost in network.cost[mode])
        whole = int(network.edge_length_mm[edge])
        if forward != CLOSED or offset == 0:
            graph.add_edge("point", int(network.edge_from[edge]), cost=max(forward, 0) * offset // whole)
        if backward != CLOSED or offset == whole:
            rest = backward - backward * offset // whole if backward != CLOSED else 0
            graph.add_edge("point", int(network.edge_to[edge]), cost=rest)
        reached = nx.single_source_dijkstra_path_length(graph, "point", weight="cost") if "point" in graph else {}
        expected = [reached.get(node, UNREACHED) for node in range(len(tree.cost))]
        assert tree.cost.tolist() == expected
        # Every length belongs to a cheapest route: one tight step, then the length of the next node.
        for node in reached:
            if node == "point":
                continue
            steps = [
                (tree.cost[after] + arc["cost"], tree.length_mm[after] + arc["length_mm"])
                for after, _, arc in graph.in_edges(node, data=True)
                if after != "point" and tree.cost[after] != UNREACHED
            ]
            if graph.has_edge("point", node):
                at_start = node == network.edge_from[edge]
                first = offset if at_start else whole - offset
                steps += [(arc["cost"], first) for arc in graph["point"][node].values()]
            assert (tree.cost[node], tree.length_mm[node]) in steps
