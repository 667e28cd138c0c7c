from __future__ import annotations

import geopandas as gpd
import network_oracle as oracle
import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from network_oracle import NORMS, roads

from layoutplan.access.joints import Joining
from layoutplan.access.network import CLOSED, MODES, Network, build_network, snap_points, to_networkx
from layoutplan.access.noding import join_roads
from layoutplan.access.travel import measure_travel
from layoutplan.access.vertices import collect_vertices
from layoutplan.norms import Norm, Norms

LONG = [(0, 0), (200, 0)]


def within(metres: float) -> Norms:
    key = "network.join_tolerance_m"
    return Norms({**NORMS, key: Norm(key, metres, "m", "test", verified=False)})


def joints(network: Network) -> list[tuple]:
    return [tuple(row) for row in network.joints.frame().itertuples(index=False)]


def built(lines: list, *, tolerance_m: float = 1.0, node_crossings: bool = False, **columns: object) -> Network:
    return build_network(roads(lines, **columns), norms=within(tolerance_m), node_crossings=node_crossings)


def pieces(network: Network) -> int:
    return network.report["pieces_walk"]


def test_an_end_short_of_a_road_is_joined_to_its_line_which_is_split_there():
    network = built([LONG, [(80, 0.6), (80, 50)]])
    assert joints(network) == [("junction", "r01", "r00", 80.0, 0.0, 0.6)]
    assert (pieces(network), network.report["joined_junction"]) == (1, 1)
    # The gap is part of the road that reached out: it is walked and counted.
    assert sorted(network.edge_length_mm.tolist()) == [50_000, 80_000, 120_000]


@pytest.mark.parametrize("copies", [[LONG, LONG[::-1]], [LONG[::-1], LONG], [LONG[::-1], LONG[::-1]]])
def test_both_copies_of_a_road_are_split_and_still_known_for_copies(copies):
    network = built([*copies, [(80, 0.6), (80, 50)]])
    assert sorted(network.edge_length_mm.tolist()) == [50_000, 80_000, 120_000]
    assert network.report["duplicates"] == 2


def test_copies_of_two_roads_drawn_either_way_are_split_alike():
    other = [(500, 700), (300, 700)]
    lines = [LONG[::-1], LONG, other, other[::-1], [(80, 0.6), (80, 50)], [(400, 699.4), (400, 650)]]
    network = built(lines)
    assert sorted(network.edge_length_mm.tolist()) == [50_000, 50_000, 80_000, 100_000, 100_000, 120_000]
    assert network.report["duplicates"] == 4


def test_an_end_beyond_a_road_is_joined_where_it_crosses():
    network = built([LONG, [(80, -0.6), (80, 50)]])
    assert joints(network) == [("junction", "r01", "r00", 80.0, 0.0, 0.0)]
    assert sorted(network.edge_length_mm.tolist()) == [600, 50_000, 80_000, 120_000]


def test_an_end_on_a_line_without_a_vertex_there_splits_it():
    network = built([LONG, [(80, 0), (80, 50)]])
    assert joints(network) == [("junction", "r01", "r00", 80.0, 0.0, 0.0)]
    assert sorted(network.edge_length_mm.tolist()) == [50_000, 80_000, 120_000]


def test_a_gap_between_two_ends_is_bridged_once():
    network = built([LONG, [(200.8, 0), (300, 0)]])
    assert joints(network) == [("gap", "r00", "r01", 200.8, 0.0, 0.8)]
    assert sorted(network.edge_length_mm.tolist()) == [99_200, 200_800]


def test_an_end_of_another_road_is_preferred_to_a_nearer_spot_of_its_line():
    network = built([LONG, [(199.5, 0.4), (199.5, 50)]])
    assert [joint[0] for joint in joints(network)] == ["gap"]
    assert network.report["nodes"] == 3


@pytest.mark.parametrize(("gap_m", "joined"), [(0.999, 1), (1.0, 1), (1.001, 0)])
def test_the_tolerance_is_a_limit(gap_m, joined):
    network = built([LONG, [(80, gap_m), (80, 50)]])
    assert network.report["joined_junction"] == joined
    assert pieces(network) == 2 - joined


def test_the_tolerance_is_a_norm_and_zero_joins_nothing():
    lines = [LONG, [(80, 0.6), (80, 50)], [(200.8, 0), (300, 0)], [(120, 0), (120, 50)]]
    assert len(joints(built(lines, tolerance_m=0.7))) == 2
    assert joints(built(lines, tolerance_m=0)) == []
    assert pieces(built(lines, tolerance_m=0)) == 4


def test_a_stub_shorter_than_the_tolerance_is_not_joined_to_its_own_road_again():
    assert joints(built([LONG, [(0, 0), (0.3, 0.5)]])) == []


def test_a_shared_end_reaches_another_piece_but_not_its_own():
    # Two roads end at (80, 0.5); neither end is loose, but the piece is not that of the long road.
    apart = built([LONG, [(0, 0), (0, -50)], [(80, 0.5), (80, 50)], [(80, 0.5), (120, 50)]])
    assert joints(apart) == [("junction", "r02", "r00", 80.0, 0.0, 0.5)]
    # The same two roads with a link of their own to the long one.
    linked = built([LONG, [(0, 0), (0, 50), (80, 50)], [(80, 0.5), (80, 50)], [(80, 0.5), (120, 50)]])
    assert joints(linked) == []


def test_crossings_stay_apart_and_are_counted_unless_the_county_says_so():
    cross = [LONG, [(100, -100), (100, 100)]]
    apart, noded = built(cross), built(cross, node_crossings=True)
    assert (pieces(apart), apart.report["crossings_apart"], joints(apart)) == (2, 1, [])
    assert (pieces(noded), noded.report["crossings_apart"]) == (1, 0)
    assert joints(noded) == [("crossing", "r00", "r01", 100.0, 0.0, 0.0)]
    assert noded.edge_length_mm.tolist() == [100_000] * 4


@pytest.mark.parametrize(
    "columns",
    [{"bridge": [None, True]}, {"tunnel": [True, None]}, {"layer": [None, 1]}, {"layer": [-1, 0]}, {"bridge": True}],
)
def test_nothing_crosses_on_a_bridge_in_a_tunnel_or_between_levels(columns):
    network = built([LONG, [(100, -100), (100, 100)]], node_crossings=True, **columns)
    assert (pieces(network), network.report["crossings_apart"], joints(network)) == (2, 0, [])


def test_roads_of_different_levels_meet_end_to_end_only():
    under = built([LONG, [(80, 0.6), (80, 50)]], bridge=[True, None])
    onto = built([LONG, [(200.6, 0), (300, 0)]], bridge=[True, None])
    assert (pieces(under), pieces(onto)) == (2, 1)
    assert joints(onto) == [("gap", "r00", "r01", 200.6, 0.0, 0.6)]


def test_a_bridge_over_a_road_never_joins_it_and_keeps_its_ends():
    lines = [[(0, -50), (0, 50)], [(-100, 0), (-20, 0)], [(-20, 0), (20, 0)], [(20, 0), (100, 0)]]
    network = built(lines, bridge=[None, None, True, None], node_crossings=True)
    assert (pieces(network), network.report["nodes"]) == (2, 6)


def test_a_vertex_on_another_line_and_roads_drawn_over_each_other_are_noded():
    bend = [(0, 50), (80, 0), (160, 50)]
    over = [(100, 0), (150, 0), (300, 0)]
    network = built([LONG, bend, over], node_crossings=True)
    assert pieces(network) == 1
    assert network.report["duplicates"] == 2
    assert built([LONG, bend], tolerance_m=1.0).report["crossings_apart"] == 1


def test_the_new_stretch_takes_the_rules_of_the_road_that_reached_out():
    network = built([LONG, [(80, 0.6), (80, 50)]], oneway=[False, True], drive_kmh=3.6)
    forward, backward = network.cost["drive"]
    assert sorted(forward.tolist()) == [50_000, 80_000, 120_000]
    assert sorted(backward.tolist()) == [CLOSED, 80_000, 120_000]


def test_without_tolerance_and_option_the_very_same_vertices_come_back():
    table = roads([LONG, [(80, 0.6), (80, 50)]])
    vertices, _ = collect_vertices(table)
    none = np.zeros(2, dtype=np.int64)
    same, marks, _ = join_roads(vertices, Joining(0, node_crossings=False, level=none, spans=none > 0, rank=none))
    assert same is vertices
    assert len(marks.key) == 0


_SPOT = st.tuples(st.integers(0, 400), st.integers(0, 400)).map(lambda p: (p[0] / 4, p[1] / 4))


@st.composite
def messy_roads(draw: st.DrawFn) -> gpd.GeoDataFrame:
    """Draw roads on a quarter-metre grid: ends fall short, run over, lie on lines; islands, one-ways, bridges."""
    line = st.lists(_SPOT, min_size=2, max_size=4)
    lines = draw(st.lists(line, min_size=2, max_size=10).filter(lambda all_: any(len(set(one)) > 1 for one in all_)))
    for row in range(draw(st.integers(0, 4))):
        (east, north), to = lines[row % len(lines)][-1], draw(_SPOT)
        lines.append([(east + draw(st.sampled_from([0.0, 0.25, -0.5, 0.75])), north), to])
    count = len(lines)
    column = lambda values: draw(st.lists(st.sampled_from(values), min_size=count, max_size=count))  # noqa: E731
    return roads(
        lines,
        **{
            "class": column(["street", "village", "path"]),
            "drive_kmh": column([np.nan, 7.0]),
            "oneway": column([False, False, True]),
            "bridge": column([None, None, None, True]),
            "walk": True,
        },
    )


def shown(network: Network) -> list:
    arrays = ["node_east_m", "node_north_m", "edge_from", "edge_to", "edge_length_mm", "edge_road_id"]
    return [
        *(getattr(network, name).tolist() for name in arrays),
        *(cost.tolist() for mode in MODES for cost in network.cost[mode]),
        [shapely.get_coordinates(line).tolist() for line in network.edge_line],
        joints(network), dict(network.report),
    ]  # fmt: skip


@given(messy_roads(), st.booleans(), st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_neither_the_order_of_rows_nor_the_way_a_line_is_drawn_shows(table, node_crossings, random):
    rows = list(range(len(table)))
    random.shuffle(rows)
    shuffled = table.iloc[rows].reset_index(drop=True)
    network = build_network(table, norms=NORMS, node_crossings=node_crossings)
    assert shown(network) == shown(build_network(shuffled, norms=NORMS, node_crossings=node_crossings))
    two_way = table.assign(oneway=False)
    turned = two_way.set_geometry(two_way.geometry.reverse())
    one, other = (build_network(t, norms=NORMS, node_crossings=node_crossings) for t in (two_way, turned))
    assert joints(one) == joints(other)
    assert one.edge_length_mm.sum() == pytest.approx(other.edge_length_mm.sum(), abs=len(one.edge_from))


@given(messy_roads())
def test_the_length_of_a_noded_network_is_that_of_the_union_of_its_lines(table):
    table = table.assign(bridge=None, drive_kmh=np.nan, oneway=False, **{"class": "street"})
    network = build_network(table, norms=within(0), node_crossings=True)
    union = shapely.unary_union(table.geometry.to_numpy())
    # Every new vertex was rounded to a millimetre.
    slack = 0.004 * (1 + len(network.edge_from))
    assert network.edge_length_mm.sum() / 1000 == pytest.approx(union.length, abs=slack)
    assert network.report["crossings_apart"] == 0


@given(messy_roads())
def test_joining_only_adds_ways(table):
    """What was connected stays so, at no greater length but for the rounding; pieces never grow in number."""
    # A copy of a road that is a bridge is not split where a road runs over the other copy.
    table = table.assign(bridge=None)
    before, after = (build_network(table, norms=within(metres)) for metres in (0, 1))
    assert after.report["pieces_walk"] <= before.report["pieces_walk"]
    bridged = after.joints.gap_mm.sum() / 1000
    assert after.edge_length_mm.sum() / 1000 <= before.edge_length_mm.sum() / 1000 + bridged + 0.1
    spot = dict(zip(zip(after.node_east_m, after.node_north_m, strict=True), range(10**6), strict=False))
    graphs = [nx.Graph(to_networkx(network, "walk")) for network in (before, after)]
    for piece in nx.connected_components(graphs[0]):
        nodes = {spot.get((before.node_east_m[node], before.node_north_m[node])) for node in piece} - {None}
        assert not nodes or nodes <= nx.node_connected_component(graphs[1], min(nodes))


@given(messy_roads(), st.booleans())
@settings(max_examples=20)
def test_travel_on_joined_roads_agrees_with_networkx(table, node_crossings):
    network = build_network(table, norms=NORMS, node_crossings=node_crossings)
    homes = gpd.GeoSeries(
        shapely.points([(5, 5), (50, 50), (95, 20), (50, 51)]), index=["a", "b", "c", "d"], crs=oracle.CRS
    )
    for mode in MODES:
        snaps = snap_points(network, homes, mode=mode, norms=NORMS)
        travel = measure_travel(network, snaps, snaps, mode=mode, norms=NORMS)
        expected = oracle.costs_by_networkx(network, snaps, mode, origins=[0, 1, 2, 3])
        found = {
            (place, int(travel.school[pair])): int(travel.cost[pair])
            for place in range(4)
            for pair in range(travel.start[place], travel.start[place + 1])
        }
        assert found == expected
