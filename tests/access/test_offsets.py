"""A layer from a web map is recognised by how it lies to the roads; one that fits or is too small is not blamed."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from toy_county import CRS, toy

from layoutplan.access.network import build_network
from layoutplan.access.offsets import BESIDE_M, RINGS_M, layer_offsets
from layoutplan.county.webmaps import gcj02_to_bd09, wgs84_to_gcj02
from layoutplan.norms import load_norms

SAMPLE = Path(__file__).parents[2] / "data" / "gis"


@pytest.fixture(scope="module")
def network():
    roads = gpd.read_file(SAMPLE / "roads.fgb").to_crs(CRS)
    return build_network(roads, norms=load_norms())


@pytest.fixture(scope="module")
def schools():
    return gpd.read_file(SAMPLE / "schools.gpkg").to_crs(CRS).geometry


def moved(spots, *shifts):
    """Return points as a web map has them: converted degree by degree, not moved all alike."""
    there = spots.to_crs("EPSG:4326")
    lon, lat = there.x.to_numpy(), there.y.to_numpy()
    for shift in shifts:
        lon, lat = shift(lon, lat)
    return gpd.GeoSeries(shapely.points(lon, lat), crs="EPSG:4326").to_crs(spots.crs)


def pushed(spots, east_m, north_m):
    return gpd.GeoSeries(shapely.transform(spots.array, lambda at: at + [east_m, north_m]), crs=spots.crs)


def test_schools_beside_their_roads_are_not_blamed(network, schools):
    offsets = layer_offsets(network, schools)
    assert (offsets.cause, offsets.shift_m) == ("none", (0.0, 0.0))
    assert offsets.count == offsets.rose.sum() == len(schools)
    assert offsets.median_m < RINGS_M[0]


def test_a_layer_in_gcj02_is_recognised_by_a_shift_of_some_360_m_due_east(network, schools):
    offsets = layer_offsets(network, moved(schools, wgs84_to_gcj02))
    assert offsets.cause == "GCJ-02"
    east_m, north_m = offsets.shift_m
    assert 340 < np.hypot(east_m, north_m) < 380
    assert 80 < np.degrees(np.arctan2(east_m, north_m)) < 100
    assert offsets.shifted_median_m < RINGS_M[0] < offsets.median_m
    assert offsets.nearer > 0.8


def test_a_layer_in_bd09_is_told_from_gcj02(network, schools):
    assert layer_offsets(network, moved(schools, wgs84_to_gcj02, gcj02_to_bd09)).cause == "BD-09"


def test_roads_in_gcj02_show_as_the_reverse(network, schools):
    expected = layer_offsets(network, schools).expected_m["GCJ-02"]
    assert layer_offsets(network, pushed(schools, -expected[0], -expected[1])).cause == "roads GCJ-02"


def test_a_shift_that_no_web_map_makes_is_named_as_such(network, schools):
    offsets = layer_offsets(network, pushed(schools, 90, -120))
    assert offsets.cause == "other"
    assert np.hypot(offsets.shift_m[0] - 90, offsets.shift_m[1] + 120) < 36


def test_points_that_scatter_are_far_but_not_shifted(network, schools):
    turns = np.linspace(0, 2 * np.pi, len(schools), endpoint=False)
    scattered = shapely.points(schools.x + 700 * np.sin(7 * turns), schools.y + 700 * np.cos(7 * turns))
    offsets = layer_offsets(network, gpd.GeoSeries(scattered, crs=schools.crs))
    assert offsets.median_m > RINGS_M[0]
    assert offsets.cause == ("far" if offsets.median_m > BESIDE_M else "none")
    assert offsets.shift_m == (0.0, 0.0)


def test_three_schools_are_too_few_to_tell():
    county = toy()
    network = build_network(county.frames["roads"], norms=load_norms())
    for spots in (county.frames["schools"].geometry, moved(county.frames["schools"].geometry, wgs84_to_gcj02)):
        offsets = layer_offsets(network, spots)
        assert (offsets.cause, offsets.shift_m) == ("few", (0.0, 0.0))


def test_nothing_is_said_of_points_beyond_reach_of_any_road():
    county = toy()
    network = build_network(county.frames["roads"], norms=load_norms())
    offsets = layer_offsets(network, pushed(county.frames["schools"].geometry, 0, 9000))
    assert (offsets.cause, offsets.count, offsets.rose.sum()) == ("few", 0, 0)
    assert np.isnan(offsets.median_m)
