"""A county small enough to work out by hand: one straight road, two schools, four places.

North is always 0 but for place p4, which lies 100 m off the road. East in metres:

    p1,a--------p2----------|----------p3--------b--------p4
    0  500     1000       2000        3000     3500     4000

School ``a`` (primary, in township t1) stands at 500, ``b`` (nine-year, in t2) at 3500.
Every place has the same number of children at every age from 0 to 15: p1 10, p2 20, p3 30, p4 5;
births have been constant, so the demand of a place is that number in every grade and year.
"""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import LineString, Point, box

from layoutplan.access.travel import Travel
from layoutplan.county.layers import County
from layoutplan.county.tables import AGES

CRS = "EPSG:4544"
CHILDREN = {"p1": 10.0, "p2": 20.0, "p3": 30.0, "p4": 5.0}
STAFF = ("teachers", "degree_teachers", "key_teachers", "arts_sports_teachers", "multimedia_rooms")
CLASSES = {"a": [30, 46, 30, 30, 30, 30], "b": [35] * 6 + [56, 66, 35]}


def geo(rows: list[dict], geometry: list) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(rows, geometry=geometry, crs=CRS)


def schools() -> gpd.GeoDataFrame:
    missing = dict.fromkeys(
        [
            "community_id",
            "boarding_beds",
            "canteen_seats",
            "site_m2",
            "teaching_m2",
            "sports_m2",
            "equipment_yuan",
            "staff",
        ]
    )
    rows = [
        {
            "school_id": "a",
            "name": "A",
            "kind": "primary",
            "setting": "village",
            "township_id": "t1",
            "grade_from": 1,
            "grade_to": 6,
        },
        {
            "school_id": "b",
            "name": "B",
            "kind": "nine_year",
            "setting": "town",
            "township_id": "t2",
            "grade_from": 1,
            "grade_to": 9,
        },
    ]
    frame = geo([row | missing for row in rows], [Point(500, 0), Point(3500, 0)])
    whole = dict.fromkeys(("grade_from", "grade_to", "boarding_beds", "canteen_seats", "staff"), "Int64")
    return frame.astype(whole)


def places() -> gpd.GeoDataFrame:
    rows = [
        {
            "place_id": place_id,
            "name": place_id.upper(),
            "kind": "village",
            "township_id": township,
            "households": households,
            "planned_households": None,
            "origin_place_id": None,
        }
        for place_id, township, households in (
            ("p1", "t1", 100),
            ("p2", "t1", 200),
            ("p3", "t2", 300),
            ("p4", "t2", 50),
        )
    ]
    frame = geo(rows, [Point(0, 0), Point(1000, 0), Point(3000, 0), Point(4000, 100)])
    return frame.astype({"households": "Int64", "planned_households": "Int64", "origin_place_id": object})


def roads() -> gpd.GeoDataFrame:
    ends = [(0, 1000), (1000, 2000), (2000, 3000), (3000, 4000)]
    rows = [
        {
            "road_id": f"r{i}",
            "class": "county",
            "surface": "paved",
            "drive_kmh": 30.0,
            "oneway": False,
            "winter_open": None,
            "walk": None,
            "drive": None,
        }
        for i in range(len(ends))
    ]
    return geo(rows, [LineString([(west, 0), (east, 0)]) for west, east in ends])


def county(**changes: object) -> County:
    """Return the toy county, some of its layers replaced."""
    classes = [(s, g, 1, pupils) for s, sizes in CLASSES.items() for g, pupils in enumerate(sizes, start=1)]
    rooms = [("a", "primary", 6), ("b", "junior", 3), ("b", "primary", 6)]
    base = County(
        name="玩具县", name_en="Toy County", crs=CRS, base_year=2022, synthetic=True, as_of={"schools": "2022-09-20"},
        schools=schools(),
        rooms=pd.DataFrame(rooms, columns=["school_id", "stage", "rooms"]).assign(
            **{name: pd.array([pd.NA] * 3, dtype="Int64") for name in STAFF}
        ),
        classes=pd.DataFrame(classes, columns=["school_id", "grade", "class_no", "pupils"]).assign(boarders=0),
        enrolment=pd.DataFrame({"school_id": [], "year": [], "grade": [], "pupils": [], "classes": []}).astype(
            {"school_id": str, "year": int, "grade": int, "pupils": int, "classes": "Int64"}
        ),
        places=places(),
        move_in=pd.DataFrame({"place_id": [], "year": [], "households": []}).astype(
            {"place_id": str, "year": int, "households": int}
        ),
        children=pd.DataFrame(
            [(place, age, count, "register") for place, count in CHILDREN.items() for age in AGES],
            columns=["place_id", "age", "children", "source"],
        ),
        births=pd.DataFrame(
            [(t, year, 100) for t in ("t1", "t2") for year in range(2007, 2023)], columns=["area_id", "year", "births"]
        ),
        roads=roads(),
        townships=geo(
            [{"township_id": "t1", "name": "甲乡"}, {"township_id": "t2", "name": "乙乡"}],
            [box(-500, -500, 2000, 500), box(2000, -500, 4500, 500)],
        ),
        zones=gpd.GeoDataFrame({"zone_id": [], "school_id": [], "stage": []}, geometry=[], crs=CRS),
        communities=pd.DataFrame({"community_id": [], "name": [], "lead_school_id": []}),
        rasters={}, fingerprint="toy",
    )  # fmt: skip
    return replace(base, **changes)


def ways_of(pairs: dict[tuple[str, str], float]) -> Travel:
    """Return the ways of ``{(place, school): minutes}``, nearest first."""
    places, schools = (tuple(sorted({key[at] for key in pairs})) for at in (0, 1))
    ranked = sorted(pairs.items(), key=lambda item: (item[0][0], item[1], item[0][1]))
    count = [sum(place == key[0] for key, _ in ranked) for place in places]
    minutes = np.array([value for _, value in ranked])
    cost = (minutes * 60_000).astype(np.int64)
    return Travel(
        "walk", places, schools, np.concatenate([[0], np.cumsum(count)]).astype(np.int64),
        np.array([schools.index(key[1]) for key, _ in ranked], dtype=np.int64), cost, cost, minutes, {},
    )  # fmt: skip
