from __future__ import annotations

import network_oracle as oracle
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from network_oracle import NORMS, points, roads

from layoutplan.access.catchment import Cells, build_cells, draw_catchments
from layoutplan.access.network import build_network, snap_points
from layoutplan.access.travel import measure_travel, nearest_open
from layoutplan.errors import NetworkError
from layoutplan.labels import LANGS

# A road of 4 km along the middle of a county of 4 km by 1 km.
ROAD = [[(0, 500), (1000, 500)], [(1000, 500), (4000, 500)]]
COUNTY = shapely.box(0, 0, 4000, 1000)
NOBODY = points(a=(0, 0)).iloc[:0]


def check_tiling(cells: Cells, outline) -> None:
    shapes = cells.frame.geometry.to_numpy()
    assert shapely.is_valid(shapes).all()
    assert set(shapely.get_type_id(shapes)) <= {3, 6}  # Polygon, MultiPolygon
    assert (shapely.area(shapes) > 0).all()
    assert shapely.area(shapes).sum() == pytest.approx(outline.area, rel=1e-6)
    assert shapely.union_all(shapes).symmetric_difference(outline).area < 1e-6 * outline.area


def test_cells_tile_the_county_and_know_their_point_of_the_road():
    network = build_network(roads(ROAD), norms=NORMS)
    cells = build_cells(network, COUNTY, anchors=NOBODY, spacing_m=500, norms=NORMS)
    check_tiling(cells, COUNTY)
    # One a square of 500 m along 4 km, and one for the end at 4000, which begins a ninth square.
    assert len(cells.frame) == 9
    assert cells.frame["cell_id"].tolist() == list(range(9))
    spots = shapely.line_interpolate_point(network.edge_line[cells.snaps.edge], cells.snaps.offset_mm / 1000)
    assert shapely.covers(cells.frame.geometry.to_numpy(), spots).all()
    assert (cells.snaps.gap_mm == 0).all()


def test_ids_sort_as_the_cells_do():
    network = build_network(roads(ROAD), norms=NORMS)
    cells = build_cells(network, COUNTY, anchors=NOBODY, spacing_m=100, norms=NORMS)
    assert len(cells.snaps.ids) > 10
    assert list(cells.snaps.ids) == sorted(cells.snaps.ids)


def test_every_anchor_lies_in_the_cell_of_its_own_point():
    network = build_network(roads(ROAD), norms=NORMS)
    anchors = points(a=(700, 650), b=(720, 480), c=(720, 900), far=(3900, 10), outside=(9000, 500))
    cells = build_cells(network, COUNTY, anchors=anchors, spacing_m=1000, norms=NORMS)
    check_tiling(cells, COUNTY)
    snaps = snap_points(network, anchors.iloc[:4], mode="walk", norms=NORMS)
    for place, edge, offset in zip(anchors.iloc[:4], snaps.edge, snaps.offset_mm, strict=True):
        (own,) = np.flatnonzero((cells.snaps.edge == edge) & (cells.snaps.offset_mm == offset))
        assert cells.frame.geometry[own].covers(place)


def test_cells_of_drivers_keep_to_roads_that_can_be_driven():
    table = roads([*ROAD, [(0, 100), (4000, 100)]], **{"class": ["street", "street", "path"]})
    network = build_network(table, norms=NORMS)
    cells = build_cells(network, COUNTY, anchors=NOBODY, spacing_m=500, norms=NORMS, mode="drive")
    assert network.usable("drive")[cells.snaps.edge].all()
    check_tiling(cells, COUNTY)


def test_a_county_with_a_hole_and_two_parts_is_tiled():
    outline = shapely.union_all([COUNTY.difference(shapely.box(1200, 450, 1900, 800)), shapely.box(5000, 0, 6000, 300)])
    network = build_network(roads(ROAD), norms=NORMS)
    check_tiling(build_cells(network, outline, anchors=NOBODY, spacing_m=300, norms=NORMS), outline)


def test_one_point_of_road_gets_the_whole_county():
    network = build_network(roads([[(100, 100), (110, 100)]]), norms=NORMS)
    cells = build_cells(network, COUNTY, anchors=NOBODY, spacing_m=5000, norms=NORMS)
    assert len(cells.frame) == 1
    check_tiling(cells, COUNTY)


def test_a_county_without_roads_inside_is_refused():
    network = build_network(roads([[(9000, 0), (9500, 0)]]), norms=NORMS)
    with pytest.raises(NetworkError) as caught:
        build_cells(network, COUNTY, anchors=NOBODY, spacing_m=500, norms=NORMS)
    assert [problem.code for problem in caught.value.problems] == ["cells_no_road"]
    assert all(caught.value.say(lang) for lang in LANGS)


def nearest(network, cells: Cells, schools) -> np.ndarray:
    targets = snap_points(network, schools, mode="walk", norms=NORMS)
    travel = measure_travel(network, cells.snaps, targets, mode="walk", norms=NORMS)
    pair = nearest_open(travel, np.ones(len(schools), dtype=bool))
    return np.where(pair < 0, -1, travel.school[pair])


def test_catchments_meet_half_way_along_the_road():
    network = build_network(roads(ROAD), norms=NORMS)
    cells = build_cells(network, COUNTY, anchors=NOBODY, spacing_m=100, norms=NORMS)
    schools = points(east=(3000, 500), west=(1000, 500))
    drawn = draw_catchments(cells, nearest(network, cells, schools), ("east", "west"))
    assert drawn["school_id"].tolist() == ["east", "west"]
    # Half of 4 km2 each; the border may be off by a cell, 0.1 km by 1 km.
    assert drawn["area_km2"].tolist() == pytest.approx([2.0, 2.0], abs=0.1)
    assert drawn["area_km2"].sum() == pytest.approx(4.0)
    assert drawn.crs == oracle.CRS


def test_ground_without_a_school_is_a_row_of_its_own_at_the_end():
    network = build_network(roads([*ROAD, [(0, 900), (4000, 900)]]), norms=NORMS)
    cells = build_cells(network, COUNTY, anchors=NOBODY, spacing_m=200, norms=NORMS)
    school = nearest(network, cells, points(s=(10, 500)))
    drawn = draw_catchments(cells, school, ("s", "unused"))
    assert drawn["school_id"].isna().tolist() == [False, True]
    assert drawn["school_id"][0] == "s"
    # The roads lie at 500 m and 900 m: up to half way between, 700 m, over 4 km.
    assert drawn["area_km2"].tolist() == pytest.approx([2.8, 1.2], abs=0.01)


def test_without_any_school_all_ground_is_nobodys():
    network = build_network(roads(ROAD), norms=NORMS)
    cells = build_cells(network, COUNTY, anchors=NOBODY, spacing_m=200, norms=NORMS)
    drawn = draw_catchments(cells, np.full(len(cells.frame), -1), ())
    assert drawn["school_id"].isna().tolist() == [True]
    assert drawn["area_km2"].tolist() == pytest.approx([4.0])


@pytest.mark.parametrize("simplify_m", [0.0, 40.0])
def test_catchments_share_their_borders(simplify_m):
    lines = [[(east, 0), (east, 1000)] for east in range(0, 2001, 250)] + [
        [(east, north), (east + 250, north)] for east in range(0, 2000, 250) for north in (0, 1000)
    ]
    network = build_network(roads(lines), norms=NORMS)
    outline = shapely.Point(1000, 500).buffer(900)
    cells = build_cells(network, outline, anchors=NOBODY, spacing_m=120, norms=NORMS)
    schools = points(a=(250, 400), b=(1000, 900), c=(1600, 300), d=(900, 100))
    drawn = draw_catchments(cells, nearest(network, cells, schools), tuple("abcd"), simplify_m=simplify_m)
    shapes = drawn.geometry.to_numpy()
    assert len(shapes) == 4
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    # Simplified or not: no overlap, no gap, and the border of the county stays where it is.
    assert drawn["area_km2"].sum() == pytest.approx(outline.area / 1e6, rel=1e-6)
    assert shapely.union_all(shapes).symmetric_difference(outline).area < 1e-6 * outline.area
    whole = draw_catchments(cells, nearest(network, cells, schools), tuple("abcd"))
    fewer = shapely.get_num_coordinates(shapes).sum() < shapely.get_num_coordinates(whole.geometry.to_numpy()).sum()
    assert fewer == bool(simplify_m)


@settings(max_examples=30, deadline=None)
@given(oracle.small_roads(), oracle.small_points())
def test_any_network_tiles_any_order_of_its_rows_alike(table, where):
    outline = shapely.box(-20, -20, 620, 620)
    cells = build_cells(build_network(table, norms=NORMS), outline, anchors=where, spacing_m=80, norms=NORMS)
    check_tiling(cells, outline)
    turned = build_network(table.iloc[::-1], norms=NORMS)
    again = build_cells(turned, outline, anchors=where.iloc[::-1], spacing_m=80, norms=NORMS)
    assert cells.frame.geometry.to_wkb().tolist() == again.frame.geometry.to_wkb().tolist()
    assert np.array_equal(cells.snaps.offset_mm, again.snaps.offset_mm)
