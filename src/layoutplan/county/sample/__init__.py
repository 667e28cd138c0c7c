"""The sample county: a made-up county in the shape of Xiji, with problems planted on purpose."""

from __future__ import annotations

from importlib.resources import files as resources
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from layoutplan.county.sample import files
from layoutplan.county.sample.borders import place_seats, tile_townships
from layoutplan.county.sample.capacity import describe_schools, draw_zones, form_communities, furnish_rooms
from layoutplan.county.sample.counts import count_on_the_spot, list_control_totals
from layoutplan.county.sample.facts import CRS
from layoutplan.county.sample.people import (
    count_births,
    count_children,
    draw_places,
    list_move_in,
    list_places,
    project,
)
from layoutplan.county.sample.planted import list_planted, planted_toml
from layoutplan.county.sample.pupils import empty_for_a_year, enrol, form_classes, past_counts
from layoutplan.county.sample.roads import lay_lattice, road_table
from layoutplan.county.sample.schools import list_schools, walk_to_schools
from layoutplan.county.sample.settle import settle
from layoutplan.county.sample.streets import lay_streets
from layoutplan.county.sample.terrain import draw_outline, shape_relief

__all__ = ["write_sample"]


def write_sample(folder: Path) -> None:
    """Write the sample county into a folder: ``county.toml``, its layers, ``planted.toml`` and ``SOURCES.md``.

    Parameters
    ----------
    folder : Path
        Made if it is not there; files of the same names are replaced.

    Notes
    -----
    Everything is drawn from fixed seeds, so every run with the same libraries writes the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    relief, outline = shape_relief(), draw_outline()
    seats = place_seats(relief)
    townships = tile_townships(relief, outline, seats)
    towns = lay_streets(relief, seats)
    ground = settle(lay_lattice(relief, outline, towns, seats), list(townships.geometry))
    places = list_places(ground, towns)
    schools = list_schools(ground, towns, places)
    births = count_births()
    children = count_children(places, births)
    walks = walk_to_schools(ground, places, schools)
    pupils = enrol(schools, places, children, walks)
    looks_empty = empty_for_a_year(schools, pupils)
    classes = form_classes(schools, pupils)
    rooms = furnish_rooms(schools, places, classes, project(places, children, births), walks)
    communities, member = form_communities(schools)
    schools = describe_schools(schools, rooms, classes).assign(community_id=member)
    homes, sites = draw_places(places)
    files.write_map(townships, folder / "townships.gpkg")
    files.write_map(homes, folder / "residential.gpkg")
    files.write_map(sites, folder / "resettlement.fgb")
    files.write_map(road_table(ground.lattice, ground.built, ground.lines, towns), folder / "roads.fgb")
    files.write_map(_school_points(schools), folder / "schools.gpkg")
    files.write_map(draw_zones(schools, towns[0]), folder / "zones.gpkg")
    headings = {
        "school_id": "学校标识码",
        "grade": "年级",
        "class_no": "班号",
        "pupils": "学生数",
        "boarders": "寄宿生数",
    }
    files.write_table(classes.rename(columns=headings), folder / "classes.csv")
    files.write_table(past_counts(schools, pupils, classes, looks_empty), folder / "enrolment.csv")
    files.write_table(rooms, folder / "rooms.csv")
    files.write_table(communities, folder / "communities.csv")
    files.write_table(list_move_in(places), folder / "move_in.csv")
    files.write_table(_children_rows(places, children), folder / "children.csv")
    files.write_table(births[births["year"] >= 2007], folder / "births.csv")
    files.write_table(list_control_totals(), folder / "control_totals.csv")
    files.write_table(count_on_the_spot(places, children, classes, schools), folder / "field_counts.csv")
    files.write_dem(relief, outline, folder / "dem.tif")
    files.write_population(places, relief, outline, folder / "population.tif")
    texts = resources("layoutplan") / "assets" / "sample"
    for name in ("county.toml", "SOURCES.md"):
        files.write_bytes(folder / name, (texts / name).read_bytes())
    planted = list_planted(schools, places, classes, looks_empty.tolist())
    files.write_bytes(folder / "planted.toml", planted_toml(planted).encode("utf-8"))


def _school_points(schools: pd.DataFrame) -> gpd.GeoDataFrame:
    columns = [
        "school_id", "name", "kind", "setting", "township_id", "community_id", "grade_from", "grade_to",
        "boarding_beds", "canteen_seats", "site_m2", "teaching_m2", "sports_m2", "equipment_yuan", "staff",
    ]  # fmt: skip
    points = gpd.points_from_xy(schools["east_m"], schools["north_m"])
    return gpd.GeoDataFrame(schools[columns], geometry=points, crs=CRS)


def _children_rows(places: pd.DataFrame, children: npt.NDArray[np.int64]) -> pd.DataFrame:
    source = places["kind"].map(
        {"village": "register", "town": "register", "housing": "estimate", "resettlement": "census"}
    )
    return pd.DataFrame(
        [
            (place_id, age, int(children[at, age]), origin)
            for at, (place_id, origin) in enumerate(zip(places["place_id"], source, strict=True))
            for age in range(children.shape[1])
        ],
        columns=["place_id", "age", "children", "source"],
    )
