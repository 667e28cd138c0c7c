"""A county small enough to know by heart, written to disk by code so that a test can spoil one thing."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import tempfile
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import rasterio
from affine import Affine
from shapely.geometry import LineString, Point, box

import layoutplan  # noqa: F401  (sets which GDAL drivers may open files, before they load)

EAST_M, NORTH_M = 564_000, 3_982_000
CRS = "EPSG:4544"


def at(east_km: float, north_km: float) -> Point:
    """Return a point by kilometres from the toy county's south-west corner."""
    return Point(EAST_M + 1000 * east_km, NORTH_M + 1000 * north_km)


def _layer(rows: list[dict[str, Any]], shapes: list[Any]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(pd.DataFrame(rows), geometry=shapes, crs=CRS)


def _frames() -> dict[str, pd.DataFrame]:
    corner = at(0, 0)
    west = box(corner.x, corner.y, corner.x + 10_000, corner.y + 10_000)
    east = box(corner.x + 10_000, corner.y, corner.x + 20_000, corner.y + 10_000)
    schools = [
        {
            "school_id": "2164000001",
            "name": "吉强一小",
            "kind": "primary",
            "setting": "county_town",
            "township_id": "640422100",
        },
        {
            "school_id": "3164000001",
            "name": "西吉二中",
            "kind": "junior",
            "setting": "county_town",
            "township_id": "640422100",
        },
        {
            "school_id": "2164000002",
            "name": "上堡教学点",
            "kind": "teaching_point",
            "setting": "village",
            "township_id": "640422200",
        },
    ]
    for school, beds, span in zip(schools, (0, 300, 0), ((None, None), (None, None), (1, 3)), strict=True):
        school |= {"boarding_beds": beds, "grade_from": span[0], "grade_to": span[1], "site_m2": 12_000.5}
    classes = [("2164000001", grade, 1, 40, 0) for grade in range(1, 7)]
    classes += [("3164000001", grade, 1, 48, 20) for grade in range(7, 10)]
    classes += [("2164000002", grade, 1, 5, 0) for grade in range(1, 4)]
    places = [
        {"place_id": "640422100001", "name": "城关", "kind": "town", "township_id": "640422100", "households": 900},
        {"place_id": "640422200001", "name": "上堡", "kind": "village", "township_id": "640422200", "households": 120},
        {
            "place_id": "640422100900",
            "name": "新苑小区",
            "kind": "housing",
            "township_id": "640422100",
            "households": 60,
        },
    ]
    site = {"place_id": "640422100950", "name": "吉德安置点", "township_id": "640422100", "households": 80,
            "planned_households": 200, "origin_place_id": "640422200001"}  # fmt: skip
    roads = [
        {"road_id": "r1", "class": "county", "surface": "paved", "drive_kmh": 40.0, "oneway": False},
        {"road_id": "r2", "class": "village", "surface": "gravel", "drive_kmh": None, "oneway": False},
        {"road_id": "r3", "class": "street", "surface": "paved", "drive_kmh": 30.0, "oneway": True},
    ]
    lines = [LineString([at(1, 5), at(19, 5)]), LineString([at(15, 5), at(15, 8)]), LineString([at(5, 5), at(5, 6)])]
    children = [(place["place_id"], age, 4.0, "register") for place in (*places, site) for age in range(16)]
    return {
        "townships": _layer(
            [{"township_id": "640422100", "name": "吉强镇"}, {"township_id": "640422200", "name": "新营乡"}],
            [west, east],
        ),
        "schools": _layer(schools, [at(5, 5.1), at(6, 5.1), at(15, 7)]),
        "rooms": pd.DataFrame(
            [("2164000001", "primary", 8), ("3164000001", "junior", 6), ("2164000002", "primary", 3)],
            columns=["school_id", "stage", "rooms"],
        ),
        "classes": pd.DataFrame(classes, columns=["school_id", "grade", "class_no", "pupils", "boarders"]),
        "enrolment": pd.DataFrame(
            [("2164000001", 2020, 1, 42), ("2164000001", 2021, 1, 41)], columns=["school_id", "year", "grade", "pupils"]
        ),
        "residential": _layer(places, [at(5, 5), at(15, 8), at(7, 5.2).buffer(100)]),
        "resettlement": _layer([site], [at(8, 5.1)]),
        "move_in": pd.DataFrame(
            [("640422100950", 2022, 80), ("640422100950", 2024, 200)], columns=["place_id", "year", "households"]
        ),
        "children": pd.DataFrame(children, columns=["place_id", "age", "children", "source"]),
        "births": pd.DataFrame(
            [("640422100", 2021, 66), ("640422200", 2021, 9)], columns=["area_id", "year", "births"]
        ),
        "roads": _layer(roads, lines),
    }


def _manifest(frames: dict[str, pd.DataFrame]) -> dict[str, Any]:
    header = {"name": "玩具县", "name_en": "Toy County", "crs": CRS, "base_year": 2022, "synthetic": True}
    layers = {
        name: {
            "file": f"{name}.{'gpkg' if isinstance(frame, gpd.GeoDataFrame) else 'csv'}",
            "as_of": dt.date(2022, 9, 20),
        }
        for name, frame in frames.items()
    }
    return {"county": header, "layers": layers}


@dataclass
class Toy:
    """The toy county before it is written: frames and the tree of ``county.toml``."""

    frames: dict[str, pd.DataFrame]
    manifest: dict[str, Any]

    def set(self, layer: str, row: int, column: str, value: Any) -> None:
        """Put a value into a cell; the first row is 1."""
        frame = self.frames[layer].copy()
        if column != "geometry":
            frame[column] = frame[column].astype("object")
        frame.loc[frame.index[row - 1], [column]] = [value]
        self.frames[layer] = frame

    def entry(self, layer: str, /, **values: Any) -> dict[str, Any]:
        """Change what ``county.toml`` says of a layer, and return it."""
        self.manifest["layers"][layer] |= values
        return self.manifest["layers"][layer]

    def write(self, folder: Path) -> Path:
        """Write every layer in the format its file name says, and ``county.toml``."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, frame in self.frames.items():
            if name in self.manifest["layers"]:
                file = Path(self.manifest["layers"][name]["file"]).name
                frames, written = _pristine()
                if frame is frames.get(name) and (Path(written.name) / file).is_file():
                    shutil.copyfile(Path(written.name) / file, folder / file)
                else:
                    write_layer(frame, folder / file)
        (folder / "county.toml").write_text(toml(self.manifest), "utf-8")
        return folder


def write_layer(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame in the format its suffix says."""
    if path.suffix == ".csv":
        table = pd.DataFrame(frame.drop(columns="geometry", errors="ignore"))
        if isinstance(frame, gpd.GeoDataFrame):
            table["east"], table["north"] = frame.geometry.x, frame.geometry.y
        table.to_csv(path, index=False, encoding="utf-8-sig")
    elif path.suffix == ".xlsx":
        frame.to_excel(path, index=False)
    elif path.suffix and isinstance(frame, gpd.GeoDataFrame):
        plain = frame.infer_objects()
        options = {"COORDINATE_PRECISION": 15} if path.suffix in (".geojson", ".json") else {}
        with warnings.catch_warnings():
            # A layer without CRS and a shapefile with cut names are what some tests are about.
            warnings.simplefilter("ignore")
            pyogrio.write_dataframe(plain, path, layer=path.stem, **options)


def write_raster(path: Path, values: Any, *, crs: str | None = CRS, **options: Any) -> None:
    """Write a raster of 100 m cells whose north-west corner is the toy county's."""
    values = np.asarray(values, dtype="float32")
    corner = options.pop("corner", (EAST_M, NORTH_M + 10_000))
    form = {"driver": "GTiff", "height": values.shape[-2], "width": values.shape[-1], "dtype": "float32", "crs": crs}
    bands = values if values.ndim == 3 else values[None]
    with rasterio.open(
        path, "w", count=len(bands), transform=Affine(100, 0, corner[0], 0, -100, corner[1]), **form, **options
    ) as raster:
        raster.write(bands)


def toml(tree: dict[str, Any], prefix: str = "") -> str:
    """Return a tree of tables, texts, numbers, flags and dates as TOML."""
    plain = {key: value for key, value in tree.items() if not isinstance(value, dict)}
    lines = [f"[{prefix}]"] if prefix and (plain or not tree) else []
    lines += [f"{_key(key)} = {_word(value)}" for key, value in plain.items()]
    for key, value in tree.items():
        if isinstance(value, dict):
            lines.append(toml(value, f"{prefix}.{_key(key)}" if prefix else _key(key)))
    return "\n".join(lines)


def _key(key: str) -> str:
    return (
        key
        if key.replace("_", "a").isascii() and key.replace("_", "a").isalnum()
        else json.dumps(key, ensure_ascii=False)
    )


def _word(value: Any) -> str:
    if isinstance(value, dt.date):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False)


@cache
def _pristine() -> tuple[dict[str, pd.DataFrame], tempfile.TemporaryDirectory[str]]:
    """Return the toy county's frames and a folder that holds them written, made once a run."""
    frames, folder = _frames(), tempfile.TemporaryDirectory()
    for name, entry in _manifest(frames)["layers"].items():
        write_layer(frames[name], Path(folder.name) / entry["file"])
    return frames, folder


def toy() -> Toy:
    """Return a fresh toy county; replace its frames, do not write into them."""
    frames, _ = _pristine()
    return Toy(dict(frames), _manifest(frames))
