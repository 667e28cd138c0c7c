"""A county made up for its size: 2,000 places, 50,880 pieces of road, 250 schools, in the layers a county hands in.

Run ``python benchmarks/large_county.py FOLDER`` to write it; that takes a second or two. Winding roads on a bent grid,
places beside them, every child counted in the primary and junior school nearest by air. Drawn from one seed.
"""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyogrio
import shapely

import layoutplan  # noqa: F401  (sets which GDAL drivers may open files, before they load)

CRS, BASE_YEAR = "EPSG:4544", 2022
EAST_M, NORTH_M, SIDE_M = 500_000.0, 3_950_000.0, 100_000.0
TOWNSHIPS_A_SIDE = 5
PLACES, VILLAGE_SCHOOLS = 2_000, 200
NODES_A_SIDE = 160
Floats = npt.NDArray[np.float64]


def write_large(folder: Path, seed: int = 1) -> Path:
    """Write the county into a folder; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(seed)
    nodes = _nodes(chance)
    places = _places(nodes, chance)
    schools = _schools(places)
    children = chance.poisson(np.where(places["kind"] == "town", 30.0, 3.0)[:, None], size=(len(places), 16))
    frames = {
        "townships": _townships(),
        "roads": _roads(nodes, chance),
        "residential": places,
        "schools": schools,
        "rooms": _rooms(schools),
        "classes": _classes(schools, places, children),
        "children": _register(places, children),
        "births": _births(places, children),
    }
    for name, frame in frames.items():
        if isinstance(frame, gpd.GeoDataFrame):
            pyogrio.write_dataframe(frame, folder / f"{name}.gpkg", layer=name)
        else:
            frame.to_csv(folder / f"{name}.csv", index=False, encoding="utf-8")
    (folder / "county.toml").write_text(_manifest(frames), "utf-8")
    return folder


def _nodes(chance: np.random.Generator) -> Floats:
    """Return the junctions (metres), by row and column, shifted off their grid."""
    step = SIDE_M / (NODES_A_SIDE + 1)
    east, north = np.meshgrid(*2 * [step * np.arange(1, NODES_A_SIDE + 1)])
    return np.stack([EAST_M + east, NORTH_M + north], axis=-1) + chance.uniform(-0.25, 0.25, (*east.shape, 2)) * step


def _roads(nodes: Floats, chance: np.random.Generator) -> gpd.GeoDataFrame:
    """Join neighbours by winding lines; every sixteenth row and column is a county road, every fourth a township's."""
    lines, classes = [], []
    for first, second in ((nodes[:, :-1], nodes[:, 1:]), (nodes[:-1].swapaxes(0, 1), nodes[1:].swapaxes(0, 1))):
        share = np.linspace(0, 1, 5)[:, None]
        way = first[..., None, :] * (1 - share) + second[..., None, :] * share
        way[..., 1:-1, :] += chance.uniform(-40, 40, way[..., 1:-1, :].shape)
        lines.append(shapely.linestrings(way).ravel())
        rank = np.arange(way.shape[0])
        kinds = np.where(rank % 16 == 8, "county", np.where(rank % 4 == 0, "township", "village"))
        classes.append(np.repeat(kinds, way.shape[1]))
    kinds = np.concatenate(classes)
    table = pd.DataFrame(
        {
            "road_id": [f"r{at}" for at in range(len(kinds))],
            "class": kinds,
            "surface": np.where(kinds == "village", "gravel", "paved"),
            "drive_kmh": np.where(kinds == "county", 60.0, np.where(kinds == "township", 40.0, 25.0)),
            "oneway": False,
        }
    )
    return gpd.GeoDataFrame(table, geometry=np.concatenate(lines), crs=CRS)


def _township_of(spots: Floats) -> list[str]:
    column, row = np.floor((spots - (EAST_M, NORTH_M)) / (SIDE_M / TOWNSHIPS_A_SIDE)).astype(int).T
    return [f"640499{100 + at}" for at in (row * TOWNSHIPS_A_SIDE + column).tolist()]


def _townships() -> gpd.GeoDataFrame:
    width = SIDE_M / TOWNSHIPS_A_SIDE
    corners = [
        (EAST_M + width * e, NORTH_M + width * n) for n in range(TOWNSHIPS_A_SIDE) for e in range(TOWNSHIPS_A_SIDE)
    ]
    table = pd.DataFrame({"township_id": [f"640499{100 + at}" for at in range(len(corners))]})
    table["name"] = [f"第{at + 1}乡" for at in range(len(corners))]
    return gpd.GeoDataFrame(table, geometry=[shapely.box(e, n, e + width, n + width) for e, n in corners], crs=CRS)


def _places(nodes: Floats, chance: np.random.Generator) -> gpd.GeoDataFrame:
    """Put the places beside junctions; the one nearest a township's middle is its town."""
    picked = chance.choice(NODES_A_SIDE**2, PLACES, replace=False)
    spots = nodes.reshape(-1, 2)[picked] + chance.uniform(-100, 100, (PLACES, 2))
    frame = pd.DataFrame({"township_id": _township_of(spots), "kind": "village"})
    width = SIDE_M / TOWNSHIPS_A_SIDE
    off = np.abs((spots - (EAST_M, NORTH_M)) % width - width / 2).sum(axis=1)
    frame.loc[pd.Series(off).groupby(frame["township_id"]).idxmin(), "kind"] = "town"
    number = frame.groupby("township_id").cumcount() + 1
    frame["place_id"] = frame["township_id"] + number.map("{:03d}".format)
    frame["name"] = [f"{kind}{at + 1}" for at, kind in enumerate(frame["kind"].map({"town": "镇", "village": "村"}))]
    frame["households"] = np.where(frame["kind"] == "town", 900, 90)
    return gpd.GeoDataFrame(frame, geometry=shapely.points(spots), crs=CRS)


def _schools(places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give every town a primary and a junior school, and villages spread over the list a primary school."""
    towns, villages = places[places["kind"] == "town"], places[places["kind"] == "village"]
    spread = villages.iloc[:: len(villages) // VILLAGE_SCHOOLS].head(VILLAGE_SCHOOLS)
    parts = [
        (towns, "primary", "town", "2164000", (60.0, 0.0)),
        (towns, "junior", "town", "3164000", (0.0, 60.0)),
        (spread, "primary", "village", "2164100", (30.0, 30.0)),
    ]
    frames = []
    for where, kind, setting, head, aside in parts:
        table = pd.DataFrame({"township_id": where["township_id"].to_numpy(), "kind": kind, "setting": setting})
        table["school_id"] = [f"{head}{at:03d}" for at in range(len(table))]
        table["name"] = [f"{place}{'小学' if kind == 'primary' else '中学'}" for place in where["name"]]
        table["boarding_beds"] = 200 if kind == "junior" else 0
        table["site_m2"] = 15_000.0
        frames.append(gpd.GeoDataFrame(table, geometry=where.geometry.translate(*aside).to_numpy(), crs=CRS))
    return pd.concat(frames, ignore_index=True)


def _rooms(schools: gpd.GeoDataFrame) -> pd.DataFrame:
    rooms = np.where(schools["setting"] == "town", 36, 8)
    return pd.DataFrame({"school_id": schools["school_id"], "stage": schools["kind"], "rooms": rooms})


def _classes(schools: gpd.GeoDataFrame, places: gpd.GeoDataFrame, children: npt.NDArray[np.int64]) -> pd.DataFrame:
    """Count every child of a grade in the school nearest by air, in classes as even as can be."""
    rows = []
    for kind, grades in (("primary", range(1, 7)), ("junior", range(7, 10))):
        mine = schools[schools["kind"] == kind].reset_index(drop=True)
        nearest, school = mine.sindex.nearest(places.geometry, return_all=False)
        for grade in grades:
            total = np.bincount(school, weights=children[nearest, grade + 5], minlength=len(mine)).astype(int)
            for school_id, pupils in zip(mine["school_id"], total.tolist(), strict=True):
                count = -(-pupils // 50)
                sizes = [pupils // count + (at < pupils % count) for at in range(count)] if count else []
                rows += [(school_id, grade, at, size, 0) for at, size in enumerate(sizes, start=1)]
    return pd.DataFrame(rows, columns=["school_id", "grade", "class_no", "pupils", "boarders"])


def _register(places: gpd.GeoDataFrame, children: npt.NDArray[np.int64]) -> pd.DataFrame:
    ages = children.shape[1]
    return pd.DataFrame(
        {
            "place_id": np.repeat(places["place_id"].to_numpy(), ages),
            "age": np.tile(np.arange(ages), len(places)),
            "children": children.ravel(),
            "source": "register",
        }
    )


def _births(places: gpd.GeoDataFrame, children: npt.NDArray[np.int64]) -> pd.DataFrame:
    by_township = pd.DataFrame(children).groupby(places["township_id"].to_numpy()).sum()
    rows = [
        (area, BASE_YEAR - 1 - age, int(count))
        for area, counts in by_township.iterrows()
        for age, count in enumerate(counts.tolist())
    ]
    return pd.DataFrame(rows, columns=["area_id", "year", "births"])


def _manifest(frames: dict[str, pd.DataFrame]) -> str:
    head = [
        "[county]", 'name = "大县（合成）"', 'name_en = "Large County (synthetic)"', f'crs = "{CRS}"',
        f"base_year = {BASE_YEAR}", "synthetic = true",
    ]  # fmt: skip
    for name, frame in frames.items():
        ending = "gpkg" if isinstance(frame, gpd.GeoDataFrame) else "csv"
        date = dt.date(BASE_YEAR, 9, 20).isoformat()
        head += ["", f"[layers.{name}]", f'file = "{name}.{ending}"', f"as_of = {date}"]
    return "\n".join(head) + "\n"


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("folder", type=Path)
    write_large(given.parse_args().folder)


if __name__ == "__main__":
    main()
