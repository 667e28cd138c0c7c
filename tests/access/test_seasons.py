from __future__ import annotations

import os
from unittest import mock

import network_oracle as oracle
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from network_oracle import NORMS, points, roads, write_dem

from layoutplan.access.engine import open_hierarchy
from layoutplan.access.hills import add_hills
from layoutplan.access.kernels import UNREACHED
from layoutplan.access.nearest import find_nearest, open_field
from layoutplan.access.network import CLOSED, MODES, build_network, snap_points
from layoutplan.access.pairs import measure_pairs
from layoutplan.access.seasons import SEASONS, set_season
from layoutplan.access.travel import costs_to_point, measure_travel

# 1 km each: national and paved, county and gravel, a track, a village road shut in winter.
TABLE = roads(
    [[(0, 0), (1000, 0)], [(0, 0), (0, 1000)], [(0, 0), (-600, 800)], [(0, 0), (600, 800)]],
    **{
        "class": ["national", "county", "track", "village"],
        "surface": ["paved", "gravel", None, "paved"],
        "winter_open": [True, None, True, False],
    },
)


def by_road(network, mode):
    forward, backward = network.cost[mode]
    assert forward.tolist() == backward.tolist()
    return {str(road): int(cost) for road, cost in zip(network.edge_road_id, forward, strict=True)}


def in_season(season, table=TABLE):
    return set_season(build_network(table, norms=NORMS), table, season=season, norms=NORMS)


def test_the_dry_season_is_the_network_itself():
    network = build_network(TABLE, norms=NORMS)
    assert set_season(network, TABLE, season="dry", norms=NORMS) is network


@pytest.mark.parametrize(
    ("season", "walk", "drive"),
    [
        # 40, 30, 10 and 15 km/h.
        ("dry", [1_000_000, 1_000_000, 1_000_000, 1_000_000], [90_000, 120_000, 360_000, 240_000]),
        # On foot 0.9 paved, 0.8 unpaved; the bus 0.9, and 20 km/h at most (180 s) in the mud.
        ("rain", [1_111_111, 1_250_000, 1_250_000, 1_111_111], [100_000, 180_000, 400_000, 266_667]),
        # On foot 0.8 and 0.7; the bus 0.6 and 20 km/h at most anywhere, and not where it is shut.
        ("snow", [1_250_000, 1_428_571, 1_428_571, 1_250_000], [180_000, 200_000, 600_000, CLOSED]),
    ],
)
def test_a_kilometre_of_every_road_by_hand(season, walk, drive):
    network = in_season(season)
    assert list(by_road(network, "walk").values()) == pytest.approx([walk[i] for i in order_of(network)], abs=1)
    assert list(by_road(network, "drive").values()) == pytest.approx([drive[i] for i in order_of(network)], abs=1)


def order_of(network):
    return [int(str(road)[1:]) for road in network.edge_road_id]


def test_a_bus_with_pupils_keeps_to_its_cap_whatever_a_road_allows():
    table = roads([[(0, 0), (1000, 0)], [(0, 0), (0, 1000)]], **{"class": ["national", "motorway"], "drive_kmh": 120.0})
    network = build_network(table, norms=NORMS)
    assert by_road(network, "drive") == {"r00": 60_000, "r01": 45_000}


def test_slope_and_season_on_a_known_ramp_by_hand(tmp_path):
    table = roads([[(0, 0), (1000, 0)]], surface="gravel")
    flat = build_network(table, norms=NORMS)
    hilly = add_hills(flat, write_dem(tmp_path / "dem.tif", 0.1))
    minutes = {}
    for name, network in (("flat", flat), ("ramp", hilly)):
        for season in SEASONS:
            now = set_season(network, table, season=season, norms=NORMS)
            home, school = (snap_points(now, points(p=at), mode="walk", norms=NORMS) for at in ((0, 0), (1000, 20)))
            travel = measure_travel(now, home, school, mode="walk", norms=NORMS)
            minutes[name, season] = float(travel.minutes[0])
            assert travel.length_mm.tolist() == [1_020_000]
    # 60 m a minute on the flat; 1 in 10 uphill takes as long as 1,419.068 m; 20 m are off the road.
    share = {"dry": 1.0, "rain": 0.8, "snow": 0.7}
    for season in SEASONS:
        assert minutes["flat", season] == pytest.approx(1020 / 60 / share[season], abs=1e-4)
        assert minutes["ramp", season] == pytest.approx((1419.068 + 20) / 60 / share[season], abs=1e-3)


def test_where_the_bus_stops_in_winter_a_place_has_no_way_and_says_so():
    table = roads(
        [[(0, 0), (1000, 0)], [(1000, 0), (9000, 0)], [(9000, 0), (9500, 0)]], winter_open=[True, False, True]
    )
    dry, snow = build_network(table, norms=NORMS), in_season("snow", table)
    reasons = {}
    for season, network in (("dry", dry), ("snow", snow)):
        for mode in MODES:
            home, school = (snap_points(network, points(p=at), mode=mode, norms=NORMS) for at in ((9400, 0), (0, 0)))
            reasons[season, mode] = measure_travel(network, home, school, mode=mode, norms=NORMS).unreached
    assert reasons["dry", "drive"] == reasons["dry", "walk"] == reasons["snow", "walk"] == {}
    assert reasons["snow", "drive"] == {"p": "island"}
    assert snow.report["winter_closed_edges"] == 1
    assert (dry.report["pieces_drive"], snow.report["pieces_drive"]) == (1, 2)


def test_hills_seasons_and_modes_share_one_order(tmp_path, monkeypatch):
    pytest.importorskip("numba")
    from layoutplan.access import hierarchy

    ordered, find = [], hierarchy.order_nodes
    monkeypatch.setattr(
        hierarchy, "order_nodes", lambda *given, **named: ordered.append(given[0]) or find(*given, **named)
    )
    hilly = add_hills(build_network(TABLE, norms=NORMS), write_dem(tmp_path / "dem.tif", 0.1))
    weights = {}
    for season in (*SEASONS, "dry"):
        network = set_season(hilly, TABLE, season=season, norms=NORMS)
        snaps = snap_points(network, points(a=(500, 0), b=(0, 500)), mode="walk", norms=NORMS)
        for mode in MODES:
            weights[season, mode] = open_hierarchy(network, mode).up.weight.tolist()
            measure_pairs(network, snaps, snaps, mode=mode)
    assert ordered == [5]
    for mode in MODES:
        assert len({str(weights[season, mode]) for season in SEASONS}) == 3


@pytest.fixture(scope="module")
def dem(tmp_path_factory):
    return write_dem(tmp_path_factory.mktemp("dem") / "dem.tif", 0.17)


@settings(max_examples=40, deadline=None)
@given(
    oracle.small_roads(), oracle.small_points(5), st.sampled_from(SEASONS), st.sampled_from(MODES),
    st.tuples(st.booleans(), st.booleans()),
)  # fmt: skip
def test_any_season_with_hills_or_without_by_networkx_and_by_either_engine(dem, table, where, season, mode, which):
    hills, by_scipy = which
    table = table.assign(
        surface=np.resize(["gravel", "paved", None], len(table)), winter_open=np.resize([True, False], len(table))
    )
    base = build_network(table, norms=NORMS)
    network = set_season(add_hills(base, dem) if hills else base, table, season=season, norms=NORMS)
    snaps = snap_points(network, where, mode=mode, norms=NORMS)
    with mock.patch.dict(os.environ, {"LAYOUTPLAN_ENGINE": "scipy"} if by_scipy else {}):
        cost, length = measure_pairs(network, snaps, snaps, mode=mode)
        column = costs_to_point(network, snaps, snap_points(network, where.iloc[:1], mode=mode, norms=NORMS), mode=mode)
        nearest = find_nearest(open_field(network, snaps, snaps, mode=mode), np.ones(5, dtype=bool))
    found = oracle.costs_by_networkx(network, snaps, mode, origins=list(range(5)))
    for home in range(5):
        for school in range(5):
            ways = [found.get(way, UNREACHED) for way in ((home, school), (school, home))]
            assert cost[home, school] == (max(ways) if mode == "walk" else ways[0])
    assert column[0].tolist() == cost[:, 0].tolist()
    assert column[1].tolist() == length[:, 0].tolist()
    assert nearest[1].tolist() == cost.min(axis=1).tolist()
