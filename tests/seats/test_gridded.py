"""The population raster: exact parts of cells, and a tiling that loses nobody."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import toy
from shapely import Point, box
from toy_raster import raster

from layoutplan.seats.gridded import ground_of_places, people_of_places, sum_raster


def test_a_cell_counts_by_the_part_that_is_covered(tmp_path):
    path = raster(tmp_path / "p.tif", [[10, 30]], west=0.0, north=100.0, cell=100.0)
    shapes = gpd.GeoSeries([box(0, 0, 150, 100), box(150, 0, 200, 100), box(900, 0, 950, 100)], crs=toy.CRS)
    # The first cell whole and half of the second; the other half; nothing.
    assert sum_raster(path, shapes).tolist() == [25.0, 15.0, 0.0]


def test_a_cell_without_a_value_is_nobody(tmp_path):
    path = raster(tmp_path / "p.tif", [[10, -1]], west=0.0, north=100.0, cell=100.0)
    assert sum_raster(path, gpd.GeoSeries([box(0, 0, 200, 100)], crs=toy.CRS)).tolist() == [10.0]


def test_the_ground_of_places_tiles_their_township():
    county = toy.county()
    ground = ground_of_places(county, ["t1"])
    # p1 at 0 and p2 at 1000 m: they part at 500 m, in a township from -500 to 2000 m, 1000 m wide.
    assert ground.area.to_dict() == pytest.approx({"p1": 1e6, "p2": 1.5e6})
    assert ground.union_all().area == pytest.approx(county.townships.geometry[0].area)


def test_parts_add_up_to_the_whole(tmp_path):
    values = np.arange(80, dtype=float).reshape(4, 20)
    county = toy.county(rasters={"population": raster(tmp_path / "p.tif", values)})
    people = people_of_places(county, ["t1", "t2"])
    assert people.sum() == pytest.approx(values.sum(), rel=1e-6)
    west = county.townships.geometry[county.townships["township_id"] == "t1"]
    assert people[["p1", "p2"]].sum() == pytest.approx(sum_raster(county.rasters["population"], west)[0], rel=1e-6)


def test_places_on_one_spot_do_not_count_twice(tmp_path):
    county = toy.county()
    places = county.places.copy()
    places.loc[places["place_id"] == "p2", "geometry"] = Point(0, 0)
    county = toy.county(places=places, rasters={"population": raster(tmp_path / "p.tif", np.ones((4, 20)))})
    assert people_of_places(county, ["t1"]).to_dict() == {"p1": 40.0, "p2": 0.0}
