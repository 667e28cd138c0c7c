from __future__ import annotations

import network_oracle as oracle
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from network_oracle import NORMS, points, roads

from layoutplan.access.network import (
    CLOSED,
    MODES,
    Network,
    build_network,
    count_pieces,
    number_pieces,
    snap_points,
    to_networkx,
)
from layoutplan.errors import NetworkError
from layoutplan.labels import LANGS

CROSS = [[(0, 0), (100, 0), (200, 0)], [(100, -100), (100, 0), (100, 100)]]


def same(left: Network, right: Network) -> bool:
    arrays = ["node_east_m", "node_north_m", "edge_from", "edge_to", "edge_length_mm", "edge_road_id"]
    return (
        all(np.array_equal(getattr(left, name), getattr(right, name)) for name in arrays)
        and all(np.array_equal(left.cost[mode], right.cost[mode]) for mode in MODES)
        and all(np.array_equal(left.component[mode], right.component[mode]) for mode in MODES)
        and shapely.equals_exact(left.edge_line, right.edge_line).all()
        and left.report == right.report
    )


def problems(table) -> set[str]:
    with pytest.raises(NetworkError) as caught:
        build_network(table, norms=NORMS)
    for lang in LANGS:
        assert "→" in caught.value.say(lang)
    return {problem.code for problem in caught.value.problems}


def test_roads_are_split_at_the_vertex_they_share():
    network = build_network(roads(CROSS), norms=NORMS)
    assert list(zip(network.node_east_m, network.node_north_m, strict=True)) == [
        (0, 0), (100, -100), (100, 0), (100, 100), (200, 0),
    ]  # fmt: skip
    assert list(zip(network.edge_from, network.edge_to, strict=True)) == [(0, 2), (1, 2), (2, 3), (2, 4)]
    assert network.edge_length_mm.tolist() == [100_000] * 4
    assert network.edge_road_id.tolist() == ["r00", "r01", "r01", "r00"]


def test_a_bridge_without_a_shared_vertex_stays_apart():
    network = build_network(roads([[(0, 0), (200, 0)], [(100, -100), (100, 100)]]), norms=NORMS)
    assert network.report["nodes"] == 4
    assert network.report["pieces_walk"] == 2


def test_vertices_meet_after_rounding_to_a_millimetre():
    network = build_network(
        roads([[(0, 0), (100, 0)], [(100.0004, 0), (200, 0)], [(200.0006, 0), (300, 0)]]), norms=NORMS
    )
    # 100.0004 is 100.000, but 200.0006 is 200.001: a gap to bridge, and the only one.
    assert network.joints.gap_mm.tolist() == [1]
    assert network.report["nodes"] == 4


def test_what_has_no_length_is_dropped_and_counted():
    network = build_network(roads([[(0, 0), (100, 0)], [(50, 0), (50, 0)], [(7, 7), (7.0001, 7)]]), norms=NORMS)
    assert (network.report["zero_length"], network.report["edges"]) == (2, 1)


def test_copies_merge_whichever_way_they_are_drawn_and_the_smallest_id_stays():
    table = roads([[(0, 0), (50, 9), (100, 0)], [(100, 0), (50, 9), (0, 0)]], road_id=["z", "b"])
    network = build_network(table, norms=NORMS)
    # All three vertices are used twice, so both roads fall into the same two edges.
    assert (network.report["duplicates"], network.edge_road_id.tolist()) == (2, ["b", "b"])


def test_two_streets_of_equal_length_round_a_block_both_stay():
    around = [[(0, 0), (50, 30), (100, 0)], [(0, 0), (50, -30), (100, 0)]]
    network = build_network(roads(around), norms=NORMS)
    assert (network.report["duplicates"], network.report["edges"]) == (0, 2)


def test_a_loop_is_halved_so_that_homes_on_it_keep_their_road():
    network = build_network(roads([[(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)]]), norms=NORMS)
    assert network.report["loops_halved"] == 1
    assert network.edge_length_mm.tolist() == [200_000, 200_000]
    assert (network.edge_from < network.edge_to).all()


def test_a_road_there_and_back_becomes_one_edge():
    network = build_network(roads([[(0, 0), (100, 0), (0, 0)]]), norms=NORMS)
    assert (network.report["edges"], network.report["duplicates"]) == (1, 1)


def test_walking_costs_millimetres_and_driving_milliseconds():
    table = roads([[(0, 0), (1000, 0)], [(0, 9), (1000, 9)]], drive_kmh=[36.0, np.nan])
    network = build_network(table, norms=NORMS)
    assert [cost.tolist() for cost in network.cost["walk"]] == [[1_000_000] * 2] * 2
    # 1 km at 36 km/h is 100 s; at the norm of a street, 20 km/h, it is 180 s.
    assert [cost.tolist() for cost in network.cost["drive"]] == [[100_000, 180_000]] * 2


def test_one_way_binds_vehicles_along_the_drawn_line_only():
    table = roads([[(0, 0), (100, 0)], [(100, 9), (0, 9)]], oneway=True, drive_kmh=36.0)
    network = build_network(table, norms=NORMS)
    forward, backward = network.cost["drive"]
    assert (forward.tolist(), backward.tolist()) == ([10_000, CLOSED], [CLOSED, 10_000])
    assert (network.cost["walk"][1] == 100_000).all()


def test_class_decides_who_may_use_a_road_unless_the_road_says_otherwise():
    lines = [[(0, north), (100, north)] for north in (0, 10, 20, 30)]
    kinds = ["motorway", "path", "motorway", "path"]
    table = roads(lines, **{"class": kinds, "walk": [None, None, True, False], "drive": [None, None, False, True]})
    network = build_network(table, norms=NORMS)
    assert network.usable("walk").tolist() == [False, True, True, False]
    assert network.usable("drive").tolist() == [True, False, False, True]


def test_pieces_are_numbered_from_the_largest():
    lines = [[(0, 0), (10, 0)], [(100, 0), (110, 0)], [(110, 0), (120, 0)], [(300, 0), (310, 0)]]
    table = roads(lines, **{"class": ["street", "street", "street", "path"]})
    network = build_network(table, norms=NORMS)
    assert network.component["walk"].tolist() == [1, 1, 0, 0, 0, 2, 2]
    assert (network.report["pieces_walk"], network.report["nodes_apart_walk"]) == (3, 4)
    assert (network.report["pieces_drive"], network.report["nodes_apart_drive"]) == (2, 2)


def test_no_roads_at_all_none_walkable_and_roads_too_wide_are_refused():
    some = roads([[(0, 0), (100, 0)]])
    assert problems(some.iloc[:0]) == {"network_no_roads"}
    assert problems(roads([[(5, 5), (5, 5)]])) == {"network_no_roads"}
    assert problems(some.assign(**{"class": "motorway"})) == {"network_not_walkable"}
    assert problems(roads([[(0, 0), (3_000_000, 0)]])) == {"network_too_wide"}


@settings(max_examples=60, deadline=None)
@given(oracle.small_roads(), st.randoms(use_true_random=False))
def test_the_order_of_rows_never_shows(table, random):
    rows = list(range(len(table)))
    random.shuffle(rows)
    shuffled = table.iloc[rows].reset_index(drop=True)
    assert same(build_network(table, norms=NORMS), build_network(shuffled, norms=NORMS))


@settings(max_examples=60, deadline=None)
@given(oracle.small_roads())
def test_every_edge_joins_its_nodes_and_lengths_add_up(table):
    network = build_network(table, norms=NORMS)
    starts = shapely.get_coordinates(shapely.get_point(network.edge_line, 0))
    ends = shapely.get_coordinates(shapely.get_point(network.edge_line, -1))
    node = np.column_stack((network.node_east_m, network.node_north_m))
    assert np.array_equal(starts, node[network.edge_from])
    assert np.array_equal(ends, node[network.edge_to])
    assert np.abs(shapely.length(network.edge_line) * 1000 - network.edge_length_mm).max() <= 1
    assert (np.diff(network.edge_from) >= 0).all()
    assert shapely.union_all(network.edge_line).length == pytest.approx(shapely.union_all(table.geometry).length)


def test_a_point_goes_to_the_nearest_edge_its_mode_may_use():
    table = roads([[(0, 0), (100, 0)], [(0, 50), (100, 50)]], **{"class": ["path", "street"]})
    network = build_network(table, norms=NORMS)
    place = points(home=(30, 10))
    walk = snap_points(network, place, mode="walk", norms=NORMS)
    drive = snap_points(network, place, mode="drive", norms=NORMS)
    assert (walk.ids, walk.edge[0], walk.offset_mm[0], walk.gap_mm[0]) == (("home",), 0, 30_000, 10_000)
    assert (drive.edge[0], drive.offset_mm[0], drive.gap_mm[0]) == (1, 30_000, 40_000)


def test_of_equally_near_edges_the_smallest_index_is_taken():
    network = build_network(roads([[(0, 0), (100, 0)], [(0, 20), (100, 20)]]), norms=NORMS)
    assert snap_points(network, points(a=(50, 10), b=(100, 10)), mode="walk", norms=NORMS).edge.tolist() == [0, 0]


def test_a_point_too_far_from_any_road_or_without_a_place_is_off():
    network = build_network(roads([[(0, 0), (100, 0)]]), norms=NORMS)
    where = points(near=(0, 4999), far=(0, 5001), nowhere=(0, 0))
    where["nowhere"] = None
    assert snap_points(network, where, mode="walk", norms=NORMS).edge.tolist() == [0, -1, -1]


def test_no_point_is_on_the_network_of_a_mode_without_roads():
    network = build_network(roads([[(0, 0), (100, 0)]], **{"class": "path"}), norms=NORMS)
    assert snap_points(network, points(a=(50, 0)), mode="drive", norms=NORMS).edge.tolist() == [-1]


def test_an_area_stands_for_a_point_inside_it():
    network = build_network(roads([[(0, 0), (100, 0)]]), norms=NORMS)
    area = points(a=(0, 0))
    area["a"] = shapely.box(40, 10, 60, 30)
    snap = snap_points(network, area, mode="walk", norms=NORMS)
    assert (snap.offset_mm[0], snap.gap_mm[0]) == (50_000, 20_000)


def test_the_networkx_view_has_an_arc_for_every_open_direction():
    network = build_network(roads(CROSS, oneway=[True, False], drive_kmh=36.0), norms=NORMS)
    graph = to_networkx(network, "drive")
    assert (graph.number_of_nodes(), graph.number_of_edges()) == (5, 6)
    assert graph.nodes[4] == {"east_m": 200.0, "north_m": 0.0}
    assert graph[0][2][0] == {"cost": 10_000, "length_mm": 100_000, "road_id": "r00"}
    assert not graph.has_edge(2, 0)


def test_pieces_are_numbered_by_size_and_an_edge_joins_that_is_open_one_way():
    # 0-1 and 4-5 are pairs, 2 is alone, 3-6-7 are three; 6-7 is open one way, 0-2 none.
    ends = np.array([0, 4, 3, 6, 0]), np.array([1, 5, 6, 7, 2])
    there, back = np.array([9, 9, 9, CLOSED, CLOSED]), np.array([9, 9, 9, 9, CLOSED])
    piece = number_pieces(8, *ends, (there, back))
    # Of equals the one with the smaller node comes first.
    assert piece.tolist() == [1, 1, 3, 0, 2, 2, 0, 0]
    assert number_pieces(8, *ends, (back, there)).tolist() == piece.tolist()
    assert count_pieces({"walk": piece}) == {"pieces_walk": 3, "nodes_apart_walk": 4}
