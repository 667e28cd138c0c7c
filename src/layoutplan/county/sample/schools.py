"""Schools of the sample county: kinds, grades, names and where they stand."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import cKDTree

from layoutplan.county.sample.facts import COUNTY_TOWN, GAP_TOWNSHIP, TOWN_SCHOOLS, TOWNSHIPS, generator
from layoutplan.county.sample.people import seat_schools
from layoutplan.county.sample.settle import Ground
from layoutplan.county.sample.streets import Town, allot_blocks

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

PRIMARY_SHARE = 0.42
# Townships with a second school for the junior stage at a village site.
_SECOND = {"640422101": "junior", "640422103": "nine_year", "640422102": "nine_year"}
_PREFIX = {"primary": "2164", "teaching_point": "2164", "junior": "3164", "nine_year": "3164", "special": "5164"}


def list_schools(ground: Ground, towns: list[Town], places: pd.DataFrame) -> pd.DataFrame:
    """Return every school with its grades and its place on the roads.

    Returns
    -------
    DataFrame
        Contract columns up to ``grade_to``, and ``east_m``, ``north_m``, ``role``
        (``town``, ``central``, ``village``, ``shell``, ``decoy``, ``vacant``, ``twin``).
    """
    rows = [*_town_rows(towns), *_village_rows(ground, places)]
    schools = pd.DataFrame(rows)
    serial: dict[str, int] = {}
    ids = []
    for kind in schools["kind"]:
        prefix = _PREFIX[kind]
        serial[prefix] = serial.get(prefix, 0) + 1
        ids.append(f"{prefix}{220_000 + serial[prefix]:06d}")
    return schools.assign(school_id=ids).sort_values("school_id", ignore_index=True)


def _row(code: str, name: str, kind: str, role: str, point: Floats, **more: Any) -> dict[str, Any]:
    setting = {"town": "county_town", "central": "town"}.get(role, "village")
    grades = {"primary": (1, 6), "junior": (7, 9)}.get(kind, (1, 9))
    return {
        "name": name, "kind": kind, "setting": setting, "township_id": code, "grade_from": grades[0],
        "grade_to": grades[1], "east_m": round(float(point[0]), 1), "north_m": round(float(point[1]), 1), "role": role,
        "wanted_primary": 0, "wanted_junior": 0, **more,
    }  # fmt: skip


def _town_rows(towns: list[Town]) -> list[dict[str, Any]]:
    rows = []
    for township, town in zip(TOWNSHIPS, towns, strict=True):
        blocks = allot_blocks(town, schools=seat_schools(township.code), homes=0).schools
        spots = town.centres[list(blocks)]
        if township.code == COUNTY_TOWN:
            for name, kind, primary, junior, at in TOWN_SCHOOLS:
                rows.append(
                    _row(township.code, name, kind, "town", spots[at], wanted_primary=primary, wanted_junior=junior)
                )
        elif township.combined:
            rows.append(_row(township.code, f"{township.short}九年制学校", "nine_year", "central", spots[0]))
        else:
            rows.append(_row(township.code, f"{township.short}中心小学", "primary", "central", spots[0]))
            rows.append(_row(township.code, f"{township.short}初级中学", "junior", "central", spots[1]))
    return rows


def _village_rows(ground: Ground, places: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the schools of the sites; the sites with most people around have a full primary school."""
    rng = generator(40)
    spots = ground.lattice.nodes
    crowd = _people_around(ground, places)
    villages = places[(places["kind"] == "village") & (places["role"] != "island")]
    near = cKDTree(villages[["east_m", "north_m"]].to_numpy())
    rows: list[dict[str, Any]] = []
    for number, township in enumerate(TOWNSHIPS):
        mine = [at for at, site in enumerate(ground.sites) if site.township == number and site.role != "seat"]
        plain = sorted((at for at in mine if ground.sites[at].role == "village"), key=lambda at: -crowd[at])
        full = set(plain[: round(len(plain) * PRIMARY_SHARE)]) if township.code != GAP_TOWNSHIP else set()
        second = plain[1] if township.code in _SECOND else -1
        names: dict[str, int] = {}
        for at in mine:
            site = ground.sites[at]
            point = spots[site.node] + rng.uniform(-22.0, 22.0, 2)
            village = str(villages["name"].iloc[int(near.query(point)[1])]).removesuffix("村")
            kind = "primary" if at in full or site.role == "decoy" else "teaching_point"
            kind = _SECOND[township.code] if at == second else kind
            names[village] = names.get(village, 0) + 1
            name = (
                township.short
                + village
                + {"teaching_point": "教学点", "nine_year": "九年制学校", "junior": "第二初级中学"}.get(kind, "小学")
            )
            name += f"（{names[village]}）" if names[village] > 1 else ""
            rows.append(_row(township.code, name, kind, site.role, point))
            if kind == "teaching_point":
                last = 2 if site.role == "twin" else 3 if site.role == "shell" else int(rng.choice([3, 4]))
                rows[-1]["grade_to"] = last if township.code != GAP_TOWNSHIP else 4
            if kind == "junior":
                # The village keeps its own point beside the junior school.
                beside = point + np.array([60.0, 45.0])
                rows.append(_row(township.code, township.short + village + "小学", "primary", "village", beside))
    return rows


def _people_around(ground: Ground, places: pd.DataFrame) -> Floats:
    """Return the residents for whom each site is the nearest."""
    sites = np.array([site.node for site in ground.sites])
    walks = ground.walks(sites)
    nodes = nearest_nodes(ground, places)
    nearest = np.argmin(walks[:, nodes], axis=0)
    reached = np.isfinite(walks[:, nodes].min(axis=0))
    people = places["residents"].to_numpy(float)[reached]
    crowd: Floats = np.bincount(nearest[reached], people, minlength=len(sites)).astype(np.float64)
    return crowd


def nearest_nodes(ground: Ground, points: pd.DataFrame) -> Ints:
    """Return the node of the roads nearest to each point."""
    on_road = ground.lattice.on_road()
    near = cKDTree(ground.lattice.nodes[on_road]).query(points[["east_m", "north_m"]].to_numpy())[1]
    nodes: Ints = on_road[near]
    return nodes


def walk_to_schools(ground: Ground, places: pd.DataFrame, schools: pd.DataFrame) -> Floats:
    """Return the walk [place, school] in metres, from node to node.

    Infinite where there is no way, and beyond 8 km for schools without a junior stage.
    """
    homes, at_school = nearest_nodes(ground, places), nearest_nodes(ground, schools)
    junior = (schools["grade_to"] == 9).to_numpy()
    walks = np.full((len(schools), len(places)), np.inf)
    walks[~junior] = ground.walks(at_school[~junior])[:, homes]
    walks[junior] = ground.walks(at_school[junior], limit_m=np.inf)[:, homes]
    return walks.T.copy()
