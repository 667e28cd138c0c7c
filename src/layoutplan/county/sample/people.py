"""Places of the sample county and the children who live there, by age; births of the townships."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from layoutplan.county.sample.facts import (
    BASE_YEAR,
    BY_CODE,
    COUNTY_TOWN,
    CRS,
    PERSONS_PER_HOUSEHOLD,
    TOWNSHIPS,
    generator,
    rows_of,
)
from layoutplan.county.sample.settle import Ground
from layoutplan.county.sample.streets import Town, allot_blocks
from layoutplan.county.sample.townfit import fit_town

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

AGES = range(16)
YEARS = range(2022, 2036)
BIRTH_YEARS = range(2006, 2023)
# Births by year as a share of the level around 2010: a rise to 2016-17, then the fall.
BIRTHS = dict(zip(BIRTH_YEARS, (
    0.94, 0.95, 0.97, 0.975, 0.96, 0.96, 0.97, 0.96, 0.98, 0.96, 1.03, 1.01, 0.90, 0.84, 0.74, 0.67, 0.62,
), strict=True))  # fmt: skip
PRIMARY_CHILDREN = 34_700
TOWN_PRIMARY_CHILDREN = 14_200
# What becomes of a cohort a year: families leave the villages for the county town.
STAY_VILLAGES, STAY_TOWN = -0.012, 0.010
# Dated households of the resettlement sites: township, households 2019-2028, township of the origin. Up to 2022
# they were observed; later ones are what the plan comes to if it goes on as it has gone so far.
SITES = (
    ("640422100", (80, 150, 170, 180, 186, 192, 198, 204, 208, 210), "640422201"),
    ("640422100", (60, 120, 150, 160, 170, 182, 190, 196, 200, 200), "640422204"),
    ("640422100", (0, 40, 100, 140, 160, 180, 200, 220, 230, 230), "640422213"),
    ("640422101", (0, 60, 90, 110, 124, 138, 150, 156, 160, 160), "640422207"),
    ("640422103", (0, 0, 0, 0, 0, 60, 90, 100, 100, 100), "640422208"),
    ("640422211", (0, 0, 6, 12, 12, 90, 124, 130, 130, 130), "640422200"),
    ("640422214", (0, 10, 20, 24, 24, 24, 350, 360, 360, 360), "640422212"),
    ("640422214", (0, 10, 18, 24, 24, 24, 350, 360, 360, 360), "640422202"),
)
# Sites where fewer came than were planned: how many times the dated households the plan is.
OFF_PLAN = {2: 2}
# Dated households of new housing in the county town.
ESTATES = (
    (120, 260, 380, 450, 470, 480, 480, 480, 480, 480),
    (0, 150, 290, 400, 470, 500, 520, 520, 520, 520),
    (0, 0, 140, 260, 350, 420, 460, 460, 460, 460),
    (0, 0, 0, 180, 330, 450, 540, 600, 600, 600),
    (0, 0, 0, 0, 150, 280, 380, 450, 500, 500),
    (0, 0, 0, 0, 0, 0, 160, 300, 410, 500),
)
_MOVE_YEARS = range(2019, 2029)
_WORDS = (
    "东",
    "西",
    "南",
    "北",
    "上",
    "下",
    "前",
    "后",
    "大",
    "新",
    "柳树",
    "杏树",
    "白杨",
    "红土",
    "黄土",
    "石头",
    "沙",
    "清水",
)
_LAND = ("沟", "岔", "坪", "湾", "塬", "峁", "坡", "梁", "川", "滩", "洼", "岭")


def list_places(ground: Ground, towns: list[Town]) -> pd.DataFrame:
    """Return every place with its people.

    Returns
    -------
    DataFrame
        Contract columns of places, and ``east_m``, ``north_m``, ``role``, ``residents`` [person].
    """
    rows = [*_town_rows(towns), *_village_rows(ground), *_estate_rows(towns[0]), *_site_rows(ground, towns)]
    places = pd.DataFrame(rows)
    places["residents"] = _share_residents(places, fit_town(ground, towns[0], places))
    places = _name_origins(places)
    dated = places["dated"].notna()
    households = (places["residents"] / PERSONS_PER_HOUSEHOLD).round().astype(int)
    places["households"] = np.where(dated, _dated_households(places), households)
    times = places["plan_times"].fillna(1).astype(int)
    places["planned_households"] = [
        max(years) * scale if isinstance(years, tuple) else None
        for years, scale in zip(places["dated"], times, strict=True)
    ]
    return places.sort_values("place_id", ignore_index=True)


def seat_schools(code: str) -> int:
    """Return how many schools stand in the streets of a seat."""
    return 13 if code == COUNTY_TOWN else 1 if BY_CODE[code].combined else 2


def _row(kind: str, code: str, number: int, name: str, point: Floats, **more: Any) -> dict[str, Any]:
    first = {"town": 1, "village": 201, "housing": 801, "resettlement": 901}[kind]
    base = {"role": "near", "dated": None, "origin_township": None, "plan_times": None}
    spot = {"east_m": round(float(point[0]), 1), "north_m": round(float(point[1]), 1)}
    return {
        "place_id": f"{code}{first + number:03d}", "name": name, "kind": kind, "township_id": code,
        **spot, **base, **more,
    }  # fmt: skip


def _town_rows(towns: list[Town]) -> list[dict[str, Any]]:
    rows = []
    for township, town in zip(TOWNSHIPS, towns, strict=True):
        for number, block in enumerate(
            allot_blocks(town, schools=seat_schools(township.code), homes=township.blocks).homes
        ):
            many = township.blocks > 1
            name = f"{township.short}街区{number + 1:02d}" if many else f"{township.short}街区"
            rows.append(_row("town", township.code, number, name, town.centres[block]))
    return rows


def _village_rows(ground: Ground) -> list[dict[str, Any]]:
    rng = generator(30)
    rows = []
    for position, township in enumerate(TOWNSHIPS):
        names = [word + land + "村" for word in _WORDS for land in _LAND]
        chosen = rng.choice(names, size=township.villages, replace=False)
        mine = [village for village in ground.villages if village.township == position]
        for number, village in enumerate(sorted(mine, key=lambda one: one.node)):
            aside = rng.uniform(-28.0, 28.0, 2)
            point = ground.lattice.nodes[village.node] + aside
            rows.append(_row("village", township.code, number, str(chosen[number]), point, role=village.role))
    return rows


def _estate_rows(town: Town) -> list[dict[str, Any]]:
    """Put new housing at the two ends of the county town."""
    blocks = allot_blocks(town, schools=seat_schools(town.code), homes=0).estates
    return [
        _row("housing", COUNTY_TOWN, number, f"示例新区{number + 1}号小区", town.centres[block], dated=years)
        for number, (block, years) in enumerate(zip(blocks, ESTATES, strict=True))
    ]


def _site_rows(ground: Ground, towns: list[Town]) -> list[dict[str, Any]]:
    """Put resettlement sites a short walk from a school of their township."""
    nodes = ground.lattice.nodes
    numbers: dict[str, int] = {}
    rows = []
    for site, (code, dated, origin) in enumerate(SITES):
        position = [township.code for township in TOWNSHIPS].index(code)
        number = numbers[code] = numbers.get(code, -1) + 1
        role = "decoy" if code == "640422211" else "seat"
        school = next(site.node for site in ground.sites if site.township == position and site.role == role)
        if position == 0:
            blocks = allot_blocks(towns[0], schools=seat_schools(code), homes=0).sites
            point = towns[0].centres[blocks[number]]
        else:
            walk = ground.walks(np.array([school]))[0]
            reach = np.flatnonzero((walk > 300.0 + 300.0 * number) & (walk < 1_150.0 + 250.0 * number))
            reach = reach[reach < ground.lattice.town_start[0]]
            point = nodes[reach[np.argmin(ground.lattice.above_valley_m[reach])]] + 25.0
        name = f"{BY_CODE[code].short}安置点{number + 1}"
        more = {"dated": dated, "origin_township": origin, "plan_times": OFF_PLAN.get(site, 1)}
        rows.append(_row("resettlement", code, number, name, point, **more))
    return rows


def _dated_households(places: pd.DataFrame) -> Ints:
    """Return households of the base year of sites and new housing, 0 elsewhere."""
    return np.array([years[BASE_YEAR - 2019] if isinstance(years, tuple) else 0 for years in places["dated"]])


def _share_residents(places: pd.DataFrame, town_weight: Floats) -> Floats:
    """Share the residents of every township among its places, the county town's by weight; whole persons."""
    rng = generator(31)
    weight = np.exp(rng.normal(0.0, 0.33, len(places)))
    residents = np.zeros(len(places))
    role, kind = places["role"].to_numpy(), places["kind"].to_numpy()
    now = _dated_households(places)
    residents[now > 0] = now[now > 0] * PERSONS_PER_HOUSEHOLD
    residents[role == "tiny"] = 56.0
    for township in TOWNSHIPS:
        mine = (places["township_id"] == township.code).to_numpy()
        town, village = mine & (kind == "town"), mine & (kind == "village") & (role != "tiny")
        left = township.residents - residents[mine].sum()
        share = 0.765 if township.code == COUNTY_TOWN else 0.13 + 0.05 * township.blocks
        weight[village & (role != "near")] *= 0.45
        if township.code == COUNTY_TOWN:
            weight[town] = town_weight
        residents[town] = left * share * weight[town] / weight[town].sum()
        residents[village] = left * (1 - share) * weight[village] / weight[village].sum()
    return np.round(residents)


def _name_origins(places: pd.DataFrame) -> pd.DataFrame:
    """Name the village that the people of each site come from, and give it the households to leave."""
    places = places.copy()
    places["origin_place_id"] = None
    used: set[str] = set()
    for row in rows_of(places[places["kind"] == "resettlement"]):
        leaving = (max(row.dated) - row.dated[BASE_YEAR - 2019]) * PERSONS_PER_HOUSEHOLD
        pool = places[(places["township_id"] == row.origin_township) & (places["kind"] == "village")]
        pool = pool[pool["role"].isin(["far", "near"]) & ~pool["place_id"].isin(used)]
        # The far village where there is one that is not too large a move for, else the largest.
        pool = pool.assign(first=(pool["role"] == "far") & (leaving < 600)).sort_values(
            ["first", "residents", "place_id"], ascending=[False, False, True]
        )
        origin = pool.index[0]
        used.add(str(places.at[origin, "place_id"]))
        places.at[row.Index, "origin_place_id"] = str(places.at[origin, "place_id"])
        lacking = max(0.0, round(leaving / 0.68) - places.at[origin, "residents"])
        others = pool.index[pool["role"] == "near"].drop(origin, errors="ignore")
        places.at[origin, "residents"] += lacking
        places.loc[others, "residents"] -= np.floor(
            lacking * places.loc[others, "residents"] / places.loc[others, "residents"].sum()
        )
    return places


def count_births() -> pd.DataFrame:
    """Return births ``area_id, year, births`` [person] of every township and calendar year."""
    rng = generator(32)
    rows = []
    for township in TOWNSHIPS:
        level = _level(township.code)
        for year in BIRTH_YEARS:
            births = level * BIRTHS[year] * (1.0 + rng.normal(0.0, 0.012))
            rows.append({"area_id": township.code, "year": year, "births": round(births)})
    return pd.DataFrame(rows)


def _stay(code: str, age: int) -> float:
    return 1.0 + (STAY_TOWN if code == COUNTY_TOWN else STAY_VILLAGES) * age


def _level(code: str) -> float:
    """Return the births a year that make the wanted number of children aged 6 to 11."""
    rural = sum(township.residents for township in TOWNSHIPS) - BY_CODE[COUNTY_TOWN].residents
    share = BY_CODE[code].residents / rural * (PRIMARY_CHILDREN - TOWN_PRIMARY_CHILDREN)
    wanted = TOWN_PRIMARY_CHILDREN if code == COUNTY_TOWN else share
    alike = sum((BIRTHS[2021 - age] / 3 + BIRTHS[2022 - age] * 2 / 3) * _stay(code, age) for age in range(6, 12))
    return wanted / alike


def count_children(places: pd.DataFrame, births: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return whole children [place, age 0-15] on 31 August of the base year.

    A cohort is a third of one year's births and two thirds of the next, times who stayed.
    """
    born = births.set_index(["area_id", "year"])["births"].to_dict()
    children = np.zeros((len(places), len(AGES)), np.int64)
    attract = places["kind"].map({"town": 1.0, "village": 0.88, "housing": 1.15, "resettlement": 1.05}).to_numpy(float)
    urban = places["kind"].isin(["town", "housing"]).to_numpy()
    for code in BY_CODE:
        mine = np.flatnonzero(places["township_id"] == code)
        for age in AGES:
            total = (born[code, 2021 - age] / 3 + born[code, 2022 - age] * 2 / 3) * _stay(code, age)
            tilt = np.exp(np.where(urban[mine], -0.008, 0.008) * (age - 8))
            weight = places["residents"].to_numpy(float)[mine] * attract[mine] * tilt
            children[mine, age] = round_to_total(total * weight / weight.sum())
    return children


def round_to_total(parts: Floats) -> Ints:
    """Round so that the sum is the rounded sum; the largest remainders go up."""
    whole = np.floor(parts).astype(np.int64)
    missing = int(round(float(parts.sum()))) - int(whole.sum())
    whole[np.argsort(-(parts - whole), kind="stable")[:missing]] += 1
    return whole


def project(places: pd.DataFrame, children: Ints, births: pd.DataFrame) -> Floats:
    """Return resident pupils [year, grade, place] of the years 2022-2035 if births stay as they were.

    Cohorts move up; movers to a site leave their origin; new housing fills from outside.
    """
    born = births.pivot(index="area_id", columns="year", values="births")
    held = born[[2020, 2021, 2022]].mean(axis=1)
    for year in range(2023, 2036):
        born[year] = held
    cohorts = {age: children[:, age].astype(float) for age in AGES}
    today = sum(born[2021 - age] / 3 + born[2022 - age] * 2 / 3 for age in range(3)) / 3
    young = children[:, :3].mean(axis=1)
    for age in range(-10, 0):
        relative = (born[2021 - age] / 3 + born[2022 - age] * 2 / 3) / today
        cohorts[age] = young * places["township_id"].map(relative).to_numpy(float)
    pupils = np.zeros((len(YEARS), 9, len(places)))
    households = places["households"].to_numpy(float)
    place_at = {place_id: at for at, place_id in enumerate(places["place_id"])}
    for step in range(len(YEARS)):
        stay = np.array([cohorts[grade + 5 - step] for grade in range(1, 10)])
        now = stay.copy()
        for at, dated, origin in zip(range(len(places)), places["dated"], places["origin_place_id"], strict=True):
            if not isinstance(dated, tuple):
                continue
            joined = dated[min(3 + step, len(dated) - 1)] - dated[3]
            if isinstance(origin, str):
                going = stay[:, place_at[origin]] * joined / households[place_at[origin]]
                now[:, place_at[origin]] -= going
                now[:, at] += going
            else:
                now[:, at] += stay.sum(axis=1) / households.sum() * joined
        pupils[step] = now
    return pupils


def list_move_in(places: pd.DataFrame) -> pd.DataFrame:
    """Return dated households ``place_id, year, households, planned`` of sites and new housing.

    Sites have observed households up to the base year and a plan throughout; estates have what was
    observed and is expected, and no plan.
    """
    rows = []
    for row in rows_of(places[places["dated"].notna()]):
        is_site = row.kind == "resettlement"
        for year, count in zip(_MOVE_YEARS, row.dated, strict=True):
            observed = None if is_site and year > BASE_YEAR else count
            planned = int(count * row.plan_times) if is_site else None
            rows.append((row.place_id, year, observed, planned))
    table = pd.DataFrame(rows, columns=["place_id", "year", "households", "planned"])
    return table.astype({"households": "Int64", "planned": "Int64"})


def draw_places(places: pd.DataFrame) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return residential areas as points and resettlement sites as small polygons."""
    columns = ["place_id", "name", "kind", "township_id", "households", "planned_households", "origin_place_id"]
    frame = places[columns].astype({"planned_households": "Int64"})
    points = gpd.GeoSeries(gpd.points_from_xy(places["east_m"], places["north_m"]), crs=CRS)
    moved = (places["kind"] == "resettlement").to_numpy()
    areas = [
        shapely.box(point.x - 55.0 - hh / 8, point.y - 40.0, point.x + 55.0 + hh / 8, point.y + 40.0)
        for point, hh in zip(points[moved], places.loc[moved, "dated"].map(max), strict=True)
    ]
    homes = gpd.GeoDataFrame(frame[~moved].drop(columns="origin_place_id"), geometry=points[~moved], crs=CRS)
    sites = gpd.GeoDataFrame(frame[moved].drop(columns="kind"), geometry=areas, crs=CRS)
    return homes.reset_index(drop=True), sites.reset_index(drop=True)
