"""Porto Alegre, Brazil, as a county folder: real roads, people and schools; the rest assumed and said so.

What is real: the roads (OpenStreetMap), the population of every hexagon, and how many public
schools stand in it. What is assumed, because the source does not say:

* every year of age from 0 to 15 is 1.1 % of the population of a hexagon (source ``estimate``);
* all schools of one hexagon are one nine-year school at its centre;
* every public school has two classes a grade, and the children of a grade are spread evenly over
  all classes of the city; it has 12 primary and 6 junior classrooms;
* the city is one township, the hull of its hexagons and 500 m around.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from layoutplan.county.osm import import_osm

CRS = "EPSG:32722"
BASE_YEAR = 2019
SHARE_OF_AGE = 0.011
CLASSES_A_GRADE = 2
ROOMS = {"primary": 12, "junior": 6}
_MANIFEST = """\
[county]
name = "阿雷格里港"
name_en = "Porto Alegre"
crs = "{crs}"
base_year = {year}
synthetic = false

[layers.schools]
file = "schools.csv"
as_of = {year}-12-31
crs = "EPSG:4326"
east = "lon"
north = "lat"

[layers.schools.fill]
kind = "nine_year"
setting = "county_town"
township_id = "poa"

[layers.residential]
file = "residential.csv"
as_of = {year}-12-31
crs = "EPSG:4326"
east = "lon"
north = "lat"

[layers.residential.columns]
place_id = "id"

[layers.residential.fill]
kind = "town"
township_id = "poa"

[layers.roads]
file = "roads.gpkg"
as_of = 2020-08-12

[layers.townships]
file = "townships.gpkg"
as_of = {year}-12-31

[layers.rooms]
file = "rooms.csv"
as_of = {year}-12-31

[layers.classes]
file = "classes.csv"
as_of = {year}-12-31

[layers.children]
file = "children.csv"
as_of = {year}-12-31

[layers.children.fill]
source = "estimate"
"""


_DEM = """
[rasters.dem]
file = "poa_elevation.tif"
as_of = {year}-12-31
"""


def find_source() -> Path | None:
    """Return the folder of the shared data, above this file; None where it is not there."""
    for folder in Path(__file__).resolve().parents:
        source = folder / "shared" / "data" / "porto_alegre"
        if (source / "poa_osm.pbf").is_file():
            return source
    return None


def read_hexagons(source: Path) -> pd.DataFrame:
    """Return ``id, lon, lat, population, schools`` of every hexagon, sorted by id."""
    columns = ["id", "lon", "lat", "population", "schools"]
    return pd.read_csv(source / "poa_hexgrid.csv", usecols=columns)[columns].sort_values("id", ignore_index=True)


def write_county(folder: Path, source: Path, *, hills: bool = False) -> None:
    """Write the county folder, ready for ``layoutplan run``; with the elevation raster if told so."""
    folder.mkdir(parents=True, exist_ok=True)
    hexagons = read_hexagons(source)
    homes = hexagons[hexagons["population"] > 0]
    sites = hexagons[hexagons["schools"] > 0]
    import_osm(source / "poa_osm.pbf", folder / "roads.gpkg")
    _write(folder / "residential.csv", homes.assign(name="Hex " + homes["id"])[["id", "name", "lon", "lat"]])
    names = "Escola " + sites["id"]
    _write(
        folder / "schools.csv",
        sites.assign(school_id="s" + sites["id"], name=names)[["school_id", "name", "lon", "lat"]],
    )
    _write(folder / "children.csv", _children(homes))
    _write(folder / "classes.csv", _classes(sites, pupils_a_grade=round(homes["population"].sum() * SHARE_OF_AGE)))
    rooms = [
        ("s" + site.id, stage, rooms * site.schools) for site in sites.itertuples() for stage, rooms in ROOMS.items()
    ]
    _write(folder / "rooms.csv", pd.DataFrame(rooms, columns=["school_id", "stage", "rooms"]))
    points = gpd.GeoSeries(gpd.points_from_xy(hexagons["lon"], hexagons["lat"]), crs="EPSG:4326").to_crs(CRS)
    outline = points.union_all().convex_hull.buffer(500)
    city = gpd.GeoDataFrame({"township_id": ["poa"], "name": ["Porto Alegre"]}, geometry=[outline], crs=CRS)
    city.to_file(folder / "townships.gpkg", layer="townships", driver="GPKG")
    manifest = _MANIFEST + _DEM if hills else _MANIFEST
    (folder / "county.toml").write_text(manifest.format(crs=CRS, year=BASE_YEAR), encoding="utf-8")
    if hills:
        shutil.copyfile(source / "poa_elevation.tif", folder / "poa_elevation.tif")


def _children(homes: pd.DataFrame) -> pd.DataFrame:
    ages = pd.DataFrame({"age": range(16)})
    table = homes[["id", "population"]].merge(ages, how="cross")
    return pd.DataFrame(
        {"place_id": table["id"], "age": table["age"], "children": (table["population"] * SHARE_OF_AGE).round(3)}
    )


def _classes(sites: pd.DataFrame, *, pupils_a_grade: int) -> pd.DataFrame:
    """Spread the pupils of a grade over all classes so that whole numbers keep the total."""
    count = sites["schools"].to_numpy() * CLASSES_A_GRADE
    school = np.repeat("s" + sites["id"].to_numpy(), count)
    class_no = np.arange(len(school)) - np.repeat(np.cumsum(count) - count, count) + 1
    pupils = np.diff(np.arange(len(school) + 1) * pupils_a_grade // len(school))
    one_grade = pd.DataFrame({"school_id": school, "class_no": class_no, "pupils": pupils})
    grades = pd.DataFrame({"grade": range(1, 10)})
    return grades.merge(one_grade, how="cross")[["school_id", "grade", "class_no", "pupils"]]


def _write(path: Path, table: pd.DataFrame) -> None:
    table.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
