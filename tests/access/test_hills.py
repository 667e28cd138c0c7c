from __future__ import annotations

import os
from unittest import mock

import network_oracle as oracle
import numpy as np
import pyproj
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from network_oracle import CRS, NORMS, points, roads, write_dem

from layoutplan.access.hills import add_hills, pace, read_heights
from layoutplan.access.kernels import UNREACHED
from layoutplan.access.nearest import find_nearest, open_field
from layoutplan.access.network import build_network, snap_points
from layoutplan.access.pairs import measure_pairs
from layoutplan.access.travel import costs_to_point, measure_travel


def cost_of(network, home, school):
    snaps = [snap_points(network, points(p=where), mode="walk", norms=NORMS) for where in (home, school)]
    cost, length = measure_pairs(network, *snaps, mode="walk")
    return int(cost[0, 0]), int(length[0, 0])


def test_a_ramp_of_one_in_ten_by_hand(tmp_path):
    flat = build_network(roads([[(0, 0), (1000, 0)], [(0, 0), (0, 800)]]), norms=NORMS)
    hilly = add_hills(flat, write_dem(tmp_path / "dem.tif", 0.1))
    # Up 10 %: e^(-3.5 * 0.15) against e^(-3.5 * 0.05) on the flat, 0.7047; down 10 % is as quick as flat.
    assert hilly.cost["walk"][0].tolist() == [800_000, pytest.approx(1_419_068, abs=5)]
    assert hilly.cost["walk"][1].tolist() == [800_000, pytest.approx(1_000_000, abs=5)]
    assert flat.cost["walk"][0].tolist() == [800_000, 1_000_000]
    assert hilly.report["edges_without_height"] == 0
    # Whether the school is above or below: the dearer way counts, and the length stays.
    for home, school in (((0, 0), (1000, 0)), ((1000, 0), (0, 0))):
        assert cost_of(hilly, home, school) == (pytest.approx(1_419_068, abs=5), 1_000_000)
    snaps = [snap_points(hilly, points(p=where), mode="walk", norms=NORMS) for where in ((0, 0), (1000, 0))]
    travel = measure_travel(hilly, *snaps, mode="walk", norms=NORMS)
    # 3.6 km/h is 60 m a minute.
    assert travel.minutes[0] == pytest.approx(1419.068 / 60, abs=1e-3)
    assert travel.length_mm[0] == 1_000_000


def test_flat_ground_changes_nothing(tmp_path):
    flat = build_network(roads([[(0, 0), (990, 40)], [(990, 40), (1500, 0)]]), norms=NORMS)
    same = add_hills(flat, write_dem(tmp_path / "dem.tif", 0.0))
    for before, after in zip(flat.cost["walk"], same.cost["walk"], strict=True):
        assert before.tolist() == after.tolist()


def test_the_steepest_that_counts_is_one_in_two(tmp_path):
    # A way straight up and a longer one round.
    lines = [[(0, 0), (400, 0)], [(0, 0), (-200, 300), (0, 600), (400, 0)]]
    flat = build_network(roads(lines), norms=NORMS)
    assert cost_of(flat, (0, 0), (400, 0)) == (400_000, 400_000)
    hilly = add_hills(flat, write_dem(tmp_path / "dem.tif", 0.9))
    straight = hilly.cost["walk"][0][flat.edge_length_mm == 400_000][0]
    # One in two is the steepest that counts.
    assert straight == pytest.approx(400_000 * np.exp(1.75), abs=20)
    gentle = add_hills(flat, write_dem(tmp_path / "dem.tif", 0.3))
    assert cost_of(gentle, (0, 0), (400, 0)) == (pytest.approx(400_000 * np.exp(3.5 * 0.3), abs=20), 400_000)


def test_heights_between_cells_outside_and_in_holes(tmp_path):
    dem = write_dem(tmp_path / "dem.tif", 0.1, hole=40)
    found = read_heights(dem, np.array([[0.0, 0.0], [125.0, 7.0], [1025.0, 0.0], [9000.0, 0.0]]), crs=CRS)
    assert found[:2].tolist() == pytest.approx([0.0, 12.5])
    assert np.isnan(found[2:]).all()
    network = build_network(roads([[(900, 0), (1200, 0)], [(0, 0), (100, 0)]]), norms=NORMS)
    assert add_hills(network, dem).report["edges_without_height"] == 1


def test_heights_are_read_where_a_raster_in_degrees_says(tmp_path):
    # Cells of 0.001 degrees; a cell's height is its column and a thousand times its row.
    column, row = np.meshgrid(np.arange(40.0), np.arange(30.0))
    facts = {"driver": "GTiff", "count": 1, "dtype": "float64", "height": 30, "width": 40, "crs": "EPSG:4490"}
    with rasterio.open(
        tmp_path / "dem.tif", "w", transform=rasterio.Affine(0.001, 0, 105.7, 0, -0.001, 36.0), **facts
    ) as raster:
        raster.write(column + 1000 * row, 1)
    turn = pyproj.Transformer.from_crs("EPSG:4490", "EPSG:4544", always_xy=True)
    spots = np.column_stack(turn.transform([105.7125, 105.73], [35.9855, 35.98]))
    found = read_heights(tmp_path / "dem.tif", spots, crs="EPSG:4544")
    # The middle of column 12 in row 14, and a corner between columns 29 and 30, rows 19 and 20.
    assert found.tolist() == pytest.approx([14_012.0, 19_529.5], abs=0.01)


def test_where_heights_are_not_known_the_ground_counts_as_flat(tmp_path):
    network = build_network(roads([[(9000, 0), (9300, 0)], [(9300, 0), (9300, 20)]]), norms=NORMS)
    hilly = add_hills(network, write_dem(tmp_path / "dem.tif", 0.1))
    assert hilly.report["edges_without_height"] == 2
    for way in hilly.cost["walk"]:
        assert sorted(way.tolist()) == [20_000, 300_000]


def test_pace_falls_both_ways_from_a_gentle_descent():
    slopes = np.linspace(-0.5, 0.5, 21)
    speeds = pace(slopes)
    assert slopes[speeds.argmax()] == pytest.approx(-0.05)
    assert (np.diff(speeds[slopes > -0.04]) < 0).all()
    assert (np.diff(speeds[slopes < -0.06]) > 0).all()


@pytest.fixture(scope="module")
def dem(tmp_path_factory):
    return write_dem(tmp_path_factory.mktemp("dem") / "dem.tif", 0.17)


@settings(max_examples=60, deadline=None)
@given(oracle.small_roads(), oracle.small_points(5), st.booleans())
def test_the_dearer_way_by_networkx_and_the_same_by_either_engine(dem, table, where, by_scipy):
    network = add_hills(build_network(table, norms=NORMS), dem)
    snaps = snap_points(network, where, mode="walk", norms=NORMS)
    with mock.patch.dict(os.environ, {"LAYOUTPLAN_ENGINE": "scipy"} if by_scipy else {}):
        cost, length = measure_pairs(network, snaps, snaps, mode="walk")
        column = costs_to_point(
            network, snaps, snap_points(network, where.iloc[:1], mode="walk", norms=NORMS), mode="walk"
        )
        nearest = find_nearest(open_field(network, snaps, snaps, mode="walk"), np.ones(5, dtype=bool))
    found = oracle.costs_by_networkx(network, snaps, "walk", origins=list(range(5)))
    for home in range(5):
        for school in range(5):
            ways = [found.get(way, UNREACHED) for way in ((home, school), (school, home))]
            assert cost[home, school] == max(ways)
    assert column[0].tolist() == cost[:, 0].tolist()
    assert column[1].tolist() == length[:, 0].tolist()
    assert nearest[1].tolist() == cost.min(axis=1).tolist()
