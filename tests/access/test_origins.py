from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from network_oracle import CRS, NORMS, roads

from layoutplan.access.network import build_network, snap_points
from layoutplan.access.origins import find_origins

# A square of 1 km, its corner at (500000, 4000000); cells of 100 m.
WEST, NORTH, CELL = 500_000.0, 4_001_000.0, 100.0
SQUARE = shapely.box(WEST, NORTH - 1000, WEST + 1000, NORTH)


def write_people(path, people: dict, *, crs=CRS, size=10):
    """Write a raster with people in some cells, (column, row) from the north-west; the others have no value."""
    values = np.full((size, size), -1.0, dtype=np.float32)
    for (column, row), count in people.items():
        values[row, column] = count
    form = {"driver": "GTiff", "width": size, "height": size, "count": 1, "dtype": "float32", "nodata": -1.0}
    with rasterio.open(path, "w", **form, crs=crs, transform=Affine(CELL, 0, WEST, 0, -CELL, NORTH)) as raster:
        raster.write(values, 1)
    return path


def places(*shapes) -> gpd.GeoDataFrame:
    ids = [f"p{row}" for row in range(len(shapes))]
    return gpd.GeoDataFrame({"place_id": ids}, geometry=list(shapes), crs=CRS)


def test_an_area_travels_from_the_corner_its_people_live_in(tmp_path):
    raster = write_people(tmp_path / "people.tif", {(0, 9): 30.0, (1, 9): 10.0, (5, 5): 0.0})
    found = find_origins(places(SQUARE), raster)
    # Cells in the south-west corner: middles at 50 and 150 m east, 50 m north, weighed 3 to 1.
    assert found.points.iloc[0].coords[0] == (WEST + 75, NORTH - 950)
    assert (found.basis.tolist(), found.people.tolist()) == (["population"], [40.0])
    assert found.spread_m[0] == pytest.approx((30 * 25 + 10 * 75) / 40)
    # The road of the corner is 55 m away; the middle of the square is 450 m from any road.
    north = NORTH - 1000
    table = roads([[(WEST, north - 5), (WEST + 1000, north - 5)], [(WEST, NORTH + 5), (WEST + 1000, NORTH + 5)]])
    snap = snap_points(build_network(table, norms=NORMS), found.points, mode="walk", norms=NORMS)
    assert (snap.gap_mm[0], snap.offset_mm[0]) == (55_000, 75_000)


def test_cells_count_by_their_share_inside(tmp_path):
    raster = write_people(tmp_path / "people.tif", {(0, 0): 10.0, (1, 0): 10.0})
    half = shapely.box(WEST, NORTH - 100, WEST + 150, NORTH)
    found = find_origins(places(half), raster)
    # All of one cell, half of the other: middles at 50 and 125 m.
    assert found.people[0] == pytest.approx(15.0)
    assert found.points.iloc[0].x == pytest.approx(WEST + (10 * 50 + 5 * 125) / 15, abs=0.001)


def test_a_mean_outside_the_area_gives_way_to_the_nearest_inhabited_spot(tmp_path):
    raster = write_people(tmp_path / "people.tif", {(0, 4): 10.0, (9, 4): 12.0})
    horseshoe = SQUARE.difference(shapely.box(WEST + 100, NORTH - 900, WEST + 900, NORTH))
    point = find_origins(places(horseshoe), raster).points.iloc[0]
    assert horseshoe.intersects(point)
    assert point.x == WEST + 950


def test_points_stay_and_areas_without_people_take_a_point_inside(tmp_path):
    raster = write_people(tmp_path / "people.tif", {(0, 0): 10.0})
    far = shapely.box(0, 0, 100, 100)
    empty = shapely.box(WEST + 500, NORTH - 1000, WEST + 600, NORTH - 900)
    table = places(shapely.Point(1, 2), empty, far)
    for population in (raster, None):
        found = find_origins(table, population)
        assert found.basis.tolist() == ["point", "surface", "surface"]
        assert found.points.iloc[0] == shapely.Point(1, 2)
        assert empty.contains(found.points.iloc[1])
        assert np.isnan(found.people).all()
    assert found.frame()["origin_basis"].tolist() == ["point", "surface", "surface"]


def test_a_raster_in_degrees_gives_nearly_the_same_point(tmp_path):
    box = gpd.GeoSeries([shapely.box(105.0, 36.0, 105.01, 36.01)], crs="EPSG:4326")
    area = box.to_crs(CRS).iloc[0]
    values = np.zeros((10, 10), dtype=np.float32)
    values[9, 0] = 100.0
    form = {"driver": "GTiff", "width": 10, "height": 10, "count": 1, "dtype": "float32"}
    path = tmp_path / "degrees.tif"
    with rasterio.open(path, "w", **form, crs="EPSG:4326", transform=Affine(0.001, 0, 105.0, 0, -0.001, 36.01)) as out:
        out.write(values, 1)
    found = find_origins(places(area), path)
    corner = gpd.GeoSeries([shapely.Point(105.0005, 36.0005)], crs="EPSG:4326").to_crs(CRS).iloc[0]
    assert found.people[0] == pytest.approx(100.0, rel=1e-3)
    assert found.points.iloc[0].distance(corner) < 0.5


def test_the_order_of_places_does_not_matter(tmp_path):
    raster = write_people(tmp_path / "people.tif", {(0, 9): 30.0, (3, 3): 7.0})
    table = places(SQUARE, shapely.Point(1, 2), shapely.box(WEST, NORTH - 500, WEST + 500, NORTH))
    one, other = find_origins(table, raster).frame(), find_origins(table.iloc[::-1], raster).frame()
    assert one.equals(other.iloc[::-1].reset_index(drop=True))
