"""A county read from any order of rows and any format is the same county."""

from __future__ import annotations

import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from shapely.geometry import MultiLineString, MultiPoint, Polygon
from toy_county import CRS, Toy, at, toy, write_raster

from layoutplan.county.layers import County, county_norms, read_county
from layoutplan.county.tables import TABLES
from layoutplan.errors import DataError

FRAMES = [name for name in County.__dataclass_fields__ if name in TABLES or name == "places"]


def _read(county: Toy, folder: Path) -> County:
    return read_county(county.write(folder))


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> County:
    return _read(toy(), tmp_path_factory.mktemp("plain"))


def test_header_and_dates(plain):
    assert (plain.name, plain.name_en, plain.crs, plain.base_year) == ("玩具县", "Toy County", CRS, 2022)
    assert plain.synthetic is True
    assert plain.as_of["roads"] == "2022-09-20"
    assert plain.warnings == ()


@pytest.mark.parametrize("name", [name for name in FRAMES if name in TABLES])
def test_every_frame_has_the_columns_of_its_contract(plain, name):
    frame, table = getattr(plain, name), TABLES[name]
    wanted = [*table.names, *(["geometry"] if table.geometry != "none" else [])]
    assert list(frame.columns) == wanted
    assert list(frame.index) == list(range(len(frame)))
    assert frame[list(table.key)].equals(frame[list(table.key)].sort_values(list(table.key)))


def test_dtypes(plain):
    assert plain.classes["pupils"].dtype == "int64"
    assert plain.schools["boarding_beds"].dtype == "Int64"
    assert plain.roads["oneway"].dtype == "bool"
    assert plain.roads["walk"].dtype == "boolean"
    assert plain.schools["school_id"].dtype == "str"
    assert np.isnan(plain.roads.set_index("road_id")["drive_kmh"]["r2"])


def test_places_are_residential_areas_and_resettlement_sites(plain):
    assert dict(zip(plain.places["place_id"], plain.places["kind"], strict=True)) == {
        "640422100001": "town", "640422100900": "housing", "640422100950": "resettlement", "640422200001": "village",
    }  # fmt: skip
    assert plain.places.crs.to_epsg() == 4544


def test_grades_follow_the_kind_where_the_row_does_not_say(plain):
    spans = plain.schools.set_index("school_id")[["grade_from", "grade_to"]]
    assert spans.loc["2164000001"].tolist() == [1, 6]
    assert spans.loc["3164000001"].tolist() == [7, 9]
    assert spans.loc["2164000002"].tolist() == [1, 3]


def test_a_layer_the_county_does_not_have_is_an_empty_frame(plain):
    assert len(plain.zones) == 0
    assert plain.zones.crs.to_epsg() == 4544
    assert plain.communities["name"].dtype == "str"


def test_a_county_without_optional_layers(tmp_path):
    county = toy()
    for name in ("resettlement", "move_in", "enrolment", "births"):
        del county.frames[name], county.manifest["layers"][name]
    county.frames["children"] = county.frames["children"].query("place_id != '640422100950'")
    read = _read(county, tmp_path)
    assert len(read.places) == 3
    assert read.births["births"].dtype == "int64"


@settings(max_examples=8, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(plain, random):
    county = toy()
    for name, frame in county.frames.items():
        order = list(range(len(frame)))
        random.shuffle(order)
        county.frames[name] = frame.iloc[order].reset_index(drop=True)
    with tempfile.TemporaryDirectory() as folder:
        read = _read(county, Path(folder))
    assert read.fingerprint == plain.fingerprint
    for name in FRAMES:
        assert_frame_equal(pd.DataFrame(getattr(read, name)), pd.DataFrame(getattr(plain, name)))


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".fgb", ".shp"])
def test_the_format_does_not_matter(plain, tmp_path, suffix):
    county = toy()
    for name in ("schools", "townships", "resettlement", "roads"):
        county.entry(name, file=f"{name}{suffix}")
        if suffix == ".geojson":
            county.entry(name, crs=CRS)
        if suffix == ".shp":
            county.entry(name, columns={long: long[:10] for long in county.frames[name] if len(long) > 10})
    if suffix == ".geojson":
        for name in ("schools", "townships", "resettlement", "roads"):
            county.entry(name).pop("crs")
    assert _read(county, tmp_path).fingerprint == plain.fingerprint


@pytest.mark.parametrize("name", ["schools.csv", "schools.xlsx"])
def test_points_from_a_table(plain, tmp_path, name):
    county = toy()
    schools = county.frames["schools"]
    table = pd.DataFrame(schools.drop(columns="geometry")).assign(E=schools.geometry.x, N=schools.geometry.y)
    county.frames["schools"] = table
    county.entry("schools", file=name, east="E", north="N", crs=CRS)
    assert _read(county, tmp_path).fingerprint == plain.fingerprint


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_encodings(plain, tmp_path, encoding):
    folder = toy().write(tmp_path)
    text = "学校,学段,教室\n2164000001,primary,8\n3164000001,junior,6\n\n2164000002,primary,3\n,,\n"
    (folder / "rooms.csv").write_bytes(text.encode(encoding))
    county = toy()
    county.entry("rooms", columns={"school_id": "学校", "stage": "学段", "rooms": "教室"})
    del county.frames["rooms"]
    assert _read(county, folder).fingerprint == plain.fingerprint


@pytest.mark.parametrize("encoding", ["UTF-8", "GBK"])
@pytest.mark.parametrize("cpg", ["UTF-8", "GBK", None])
def test_shapefile_encodings_whatever_the_side_file_says(plain, tmp_path, encoding, cpg):
    county = toy()
    schools = county.frames.pop("schools")
    short = schools.rename(columns={"name": "名称", "township_id": "town", "boarding_beds": "beds"})
    folder = county.write(tmp_path)
    pyogrio.write_dataframe(short, folder / "schools.shp", encoding=encoding)
    (folder / "schools.cpg").unlink(missing_ok=True)
    if cpg:
        (folder / "schools.cpg").write_text(cpg, "ascii")
    county.entry(
        "schools", file="schools.shp", columns={"name": "名称", "township_id": "town", "boarding_beds": "beds"}
    )
    read = _read(county, folder)
    assert sorted(read.schools["name"]) == sorted(plain.schools["name"])
    assert read.fingerprint == plain.fingerprint


def test_codes_are_text(tmp_path):
    county = toy()
    swap = {"2164000001": "0064000001", "3164000001": "640422000000000018", "2164000002": "NA"}
    for name in ("schools", "rooms", "classes", "enrolment"):
        county.frames[name] = county.frames[name].assign(school_id=county.frames[name]["school_id"].map(swap))
    read = _read(county, tmp_path)
    assert set(read.schools["school_id"]) == set(swap.values())
    assert set(read.classes["school_id"]) == set(swap.values())


def test_numbers_in_excel_become_codes_again(plain, tmp_path):
    county = toy()
    county.entry("rooms", file="rooms.xlsx")
    county.frames["rooms"] = county.frames["rooms"].assign(school_id=lambda rooms: rooms["school_id"].astype(float))
    assert _read(county, tmp_path).fingerprint == plain.fingerprint


def test_long_integer_codes_with_gaps_keep_their_digits(tmp_path):
    county = toy()
    codes = pd.array([640422000000000017, None, None], dtype="Int64")
    county.frames["residential"] = county.frames["residential"].assign(origin_place_id=codes)
    for name in ("residential", "children"):
        frame = county.frames[name]
        county.frames[name] = frame.assign(place_id=frame["place_id"].replace("640422100900", "640422000000000017"))
    read = _read(county, tmp_path)
    assert "640422000000000017" in set(read.places["origin_place_id"].dropna())


def test_full_width_digits_and_blanks(plain, tmp_path):
    county = toy()
    county.set("classes", 1, "pupils", " ４０ ")
    county.set("classes", 1, "school_id", "２１６４０００００１ ")
    assert _read(county, tmp_path).fingerprint == plain.fingerprint


def test_columns_fill_and_values(plain, tmp_path):
    county = toy()
    county.frames["rooms"] = pd.DataFrame(
        {"标识码": ["2164000001", "2164000002", "3164000001"], "学段": ["小学", "小学", "初中"], "数": [8, 3, 6]}
    )
    county.entry("rooms", columns={"school_id": "标识码", "stage": "学段", "rooms": "数"})
    county.entry(
        "rooms", values={"stage": {"小学": "primary", "初中": "junior", "高中": "senior"}}, fill={"teachers": 9}
    )
    read = _read(county, tmp_path)
    assert read.rooms["stage"].tolist() == plain.rooms["stage"].tolist()
    assert read.rooms["teachers"].tolist() == [9, 9, 9]
    assert [(w.code, w.field) for w in read.warnings] == [("value_unused", "stage")]


def test_lines_of_several_parts_become_roads_of_their_own(tmp_path):
    county = toy()
    parts = MultiLineString([[at(1, 5), at(10, 5)], [at(10, 5), at(19, 5)]])
    county.set("roads", 1, "geometry", parts)
    county.set("roads", 2, "geometry", MultiLineString([[at(15, 5), at(15, 8)]]))
    roads = _read(county, tmp_path).roads
    assert roads["road_id"].tolist() == ["r1#1", "r1#2", "r2", "r3"]
    assert set(roads.geom_type) == {"LineString"}
    assert roads["class"].tolist() == ["county", "county", "village", "street"]


def test_heights_and_single_parts_are_taken_off(plain, tmp_path):
    county = toy()
    shapes = [MultiPoint([(p.x, p.y, 1900.0)]) for p in county.frames["schools"].geometry]
    county.frames["schools"] = county.frames["schools"].set_geometry(gpd.GeoSeries(shapes, crs=CRS))
    assert _read(county, tmp_path).fingerprint == plain.fingerprint


def test_a_small_fault_of_a_polygon_is_mended_and_said(tmp_path):
    county = toy()
    west, south, east, north = county.frames["townships"].geometry.iloc[0].bounds
    # The last corner overshoots the southern border by a metre, and the border crosses itself there.
    spike = Polygon([(west, south), (east, south), (east, north), (west, north), (west + 2, south - 1)])
    assert not spike.is_valid
    county.set("townships", 1, "geometry", spike)
    read = _read(county, tmp_path)
    assert [w.code for w in read.warnings] == ["polygon_repaired"]
    assert read.townships.is_valid.all()
    assert read.townships.area.iloc[0] == pytest.approx(1e8, rel=1e-3)


def test_warnings_name_what_to_look_at(tmp_path):
    county = toy()
    county.set("rooms", 1, "rooms", 0)
    county.entry("children", as_of="2010-11-01")
    county.frames["schools"] = county.frames["schools"].rename(columns={"site_m2": "site_m"})
    warnings = {(w.code, w.layer, w.row, w.field) for w in _read(county, tmp_path).warnings}
    assert warnings == {
        ("pupils_without_rooms", "rooms", "2164000001", ""),
        ("vintage_spread", "county.toml", "", "as_of"),
        ("column_ignored", "schools", "", "site_m"),
    }


def test_the_county_says_whether_crossings_are_joined(plain, tmp_path):
    county = toy()
    county.entry("roads", node_crossings=True)
    read = _read(county, tmp_path)
    assert (plain.node_crossings, read.node_crossings) == (False, True)
    assert plain.fingerprint != read.fingerprint


def test_the_fingerprint_sees_every_change(plain, tmp_path):
    changes = [("classes", 1, "pupils", 41), ("schools", 1, "geometry", at(5.000002, 5.1)),
               ("roads", 3, "oneway", False),
               ("residential", 2, "households", None), ("schools", 1, "name", "吉强二小")]  # fmt: skip
    seen = {plain.fingerprint}
    for number, change in enumerate(changes):
        county = toy()
        county.set(*change)
        seen.add(_read(county, tmp_path / str(number)).fingerprint)
    assert len(seen) == len(changes) + 1


def test_a_one_way_road_turned_round_is_another_county(plain, tmp_path):
    county = toy()
    county.set("roads", 3, "geometry", county.frames["roads"].geometry.iloc[2].reverse())
    assert _read(county, tmp_path).fingerprint != plain.fingerprint


def test_rasters_are_named_and_hashed(plain, tmp_path):
    seen = {plain.fingerprint}
    for value in (1.0, 2.0):
        county, folder = toy(), tmp_path / str(value)
        folder.mkdir()
        write_raster(folder / "population.tif", np.full((100, 200), value))
        county.manifest["rasters"] = {"population": {"file": "population.tif", "as_of": "2020-11-01"}}
        read = _read(county, folder)
        assert read.rasters == {"population": folder / "population.tif"}
        assert read.as_of["population"] == "2020-11-01"
        seen.add(read.fingerprint)
    assert len(seen) == 3


def test_path_of_the_file_or_its_folder(plain, tmp_path):
    folder = toy().write(tmp_path)
    assert read_county(folder / "county.toml").fingerprint == read_county(str(folder)).fingerprint == plain.fingerprint


def test_the_norms_of_a_county(tmp_path):
    county = toy()
    county.manifest["county"]["norms"] = "norms.toml"
    (tmp_path / "norms.toml").write_text(
        "[class_size.primary]\nvalue = 40\nunit = 'pupils/class'\nclause = 'x'\nverified = true", "utf-8"
    )
    assert county_norms(county.write(tmp_path)).value("class_size.primary") == 40
    assert county_norms(toy().write(tmp_path / "other")).value("class_size.primary") == 45


def _ground(county: Toy, name: str, **columns: object) -> None:
    corner = at(2, 2)
    shape = Polygon([(corner.x, corner.y), (corner.x + 300, corner.y), (corner.x, corner.y + 300)])
    county.frames[name] = gpd.GeoDataFrame({key: [value] for key, value in columns.items()}, geometry=[shape], crs=CRS)
    county.manifest["layers"][name] = {"file": f"{name}.gpkg", "as_of": county.manifest["layers"]["roads"]["as_of"]}


def test_ground_for_schools_is_read_where_a_county_has_it(tmp_path):
    county = toy()
    _ground(county, "unsuitable", area_id="u1", kind="flood")
    _ground(county, "parcels", parcel_id="p1")
    read = _read(county, tmp_path)
    assert read.unsuitable[["area_id", "kind"]].values.tolist() == [["u1", "flood"]]
    assert read.parcels.geometry.area.tolist() == [45_000.0]
    assert read.parcels.crs.to_epsg() == 4544


def test_an_unknown_kind_of_land_is_a_problem(tmp_path):
    county = toy()
    _ground(county, "unsuitable", area_id="u1", kind="swamp")
    with pytest.raises(DataError) as caught:
        _read(county, tmp_path)
    assert [(p.code, p.layer, p.field) for p in caught.value.problems] == [("not_a_choice", "unsuitable", "kind")]
