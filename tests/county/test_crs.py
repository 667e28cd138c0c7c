"""One CRS inside: known shifts are undone to the millimetre, everything else is refused with what would fit."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point
from toy_county import CRS, EAST_M, NORTH_M, toy

from layoutplan.county.crs import (
    county_crs,
    crs_problem,
    file_named,
    fits,
    frame_of,
    same_crs,
    to_county_crs,
)
from layoutplan.county.webmaps import bd09_to_wgs84, gcj02_to_bd09, gcj02_to_wgs84, wgs84_to_gcj02
from layoutplan.errors import DataError

SEAT_LON, SEAT_LAT = 105.7175, 35.9663


def _points(crs: str | None, *coordinates: tuple[float, float]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=[Point(c) for c in coordinates], crs=crs)


def _county():
    return frame_of(pyproj.CRS(CRS), toy().frames["townships"])


def _code(frame: gpd.GeoDataFrame, declared: str | None = None) -> tuple[str, str]:
    with pytest.raises(DataError) as caught:
        to_county_crs(frame, declared=declared, target=CRS, layer="schools", county=_county())
    problem = caught.value.problems[0]
    return problem.code, str(problem.values.get("fits", ""))


def test_gcj02_published_vector():
    lon, lat = gcj02_to_wgs84(np.array([120.601099983]), np.array([31.278648624]))
    assert lon[0] == pytest.approx(120.596931, abs=1e-7)
    assert lat[0] == pytest.approx(31.280844, abs=1e-7)


def test_gcj02_lies_some_370_m_east_at_xiji():
    lon, lat = gcj02_to_wgs84(np.array([SEAT_LON]), np.array([SEAT_LAT]))
    azimuth, _, metres = pyproj.Geod(ellps="WGS84").inv(lon[0], lat[0], SEAT_LON, SEAT_LAT)
    assert 351 < metres < 393
    assert 90 < azimuth < 99


def test_bd09_lies_some_1150_m_north_east_at_xiji():
    lon, lat = bd09_to_wgs84(np.array([SEAT_LON]), np.array([SEAT_LAT]))
    azimuth, _, metres = pyproj.Geod(ellps="WGS84").inv(lon[0], lat[0], SEAT_LON, SEAT_LAT)
    assert 1100 < metres < 1200
    assert 54 < azimuth < 59


@settings(max_examples=50, deadline=None)
@given(st.floats(75, 134), st.floats(19, 53))
def test_undoing_a_shift_is_its_inverse_everywhere_in_china(lon, lat):
    shifted = wgs84_to_gcj02(np.array([lon]), np.array([lat]))
    assert np.allclose(np.array(gcj02_to_wgs84(*shifted)).ravel(), [lon, lat], atol=1e-9)
    assert np.allclose(np.array(bd09_to_wgs84(*gcj02_to_bd09(*shifted))).ravel(), [lon, lat], atol=1e-9)


@pytest.mark.parametrize("shift", ["GCJ-02", "gcj02", "BD-09"])
def test_declared_web_map_coordinates_are_converted(shift):
    moved = to_county_crs(
        _points(None, (SEAT_LON, SEAT_LAT)), declared=shift, target=CRS, layer="schools", county=_county()
    )
    plain = _points("EPSG:4326", (SEAT_LON, SEAT_LAT)).to_crs(CRS)
    metres = moved.geometry.distance(plain.geometry, align=False).iloc[0]
    assert 351 < metres < 393 if "g" in shift.lower() else 1100 < metres < 1200
    assert moved.crs.to_epsg() == 4544


def test_the_same_point_in_every_chinese_crs_arrives_at_the_same_place():
    seat = _points("EPSG:4490", (SEAT_LON, SEAT_LAT))
    arrived = [
        to_county_crs(seat.to_crs(crs), declared=None, target=CRS, layer="schools", county=_county()).geometry.iloc[0]
        for crs in ("EPSG:4490", "EPSG:4523", "EPSG:4544", "EPSG:4507", "EPSG:4496", "EPSG:4326", "EPSG:32648")
    ]
    assert max(point.distance(arrived[0]) for point in arrived) < 0.01
    assert (arrived[0].x, arrived[0].y) == pytest.approx((EAST_M, NORTH_M), abs=20_000)


def test_the_frame_handed_in_is_not_changed():
    seat = _points("EPSG:4490", (SEAT_LON, SEAT_LAT))
    to_county_crs(seat, declared=None, target=CRS, layer="schools")
    assert seat.crs.to_epsg() == 4490
    assert seat.geometry.iloc[0] == Point(SEAT_LON, SEAT_LAT)


@pytest.mark.parametrize(
    ("crs", "first"),
    [("EPSG:4490", "EPSG:4490"), ("EPSG:4544", "EPSG:4544"), ("EPSG:4523", "EPSG:4523"), ("EPSG:3857", "EPSG:3857"),
     ("EPSG:4496", "EPSG:4496")],
)  # fmt: skip
def test_the_crs_that_fits_is_named_first(crs, first):
    points = _points("EPSG:4490", (SEAT_LON, SEAT_LAT)).to_crs(crs).geometry
    assert fits(points, _county()).split(", ")[0] == first


def test_nothing_fits_coordinates_from_elsewhere():
    assert fits(_points(None, (1, 2)).geometry, _county()) == "-"


@pytest.mark.parametrize(
    ("frame", "declared", "code"),
    [
        (_points(None, (EAST_M, NORTH_M)), None, "crs_missing"),
        (_points(CRS, (SEAT_LON, SEAT_LAT)), None, "degrees_for_metres"),
        (_points("EPSG:4490", (EAST_M, NORTH_M)), None, "metres_for_degrees"),
        (_points("EPSG:4544", (EAST_M, NORTH_M)), "EPSG:4523", "crs_conflict"),
        (_points("EPSG:4544", (EAST_M, NORTH_M)), "GCJ-02", "crs_conflict"),
        (_points(None, (EAST_M, NORTH_M)), "EPSG:1", "crs_unknown"),
        (_points(None, (EAST_M, NORTH_M)), "+proj=tmerc +lon_0=105", "crs_unknown"),
        (_points(None, (EAST_M, NORTH_M)), "EPSG:2380", "crs_old_datum"),
        (_points(None, (EAST_M, NORTH_M)), "EPSG:2433", "crs_old_datum"),
        (_points(None, (SEAT_LON, SEAT_LAT)), "EPSG:4610", "crs_old_datum"),
    ],
)
def test_a_crs_that_cannot_be_is_refused(frame, declared, code):
    assert _code(frame, declared)[0] == code


def test_wgs84_and_cgcs2000_are_never_taken_for_an_old_datum():
    for crs in ("EPSG:4326", "EPSG:4490", "EPSG:32648", "EPSG:4547"):
        assert county_crs(crs)[1] is None or county_crs(crs)[1].code == "crs_not_metres"


@pytest.mark.parametrize(("lon", "fit"), [(105.7, "EPSG:4544"), (106.9, "EPSG:4545"), (116.4, "EPSG:4548")])
def test_a_county_in_degrees_is_told_its_zone(lon, fit):
    crs, problem = county_crs("EPSG:4490", centre=(lon, 36.0))
    assert crs is None
    assert problem.values["fits"] == fit


def test_an_esri_spelling_is_the_same_crs():
    esri = pyproj.CRS.from_wkt(pyproj.CRS(CRS).to_wkt("WKT1_ESRI"))
    assert same_crs(esri, pyproj.CRS(CRS))
    assert not same_crs(pyproj.CRS("EPSG:4523"), pyproj.CRS(CRS))


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("EPSG:4544", ""),
        ("+proj=merc +a=6378137 +b=6378137 +nadgrids=@null +wktext +type=crs", ""),
        ("+proj=utm +zone=48 +nadgrids=/etc/passwd +type=crs", "/etc/passwd"),
    ],
)
def test_a_crs_that_names_a_file_is_told_by_it(said, named):
    crs = pyproj.CRS(said)
    assert file_named(crs) == named
    problem = crs_problem(crs, "roads")
    assert (problem is not None and problem.code == "crs_names_file") == bool(named)
