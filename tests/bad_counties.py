# ruff: noqa: E501
"""Every way the toy county can be wrong, one change each, and what must be said of it."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import shapely
from shapely.geometry import LineString, MultiPoint, Point, Polygon
from toy_county import CRS, EAST_M, NORTH_M, Toy, at, write_layer, write_raster


@dataclass(frozen=True)
class Case:
    """One fault: how it comes about, and the problem that must name it."""

    name: str
    spoil: Callable[[Toy, Path], object]
    code: str
    layer: str
    row: str = ""
    field: str = ""
    says: str = ""
    after: bool = False


def _cell(layer: str, row: int, column: str, value: object) -> Callable[[Toy, Path], object]:
    return lambda toy, _: toy.set(layer, row, column, value)


def _header(**values: object) -> Callable[[Toy, Path], object]:
    return lambda toy, _: toy.manifest["county"].update(values)


def _entry(layer: str, /, **values: object) -> Callable[[Toy, Path], object]:
    return lambda toy, _: toy.entry(layer, **values)


def _drop(layer: str, *columns: str) -> Callable[[Toy, Path], object]:
    return lambda toy, _: toy.frames.update({layer: toy.frames[layer].drop(columns=list(columns))})


def _crs(layer: str, crs: str | None, *, moved: str | None = None) -> Callable[[Toy, Path], object]:
    """Label a layer with a CRS, its coordinates being those of another."""

    def spoil(toy: Toy, _: Path) -> None:
        frame = toy.frames[layer]
        frame = frame if moved is None else frame.to_crs(moved)
        toy.frames[layer] = frame.set_crs(crs, allow_override=True)

    return spoil


def _file(name: str, content: bytes, layer: str) -> Callable[[Toy, Path], object]:
    def spoil(toy: Toy, folder: Path) -> None:
        toy.entry(layer, file=name)
        del toy.frames[layer]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)

    return spoil


def _swap(layer: str, rows: slice) -> Callable[[Toy, Path], object]:
    def spoil(toy: Toy, _: Path) -> None:
        frame = toy.frames[layer].to_crs("EPSG:4490")
        shapes = frame.geometry.to_numpy().copy()
        shapes[rows] = shapely.transform(shapes[rows], lambda points: points[:, ::-1])
        toy.frames[layer] = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))

    return spoil


def _raster(values: object, **options: object) -> Callable[[Toy, Path], object]:
    def spoil(toy: Toy, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        toy.manifest["rasters"] = {"population": {"file": "population.tif", "as_of": dt.date(2020, 11, 1)}}
        write_raster(folder / "population.tif", values, **options)

    return spoil


def _sql(file: str, *statements: str) -> Callable[[Toy, Path], object]:
    def spoil(_: Toy, folder: Path) -> None:
        base = sqlite3.connect(folder / file)
        for statement in statements:
            base.execute(statement)
        base.commit()
        base.close()

    return spoil


def _more(layer: str, *rows: dict[str, object]) -> Callable[[Toy, Path], object]:
    """Give the county a table it did not have."""

    def spoil(toy: Toy, _: Path) -> None:
        toy.frames[layer] = pd.DataFrame(list(rows))
        toy.manifest["layers"][layer] = {"file": f"{layer}.csv", "as_of": dt.date(2022, 9, 20)}

    return spoil


def _groups(*ages: int) -> Callable[[Toy, Path], object]:
    return _more("age_groups", *({"area_id": "640422100", "age_from": age, "residents": 400} for age in ages))


def _two_layers(_: Toy, folder: Path) -> None:
    frame = pyogrio.read_dataframe(folder / "schools.gpkg")
    (folder / "schools.gpkg").unlink()
    for name in ("old", "new"):
        pyogrio.write_dataframe(frame, folder / "schools.gpkg", layer=name)


def _cut_off(_: Toy, folder: Path) -> None:
    file = folder / "schools.gpkg"
    file.write_bytes(file.read_bytes()[:3000])


def _rounded_codes(toy: Toy, _: Path) -> None:
    toy.entry("rooms", file="rooms.xlsx")
    toy.set("rooms", 2, "school_id", 123456789012345678.0)


def _far_cell(toy: Toy, folder: Path) -> None:
    toy.entry("rooms", file="rooms.xlsx")
    folder.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook()
    book.active["XFD1048576"] = 1
    book.save(folder / "rooms.xlsx")
    del toy.frames["rooms"]


def _two_sheets(toy: Toy, folder: Path) -> None:
    toy.entry("rooms", file="rooms.xlsx")
    folder.mkdir(parents=True, exist_ok=True)
    with pd.ExcelWriter(folder / "rooms.xlsx") as book:
        for name in ("2021", "2022"):
            toy.frames["rooms"].to_excel(book, sheet_name=name, index=False)
    del toy.frames["rooms"]


def _no_sidecar(toy: Toy, folder: Path) -> None:
    toy.entry("townships", file="townships.shp")
    toy.write(folder)
    (folder / "townships.dbf").unlink()
    del toy.frames["townships"]


def _points_without_names(toy: Toy, _: Path) -> None:
    toy.entry("schools", file="schools.csv", crs=CRS)


def _point_column(toy: Toy, _: Path) -> None:
    toy.entry("schools", file="schools.csv", crs=CRS, east="lon", north="north")


def _symlink(toy: Toy, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    outside = folder.parent / "outside.csv"
    write_layer(toy.frames.pop("rooms"), outside)
    (folder / "rooms.csv").symlink_to(outside)


def _twice_named(toy: Toy, _: Path) -> None:
    toy.frames["rooms"] = toy.frames["rooms"].assign(more=1).set_axis(["school_id", "stage", "rooms", "rooms"], axis=1)


def _site_like_place(toy: Toy, _: Path) -> None:
    toy.set("resettlement", 1, "place_id", "640422100001")
    toy.frames["move_in"] = toy.frames["move_in"].iloc[:0].assign()
    del toy.frames["move_in"], toy.manifest["layers"]["move_in"]
    toy.frames["children"] = toy.frames["children"].loc[lambda table: table["place_id"] != "640422100950"]


def _norms(text: str) -> Callable[[Toy, Path], object]:
    def spoil(toy: Toy, folder: Path) -> None:
        toy.manifest["county"]["norms"] = "norms.toml"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "norms.toml").write_text(text, "utf-8")

    return spoil


def _many(toy: Toy, _: Path) -> None:
    toy.frames["children"] = toy.frames["children"].assign(children=-1.0)


_BOW_TIE = Polygon([(0, 0), (1000, 1000), (1000, 0), (0, 1000)])
_VRT = b'<OGRVRTDataSource><OGRVRTLayer name="schools"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
_GDALG = json.dumps({"type": "gdal_streamed_alg", "command_line": "gdal vector convert x y"}).encode()

CASES = (
    # the county.toml
    Case("no crs key", lambda t, _: t.manifest["county"].pop("crs"), "key_missing", "county.toml", "county", "crs"),
    Case("unknown key", _header(base_yaer=2022), "key_unknown", "county.toml", "county", "base_yaer", "base_year"),
    Case("crossings of schools", _entry("schools", node_crossings=True), "key_unknown", "county.toml", "layers.schools", "node_crossings"),
    Case("year as text", _header(base_year="2022"), "key_value", "county.toml", "county", "base_year", "2022"),
    Case("flag as text", _header(synthetic="yes"), "key_value", "county.toml", "county", "synthetic", "true | false"),
    Case("date as text", _entry("roads", as_of="soon"), "key_value", "county.toml", "layers.roads", "as_of", "2022-09-20"),
    Case("unknown layer", lambda t, _: t.manifest["layers"].update(school=t.entry("schools")), "layer_unknown",
         "county.toml", "layers", "school", "schools"),
    Case("layer left out", lambda t, _: t.manifest["layers"].pop("rooms"), "layer_missing", "county.toml", "layers", "rooms"),
    Case("unknown contract column", _entry("rooms", columns={"room": "教室"}), "column_unknown", "county.toml",
         "layers.rooms.columns", "room", "rooms"),
    Case("column and fill", _entry("rooms", columns={"stage": "学段"}, fill={"stage": "primary"}), "column_twice",
         "county.toml", "layers.rooms", "stage"),
    Case("east without north", _entry("schools", east="lon"), "key_missing", "county.toml", "layers.schools", "north"),
    Case("county in degrees", _header(crs="EPSG:4490"), "crs_not_metres", "county.toml", "county", "crs", "EPSG:4544"),
    Case("county in web mercator", _header(crs="EPSG:3857"), "crs_stretched", "county.toml", "county", "crs", "EPSG:4544"),
    Case("county in Xian 1980", _header(crs="EPSG:2380"), "crs_old_datum", "county.toml", "county", "crs", "CGCS2000"),
    Case("county CRS misspelt", _header(crs="EPSG:99999"), "crs_unknown", "county.toml", "county", "crs", "EPSG:4544"),
    Case("norm unknown", _norms("[class_size.kindergarten]\nvalue=1\nunit='x'\nclause='y'\nverified=true"),
         "norm_unknown", "norms.toml", "class_size.kindergarten"),
    Case("norm as text", _norms("[class_size.primary]\nvalue='40'\nunit='x'\nclause='y'\nverified=true"),
         "norm_value", "norms.toml", "class_size.primary", "value"),
    Case("norm lacks its clause", _norms("[class_size.primary]\nvalue=40\nunit='x'\nverified=true"),
         "norm_field", "norms.toml", "class_size.primary", "clause"),
    # files
    Case("file missing", lambda t, _: (t.entry("roads", file="road.gpkg"), t.frames.pop("roads")), "file_missing",
         "roads", "", "file", "road.gpkg"),
    Case("path leads out", _entry("roads", file="../roads.gpkg"), "path_outside", "roads", "", "file"),
    Case("absolute path", _entry("roads", file="/etc/passwd"), "path_outside", "roads", "", "file"),
    Case("windows drive", _entry("roads", file="C:\\gis\\roads.gpkg"), "path_outside", "roads", "", "file"),
    Case("address", _entry("roads", file="http://example.org/roads.gpkg"), "path_outside", "roads", "", "file"),
    Case("gdal path", _entry("roads", file="/vsicurl/roads.gpkg"), "path_outside", "roads", "", "file"),
    Case("link leads out", _symlink, "path_outside", "rooms", "", "file"),
    Case("format", _file("schools.kml", b"<kml/>", "schools"), "file_format", "schools", "", "file", ".gpkg"),
    Case("VRT called GeoJSON", _file("s.geojson", _VRT, "schools"), "file_unreadable", "schools", "", "file"),
    Case("VRT called GeoPackage", _file("s.gpkg", _VRT, "schools"), "file_disguised", "schools", "", "file"),
    Case("VRT called CSV", _file("r.csv", _VRT, "rooms"), "file_disguised", "rooms", "", "file"),
    Case("GDALG called JSON", _file("s.json", _GDALG, "schools"), "file_disguised", "schools", "", "file", "GeoJSON"),
    Case("deep JSON", _file("s.json", b"[" * 200_000, "schools"), "file_unreadable", "schools", "", "file"),
    Case("no bytes", _file("s.gpkg", b"", "schools"), "file_empty", "schools", "", "file"),
    Case("unreadable", _cut_off, "file_unreadable", "schools", "", "layer", after=True),
    Case("journal beside", lambda _, f: (f / "schools.gpkg-wal").write_bytes(b"x"), "file_in_use", "schools", "", "layer",
         after=True),
    Case("view", _sql("schools.gpkg", "alter table schools rename to base", "create view schools as select * from base"),
         "layer_is_view", "schools", "", "layer", after=True),
    Case("computed column", _sql("schools.gpkg", "alter table schools add column big as (hex(zeroblob(100000000)))"),
         "layer_is_view", "schools", "", "layer", after=True),
    Case("far cell", _far_cell, "workbook_too_big", "rooms", "", "file", "5,000,000"),
    Case("two sheets", _two_sheets, "sheet_choose", "rooms", "", "sheet", "2021, 2022"),
    Case("no such sheet", lambda t, _: t.entry("rooms", file="rooms.xlsx", sheet="Sheet2"), "sheet_not_found", "rooms", "",
         "sheet", "Sheet1"),
    Case("two layers", _two_layers, "layer_choose", "schools", "", "layer", "new, old", after=True),
    Case("no such layer", _entry("schools", layer="shcools"), "layer_not_found", "schools", "", "layer", "schools"),
    Case("option without effect", _entry("rooms", sheet="Sheet1"), "option_idle", "rooms", "", "sheet"),
    Case("empty layer", lambda t, _: t.frames.update(schools=t.frames["schools"].iloc[:0]), "layer_empty", "schools"),
    Case("empty table", lambda t, _: t.frames.update(rooms=t.frames["rooms"].iloc[:0]), "layer_empty", "rooms"),
    Case("neither UTF-8 nor GB18030", _file("r.csv", b"school_id,stage\n\xff\xff\xff,1", "rooms"), "encoding_unknown",
         "rooms", "", "file"),
    Case("side file missing", _no_sidecar, "sidecar_missing", "townships", "", "file", "townships.dbf"),
    Case("points unsaid", _points_without_names, "points_unsaid", "schools", "", "east"),
    Case("point column missing", _point_column, "column_missing", "schools", "", "lon"),
    Case("code lost its digits", _rounded_codes, "code_rounded", "rooms", "row 2", "school_id"),
    # coordinates
    Case("missing CRS", _crs("schools", None), "crs_missing", "schools", "", "crs", "EPSG:4544"),
    Case("missing CRS of degrees", _crs("roads", None, moved="EPSG:4490"), "crs_missing", "roads", "", "crs", "EPSG:4490"),
    Case("missing CRS of townships", _crs("townships", None), "crs_missing", "townships", "", "crs", "EPSG:4544"),
    Case("degrees where metres are due", _crs("schools", CRS, moved="EPSG:4490"), "degrees_for_metres", "schools", "", "crs",
         "EPSG:4490"),
    Case("metres where degrees are due", _crs("schools", "EPSG:4490"), "metres_for_degrees", "schools", "", "crs", "EPSG:4544"),
    Case("two CRSs", _entry("schools", crs="EPSG:4490"), "crs_conflict", "schools", "", "crs", "EPSG:4490"),
    Case("declared CRS unknown", _entry("schools", crs="gauss"), "crs_unknown", "schools", "", "crs", "gauss"),
    Case("old datum", _crs("schools", "EPSG:2380"), "crs_old_datum", "schools", "", "crs", "CGCS2000"),
    Case("old datum in degrees", _crs("schools", "EPSG:4214", moved="EPSG:4490"), "crs_old_datum", "schools", "", "crs"),
    Case("longitude and latitude swapped", _swap("schools", slice(None)), "axes_swapped", "schools", "", "geometry", "3 "),
    Case("one row swapped", _swap("schools", slice(1, 2)), "axes_swapped", "schools", "row 2", "geometry", "3164000001"),
    Case("X is north", lambda t, _: t.frames.update(schools=t.frames["schools"].set_geometry(
        gpd.GeoSeries(shapely.transform(t.frames["schools"].geometry.to_numpy(), lambda p: p[:, ::-1]), crs=CRS))),
        "axes_swapped", "schools", "", "geometry"),
    Case("zone prefix", _crs("schools", CRS, moved="EPSG:4523"), "outside_county", "schools", "", "geometry", "EPSG:4523"),
    Case("wrong zone", _crs("townships", "EPSG:4547"), "outside_county", "townships", "", "geometry", "EPSG:4544"),
    Case("one school far away", _cell("schools", 2, "geometry", Point(EAST_M, NORTH_M + 90_000)), "outside_county",
         "schools", "row 2", "geometry", "80 km"),
    # geometry
    Case("no geometry", _cell("schools", 3, "geometry", None), "geometry_empty", "schools", "row 3", "geometry"),
    Case("empty geometry", _cell("schools", 1, "geometry", Point()), "geometry_empty", "schools", "row 1", "geometry"),
    Case("infinite", _cell("roads", 1, "geometry", LineString([at(0, 0), (np.inf, 0)])), "geometry_not_finite", "roads",
         "row 1", "geometry"),
    Case("line for a point", _cell("schools", 1, "geometry", LineString([at(0, 0), at(1, 1)])), "geometry_kind", "schools",
         "row 1", "geometry", "linestring"),
    Case("two points", _cell("schools", 1, "geometry", MultiPoint([at(0, 0), at(1, 1)])), "geometry_kind", "schools",
         "row 1", "geometry", "multipoint"),
    Case("line of no length", _cell("roads", 2, "geometry", LineString([at(1, 1), at(1, 1)])), "line_no_length", "roads",
         "row 2", "geometry"),
    Case("bow tie", _cell("townships", 2, "geometry", shapely.transform(_BOW_TIE, lambda p: p + [EAST_M, NORTH_M])),
         "polygon_invalid", "townships", "row 2", "geometry", "Self-intersection"),
    # cells
    Case("missing column", _drop("classes", "pupils"), "column_missing", "classes", "", "pupils", "grade"),
    Case("near column", lambda t, _: t.frames.update(classes=t.frames["classes"].rename(columns={"pupils": "pupil"})),
         "column_missing", "classes", "", "pupils", "nearest in the file: pupil"),
    Case("mapped column missing", _entry("classes", columns={"boarders": "寄宿"}), "column_missing", "classes", "",
         "boarders", "寄宿"),
    Case("column twice", _twice_named, "column_repeated", "rooms", "", "rooms"),
    Case("fill without need", _entry("schools", fill={"setting": "village"}), "fill_idle", "schools", "", "setting"),
    Case("duplicate ids", _cell("schools", 2, "school_id", "2164000001"), "duplicate_key", "schools", "row 2", "school_id",
         "row 1"),
    Case("duplicate class", _cell("classes", 2, "grade", 1), "duplicate_key", "classes", "row 2",
         "school_id, grade, class_no", "row 1"),
    Case("same id but for width", _cell("schools", 3, "school_id", " ２164000001 "), "duplicate_key", "schools", "row 3",
         "school_id"),
    Case("negative pupils", _cell("classes", 4, "pupils", -3), "negative", "classes", "row 4", "pupils", "-3"),
    Case("too many pupils", _cell("classes", 4, "pupils", 400), "too_large", "classes", "row 4", "pupils", "150"),
    Case("grade 0", _cell("classes", 1, "grade", 0), "too_small", "classes", "row 1", "grade"),
    Case("unknown stage", _cell("rooms", 2, "stage", "primry"), "not_a_choice", "rooms", "row 2", "stage", "primary"),
    Case("unknown kind", _cell("schools", 1, "kind", "小学"), "not_a_choice", "schools", "row 1", "kind", "teaching_point"),
    Case("unknown road class", _cell("roads", 3, "class", "highway"), "not_a_choice", "roads", "row 3", "class"),
    Case("blank name", _cell("schools", 1, "name", "  "), "value_missing", "schools", "row 1", "name"),
    Case("blank number", _cell("classes", 5, "pupils", ""), "value_missing", "classes", "row 5", "pupils", "not 0"),
    Case("one-way unsaid", _cell("roads", 2, "oneway", None), "value_missing", "roads", "row 2", "oneway"),
    Case("half a pupil", _cell("classes", 1, "pupils", "45.5"), "not_whole", "classes", "row 1", "pupils", "45.5"),
    Case("words for a number", _cell("classes", 1, "pupils", "四十"), "not_a_number", "classes", "row 1", "pupils", "四十"),
    Case("no number at all", _cell("children", 3, "children", "nan"), "not_a_number", "children", "row 3", "children"),
    Case("neither true nor false", _cell("roads", 1, "oneway", "maybe"), "not_a_flag", "roads", "row 1", "oneway", "maybe"),
    Case("garbled", _cell("schools", 1, "name", "西吉实验小学".encode("gbk").decode("latin-1")), "text_garbled", "schools",
         "row 1", "name"),
    Case("control character", _cell("schools", 1, "name", "一\x01小"), "text_control", "schools", "row 1", "name"),
    # between tables
    Case("unknown township", _cell("schools", 1, "township_id", "640422101"), "reference_unknown", "schools", "row 1",
         "township_id", "640422100"),
    Case("unknown school", _cell("classes", 1, "school_id", "9999"), "reference_unknown", "classes", "row 1", "school_id"),
    Case("unknown place", _cell("children", 1, "place_id", "9999"), "reference_unknown", "children", "row 1", "place_id"),
    Case("community without table", lambda t, _: t.frames.update(schools=t.frames["schools"].assign(community_id="c1")),
         "reference_unknown", "schools", "row 1", "community_id", "communities"),
    Case("unknown origin", _cell("resettlement", 1, "origin_place_id", "9999"), "reference_unknown", "resettlement", "row 1",
         "origin_place_id"),
    Case("own origin", _cell("resettlement", 1, "origin_place_id", "640422100950"), "origin_itself", "resettlement", "row 1",
         "origin_place_id"),
    Case("place in both", _site_like_place, "place_in_both", "resettlement", "row 1", "place_id"),
    Case("moving into a village", _cell("move_in", 1, "place_id", "640422200001"), "move_in_kind", "move_in", "row 1",
         "place_id"),
    Case("a child of 16", _cell("children", 2, "age", 16), "too_large", "children", "row 2", "age", "15"),
    Case("nobody counted the children", lambda t, _: (t.frames.pop("children"), t.manifest["layers"].pop("children")),
         "children_unsaid", "county.toml", "layers", "children", "age_groups"),
    Case("neither planned nor observed", _cell("move_in", 2, "households", None), "move_in_empty", "move_in", "row 2",
         "households"),
    Case("fewer than no households", _cell("move_in", 2, "households", -5), "negative", "move_in", "row 2", "households"),
    Case("gone to where they were", lambda t, _: t.frames.update(move_in=t.frames["move_in"].assign(
         to_place_id=[None, "640422100950"])), "destination_itself", "move_in", "row 2", "to_place_id"),
    Case("age group from 3", _groups(0, 3, 5, 10, 15), "age_group_width", "age_groups", "row 2", "age_from"),
    Case("age group left out", _groups(0, 5, 15, 20), "age_group_missing", "age_groups", "640422100", "age_from", "10-14"),
    Case("unknown area", _more("age_structure", {"area_id": "640422999", "age": 3, "per_thousand": 9.0}),
         "reference_unknown", "age_structure", "row 1", "area_id", "640422"),
    Case("share of 25", _more("study_elsewhere", {"area_id": "county", "stage": "primary", "year": 2022, "share": 25.0}),
         "too_large", "study_elsewhere", "row 1", "share"),
    Case("dwellings counted twice", _more("completions", {"place_id": "640422100950", "year": 2024, "units": 90}),
         "housing_twice", "completions", "row 1", "place_id"),
    Case("field count of the future", _more("field_counts", {"area_id": "640422100", "year": 2023, "stage": "primary",
         "counted": 90}), "year_future", "field_counts", "row 1", "year"),
    Case("month 13", _more("monthly_births", {"area_id": "640422100", "year": 2021, "month": 13, "births": 5}),
         "too_large", "monthly_births", "row 1", "month"),
    Case("teaching point unsaid", _cell("schools", 3, "grade_to", None), "grades_unsaid", "schools", "row 3", "grade_to"),
    Case("grades upside down", lambda t, _: (t.set("schools", 3, "grade_from", 4), t.set("schools", 3, "grade_to", 2)),
         "grades_turned", "schools", "row 3", "grade_to"),
    Case("primary with grade 9", _cell("schools", 1, "grade_to", 9), "grades_beyond_kind", "schools", "row 1", "grade_to"),
    Case("grade not taught", _cell("classes", 12, "grade", 5), "grade_not_taught", "classes", "row 12", "grade", "1-3"),
    Case("rooms of another stage", _cell("rooms", 1, "stage", "junior"), "stage_not_taught", "rooms", "row 1", "stage"),
    Case("more boarders than pupils", _cell("classes", 7, "boarders", 49), "boarders_exceed", "classes", "row 7", "boarders"),
    Case("enrolment of the future", _cell("enrolment", 1, "year", 2023), "year_future", "enrolment", "row 1", "year"),
    Case("births of the future", _cell("births", 2, "year", 2023), "year_future", "births", "row 2", "year"),
    Case("many alike", _many, "similar_more", "children", "", "children", "59"),
    # rasters
    Case("raster without CRS", _raster(np.ones((100, 200)), crs=None), "raster_no_crs", "population", "", "crs"),
    Case("raster elsewhere", _raster(np.ones((5, 5)), corner=(200_000, 3_000_000)), "raster_elsewhere", "population"),
    Case("three bands", _raster(np.ones((3, 5, 5))), "raster_bands", "population"),
    Case("negative population", _raster([[1, -9999.0], [2, 3]]), "raster_values", "population", says="-9999"),
    Case("only no-data", _raster(np.full((5, 5), -9999.0), nodata=-9999.0), "raster_empty", "population"),
    Case("raster in disguise", lambda t, f: (_raster(np.ones((5, 5)))(t, f),
         (f / "population.tif").write_bytes(b"<VRTDataset/>")), "file_disguised", "population", "", "file"),
    Case("raster cut off", lambda t, f: (_raster(np.ones((100, 200)))(t, f),
         (f / "population.tif").write_bytes((f / "population.tif").read_bytes()[:9000])), "file_unreadable", "population",
         "", "file"),
)  # fmt: skip
