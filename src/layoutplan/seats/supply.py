"""Schools as they stand in every year, and the seats they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from layoutplan.county.layers import County
from layoutplan.county.tables import STAGES
from layoutplan.norms import Norms

if TYPE_CHECKING:
    import geopandas as gpd


@dataclass(frozen=True, eq=False)
class Roster:
    """Schools with the years they are open, and the rooms they have from which year on.

    Parameters
    ----------
    schools : GeoDataFrame
        The county's ``schools`` columns plus ``opens_year`` and ``closes_year`` (Int64; missing =
        open before, or not closed), sorted by ``school_id``; new schools of a scenario stand here too.
    rooms : DataFrame
        ``school_id, stage, from_year, rooms``: rooms in use from that year on (sorted by key).
    """

    schools: gpd.GeoDataFrame
    rooms: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Supply:
    """Seats by year.

    Parameters
    ----------
    frame : DataFrame
        ``year, stage, school_id`` (key, sorted), ``open`` [bool], ``rooms`` [room], ``seats`` [seat],
        ``beds`` [bed]. Schools without rooms of a stage have no row for it.
    """

    frame: pd.DataFrame


def base_roster(county: County) -> Roster:
    """Return the county's schools as they stand in the base year."""
    years = pd.array([pd.NA] * len(county.schools), dtype="Int64")
    schools = county.schools.assign(opens_year=years, closes_year=years)
    rooms = county.rooms[["school_id", "stage", "rooms"]].assign(from_year=county.base_year)
    return Roster(schools, rooms[["school_id", "stage", "from_year", "rooms"]])


def is_open(roster: Roster, year: int) -> pd.Series:
    """Return whether each school teaches in a year, in the order of ``roster.schools``."""
    opened = (roster.schools["opens_year"] <= year).fillna(value=True)
    closed = (roster.schools["closes_year"] <= year).fillna(value=False)
    return (opened & ~closed).astype(bool)


def teaches(roster: Roster, grade: int, year: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which schools take day pupils of a grade in a year, in the order of ``roster.schools``.

    Special schools admit by need, not by nearness, and are left out.
    """
    schools = roster.schools
    in_span = (schools["grade_from"] <= grade) & (schools["grade_to"] >= grade) & (schools["kind"] != "special")
    result: np.ndarray[tuple[int], np.dtype[np.bool_]] = (in_span & is_open(roster, year)).to_numpy(bool)
    return result


def class_limit(kind: str, stage: str, norms: Norms) -> float:
    """Return the pupils a room counts for: the class norm of the stage, or of a teaching point."""
    return norms.value("class_size.teaching_point" if kind == "teaching_point" else f"class_size.{stage}")


def count_supply(roster: Roster, *, norms: Norms, years: Sequence[int]) -> Supply:
    """Count rooms and seats of every school, stage and year.

    Parameters
    ----------
    roster : Roster
        Schools and rooms by year.
    norms : Norms
        Class norms: a room is worth 45 seats in a primary stage, 50 in a junior, 30 in a teaching point.
    years : sequence of int
        School years.

    Returns
    -------
    Supply
        Seats are 0 in years in which the school is not open.
    """
    schools = roster.schools.set_index("school_id")
    parts = []
    for year in years:
        now = roster.rooms[roster.rooms["from_year"] <= year]
        now = now.sort_values(["school_id", "stage", "from_year"]).groupby(["stage", "school_id"], as_index=False).last()
        opened = pd.Series(is_open(roster, year).to_numpy(), index=schools.index)
        now = now.assign(year=year, open=now["school_id"].map(opened))
        parts.append(now)
    frame = pd.concat(parts, ignore_index=True)
    kind = frame["school_id"].map(schools["kind"])
    limits = {(k, s): class_limit(k, s, norms) for k in kind.unique() for s in STAGES}
    per_room = np.array([limits[pair] for pair in zip(kind, frame["stage"], strict=True)])
    rooms = frame["rooms"].to_numpy(float) * frame["open"].to_numpy(bool)
    frame = frame.assign(rooms=rooms, seats=rooms * per_room, beds=frame["school_id"].map(schools["boarding_beds"]))
    frame = frame[["year", "stage", "school_id", "open", "rooms", "seats", "beds"]]
    return Supply(frame.sort_values(["year", "stage", "school_id"], ignore_index=True))
