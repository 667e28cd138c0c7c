"""Rooms, teachers, beds, areas and equipment of the sample schools, and their communities and zones."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from layoutplan.county.sample.facts import BASE_YEAR, COUNTY_TOWN, CRS, GAP_TOWNSHIP, TOWNSHIPS, generator, rows_of
from layoutplan.county.sample.streets import Town

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

STAGES = ("primary", "junior")
SEATS = {"primary": 45, "junior": 50}
POINT_SEATS = 30
# Seats are kept this far above or below the demand, so that no rounding turns a verdict.
AMPLE, SHORT = 1.20, 1.07
GAP_YEAR = 2025


def furnish_rooms(
    schools: pd.DataFrame, places: pd.DataFrame, classes: pd.DataFrame, demand: Floats, walks: Floats
) -> pd.DataFrame:
    """Return the rooms and teachers of every school and stage; seats fall short only where that is planted.

    Parameters
    ----------
    schools, places, classes : DataFrame
        As built so far.
    demand : float64 [year from 2022, grade, place]
        Resident pupils.
    walks : float64 [place, school]
        Metres.
    """
    rooms = _usual_rooms(schools, classes)
    wanted = _wanted_rooms(schools, rooms, demand, walks)
    foresight = ~rooms["role"].isin(["vacant", "decoy", "town"]) & ~rooms["tight"]
    rooms["rooms"] = np.where(foresight, np.maximum(rooms["rooms"], wanted), rooms["rooms"])
    # Rooms of the county town are shared out half by the classes there are, half by those to come.
    rooms["weight"] = np.where(rooms["role"] == "town", (rooms["formed"] + wanted) / 2, rooms["rooms"])
    for township in TOWNSHIPS:
        here = (places["township_id"] == township.code).to_numpy()
        for stage in STAGES:
            grades = slice(0, 6) if stage == "primary" else slice(6, 9)
            need = demand[:, grades][:, :, here].sum(axis=(1, 2))
            mine = rooms["school_id"].isin(schools.loc[schools["township_id"] == township.code, "school_id"])
            _fit(rooms, mine & (rooms["stage"] == stage), need, (township.code, stage))
    teachers = [_teachers(row) for row in rows_of(rooms)]
    return _resources(rooms.assign(teachers=teachers))


def _resources(rooms: pd.DataFrame) -> pd.DataFrame:
    """Add teachers by qualification and multimedia rooms; schools that teach nobody left their form blank."""
    rng = generator(61)
    town, primary = (rooms["role"] == "town").to_numpy(), (rooms["stage"] == "primary").to_numpy()
    teachers, pupils = rooms["teachers"].to_numpy(float), rooms["pupils"].to_numpy(float)
    share = rng.normal(np.where(town, 0.87, 0.80), 0.06).clip(0.4, 1.0)
    key = pupils / 100 * rng.normal(np.where(town, 1.25, 0.95), 0.3).clip(0.0, 3.0)
    arts = pupils / 100 * rng.normal(np.where(town, 1.0, 0.9), 0.25).clip(0.0, 3.0)
    wired = np.minimum(rooms["rooms"], rooms["formed"]) * rng.normal(np.where(primary, 0.98, 1.05), 0.08).clip(0.5, 1.2)
    filled = {
        "degree_teachers": np.minimum(teachers, np.round(teachers * share)),
        "key_teachers": np.minimum(teachers, np.round(key)),
        "arts_sports_teachers": np.minimum(teachers, np.round(arts)),
        "multimedia_rooms": np.round(wired),
    }
    known = rooms["pupils"].to_numpy() > 0
    added = {name: pd.array(np.where(known, values, np.nan), dtype="Int64") for name, values in filled.items()}
    return rooms.assign(**added)[["school_id", "stage", "rooms", "teachers", *filled]]


def _wanted_rooms(schools: pd.DataFrame, rooms: pd.DataFrame, demand: Floats, walks: Floats) -> Ints:
    """Return the classes of every row of ``rooms`` in its fullest year, if children go to the nearest school."""
    open_now = ((schools["role"] != "vacant") & (schools["kind"] != "special")).to_numpy()
    near = np.zeros((demand.shape[0], 9, len(schools)))
    for grade in range(1, 10):
        teaches = open_now & ((schools["grade_from"] <= grade) & (schools["grade_to"] >= grade)).to_numpy()
        reach = np.where(teaches, walks, np.inf)
        nearest, found = np.argmin(reach, axis=1), np.isfinite(reach.min(axis=1))
        for year in range(demand.shape[0]):
            near[year, grade - 1] = np.bincount(nearest[found], demand[year, grade - 1, found], minlength=len(schools))
    position = {school_id: at for at, school_id in enumerate(schools["school_id"])}
    wanted = []
    for row in rows_of(rooms):
        grades = slice(0, 6) if row.stage == "primary" else slice(6, 9)
        wanted.append(np.ceil(near[:, grades, position[row.school_id]] / (row.seats - 1)).sum(axis=1).max())
    return np.array(wanted).astype(np.int64)


def _usual_rooms(schools: pd.DataFrame, classes: pd.DataFrame) -> pd.DataFrame:
    """Return a row for every school and stage it teaches, with the rooms it would need and the seats of one."""
    stage_of = classes["grade"].map(lambda grade: "primary" if grade <= 6 else "junior")
    formed = classes.groupby(["school_id", stage_of])["class_no"].count().to_dict()
    taught = classes.groupby(["school_id", stage_of])["pupils"].sum().to_dict()
    rows = []
    for school in rows_of(schools):
        for stage in STAGES:
            first, last = (1, 6) if stage == "primary" else (7, 9)
            grades = min(last, school.grade_to) - max(first, school.grade_from) + 1
            if grades <= 0:
                continue
            number = formed.get((school.school_id, stage), 0)
            tight = school.township_id == GAP_TOWNSHIP and stage == "primary"
            spare = 0 if school.kind in ("teaching_point", "special") else 1
            seats = POINT_SEATS if school.kind == "teaching_point" else SEATS[stage]
            rooms = max(number, grades) + spare
            if tight and school.kind == "teaching_point":
                # Two grades sit in one room here (复式), so the township has few seats to spare.
                rooms = 2
            pupils = taught.get((school.school_id, stage), 0)
            rows.append((school.school_id, stage, rooms, seats, school.role, pupils, number, tight))
    names = ["school_id", "stage", "rooms", "seats", "role", "pupils", "formed", "tight"]
    return pd.DataFrame(rows, columns=names)


def _fit(rooms: pd.DataFrame, mine: pd.Series, need: Floats, subject: tuple[str, str]) -> None:
    """Add rooms at the central schools where seats are not ample, or take some where a gap is planted."""
    code, stage = subject
    open_now = mine & (rooms["role"] != "vacant")
    seats = int((rooms.loc[open_now, "rooms"] * rooms.loc[open_now, "seats"]).sum())
    large = rooms.index[open_now & rooms["role"].isin(["town", "central"]) & (rooms["pupils"] > 100)]
    if code == COUNTY_TOWN:
        target = need[0] / SHORT
    elif (code, stage) == (GAP_TOWNSHIP, "primary"):
        before, after = need[: GAP_YEAR - BASE_YEAR].max(), need[GAP_YEAR - BASE_YEAR]
        if after < 1.2 * before:
            raise ValueError("the resettlement sites bring too few children for the planted gap")
        target = np.sqrt(before * 1.03 * after)
    elif seats >= AMPLE * need.max():
        return
    else:
        target = AMPLE * need.max() + SEATS[stage]
    number = rooms.loc[large, "rooms"].sum() + int(np.floor((target - seats) / SEATS[stage]))
    share = rooms.loc[large, "weight"].to_numpy(float)
    rooms.loc[large, "rooms"] = _whole(number * share / share.sum())


def _whole(parts: Floats) -> Ints:
    whole = np.floor(parts).astype(np.int64)
    left = round(float(parts.sum())) - int(whole.sum())
    whole[np.argsort(-(parts - whole), kind="stable")[:left]] += 1
    return whole


def _teachers(row: Any) -> int:
    """Return full-time teachers: by pupils, and at least by classes where these are small."""
    if row.pupils == 0:
        return 1 if row.role == "vacant" else 0
    by_pupils = row.pupils / (19.0 if row.stage == "primary" else 13.5)
    by_class = row.formed * (1.1 if row.stage == "primary" else 2.2)
    return max(1, int(round(max(by_pupils, by_class if row.role != "town" else 0.0))))


def describe_schools(schools: pd.DataFrame, rooms: pd.DataFrame, classes: pd.DataFrame) -> pd.DataFrame:
    """Add beds, meals, areas, equipment and staff, shaped on the per-pupil standards."""
    rng = generator(60)
    pupils = schools["school_id"].map(classes.groupby("school_id")["pupils"].sum()).fillna(0).to_numpy(float)
    boarders = schools["school_id"].map(classes.groupby("school_id")["boarders"].sum()).fillna(0).to_numpy(float)
    teachers = schools["school_id"].map(rooms.groupby("school_id")["teachers"].sum()).fillna(0).to_numpy(float)
    town = (schools["role"] == "town").to_numpy()
    junior = schools["kind"].isin(["junior", "nine_year"]).to_numpy()
    size = np.maximum(pupils, 25.0)
    factor = rng.normal(1.0, 0.18, (4, len(schools))).clip(0.6, 1.6)
    # Villages have much ground for few pupils, the county town little for many.
    site = size * np.where(town, 11.0, np.where(pupils < 120, 60.0, 30.0)) * factor[0] + 900.0
    floor = size * np.where(junior, 6.1, 4.9) * np.where(town, 0.82, 1.45) * factor[1] + 60.0
    sports = size * np.where(junior, 10.6, 7.8) * np.where(town, 0.55, 1.5) * factor[2] + 150.0
    equipment = size * np.where(junior, 2600.0, 2100.0) * np.where(town, 0.95, 1.1) * factor[3]
    beds = np.where(boarders > 0, np.ceil(boarders * 1.12 / 10) * 10, 0)
    return schools.assign(
        boarding_beds=beds.astype(int),
        canteen_seats=np.where(pupils > 60, np.ceil(np.maximum(boarders * 1.1, pupils * 0.3) / 10) * 10, 0).astype(int),
        site_m2=np.round(site / 10) * 10,
        teaching_m2=np.round(floor),
        sports_m2=np.round(sports / 5) * 5,
        equipment_yuan=np.round(equipment / 100) * 100,
        staff=(teachers + np.ceil(teachers * 0.06 + (beds > 0) * 2)).astype(int),
    )


def form_communities(schools: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Return the eleven communities, and the community of every school.

    Each of eleven town schools leads the schools of one or two townships: the juniors follow
    a junior school, the others a primary or nine-year school.
    """
    town = schools[(schools["role"] == "town") & (schools["kind"] != "special")]
    leads_primary = (
        town[town["kind"] != "junior"].sort_values(["wanted_primary"], ascending=False)["school_id"].tolist()[:8]
    )
    leads_junior = town[town["kind"] == "junior"]["school_id"].tolist()
    leads = leads_primary + leads_junior
    ids = {school_id: f"GTT{number + 1:02d}" for number, school_id in enumerate(leads)}
    names = schools.set_index("school_id")["name"]
    table = pd.DataFrame(
        {
            "community_id": [ids[lead] for lead in leads],
            "name": [f"{names[lead]}共同体" for lead in leads],
            "lead_school_id": leads,
        }
    )
    order = {township.code: number for number, township in enumerate(TOWNSHIPS)}
    member: list[str | None] = []
    for school in rows_of(schools):
        number = order[school.township_id]
        if school.school_id in ids:
            member.append(ids[school.school_id])
        elif school.kind == "junior":
            member.append(ids[leads_junior[number % len(leads_junior)]])
        elif school.kind == "special":
            member.append(None)
        else:
            member.append(ids[leads_primary[number % len(leads_primary)]])
    return table, pd.Series(member, index=schools.index, dtype="object")


def draw_zones(schools: pd.DataFrame, town: Town) -> gpd.GeoDataFrame:
    """Return the attendance zones of the county town: its blocks, each to the nearest school of the stage."""
    rows, shapes = [], []
    polygons = np.array([shapely.Polygon(town.nodes[block]) for block in town.blocks])
    for stage, first, last in (("primary", 1, 6), ("junior", 7, 9)):
        takes = (schools["role"] == "town") & (schools["kind"] != "special")
        takes &= (schools["grade_from"] <= first) & (schools["grade_to"] >= last)
        chosen = schools[takes]
        spots = chosen[["east_m", "north_m"]].to_numpy()
        away = np.hypot(*(town.centres[:, None] - spots[None]).transpose(2, 0, 1))
        nearest = np.argmin(away, axis=1)
        for at, school_id in enumerate(chosen["school_id"]):
            rows.append({"zone_id": f"XQ-{stage[0].upper()}{at + 1:02d}", "school_id": school_id, "stage": stage})
            shapes.append(shapely.union_all(polygons[nearest == at], grid_size=0.1))
    return gpd.GeoDataFrame(pd.DataFrame(rows), geometry=shapes, crs=CRS)
