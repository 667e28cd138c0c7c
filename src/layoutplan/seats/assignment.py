"""Which school every place's pupils are given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pandas as pd

from layoutplan.access.network import Flags, Floats, Ints
from layoutplan.access.travel import nearest_open
from layoutplan.county.tables import GRADES, STAGE_OF_GRADE
from layoutplan.seats.demand import Demand
from layoutplan.seats.roster import Roster, teaches_each
from layoutplan.seats.ways import Ways

FLOW_COLUMNS = ("year", "grade", "place_id", "school_id", "stage", "pupils", "minutes", "metres")
LEFT_COLUMNS = ("year", "grade", "place_id", "stage", "pupils", "reason")
PRICE_COLUMNS = ("year", "stage", "school_id", "seats", "pupils", "price", "places")
PROOF_COLUMNS = ("year", "stage", "pupil_minutes", "least_minutes", "unplaced", "least_unplaced", "split_places")


class Choice(Protocol):
    """A rule that knows one school for every place, year and grade."""

    def pairs(self, year: int, grade: int) -> Ints:
        """Return the position in the grade's travel of every place's pair, -1 where there is none (int64 [place])."""


@dataclass(frozen=True, eq=False)
class Assignment:
    """Pupils from places to schools; flows and unplaced add up to the demand.

    Parameters
    ----------
    flows : DataFrame
        ``year, grade, place_id, school_id`` (key, sorted), ``stage``, ``pupils`` [person],
        ``minutes``, ``metres`` (one way). From :func:`layoutplan.seats.policies.assign_by_policy` also ``means``
        (``walk``, ``drive``, ``boarding``, ``bus``), which then belongs to the key: of one place and grade some may
        ride and others find the bus full.
    unplaced : DataFrame
        ``year, grade, place_id`` (key, sorted), ``stage``, ``pupils``, ``reason``
        (``off_network``, ``island``, ``one_way``, ``no_school``, and where seats, zones or limits bind
        ``no_seat``, ``too_far``, ``boundary``, ``cut_off``, ``zone_unreached``).
    prices : DataFrame
        ``year, stage, school_id`` (key, sorted), ``seats`` [seat], ``pupils`` [person], ``price``
        [person-minute saved by one seat more], ``places`` [person more who would get a seat by it];
        where ``places`` is 1 the price counts the way of that pupil against it. Empty unless seats bind.
    proof : DataFrame
        ``year, stage`` (key, sorted), ``pupil_minutes`` of the flows and ``least_minutes`` that no
        assignment by the same rule with as many placed can beat, ``unplaced`` and ``least_unplaced`` [person],
        ``split_places`` with pupils of one grade at several schools. Empty unless seats bind.
    """

    flows: pd.DataFrame
    unplaced: pd.DataFrame
    prices: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(PRICE_COLUMNS)))
    proof: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(PROOF_COLUMNS)))


class NearestChoice:
    """Nearest open school of every place by year and grade, each set of open schools looked up once."""

    def __init__(self, ways: Ways, roster: Roster) -> None:
        self._ways = ways
        self._roster = roster
        self._known: dict[tuple[int, bytes], Ints] = {}
        self._taught: dict[int, Flags] = {}

    def pairs(self, year: int, grade: int) -> Ints:
        """Return the position in the grade's travel of every place's pair, -1 where there is none (int64 [place])."""
        if year not in self._taught:
            self._taught[year] = teaches_each(self._roster, year)
        mask = self._taught[year][grade - 1]
        travel = self._ways.in_year(year).of(grade)
        # Groups that travel alike share their pairs.
        key = id(travel.cost), mask.tobytes()
        if key not in self._known:
            self._known[key] = nearest_open(travel, mask)
        return self._known[key]

    def schools(self, pairs: Ints, grade: int, *, year: int) -> Ints:
        """Return the index of the school of each pair of a grade and year (int64, same shape)."""
        return self._ways.in_year(year).of(grade).school[pairs]


def assign(demand: Demand, ways: Ways, *, roster: Roster, choice: Choice | None = None) -> Assignment:
    """Give every pupil the nearest open school that teaches the grade, or the one a rule says.

    Parameters
    ----------
    demand : Demand
        Pupils by year, grade and place.
    ways : Ways
        From every place to every school of the roster, as each grade travels.
    roster : Roster
        Which schools are open in which year, and the grades they teach.
    choice : Choice, optional
        Another rule than the nearest.

    Returns
    -------
    Assignment
        Flows of all pupils who can reach a school, and the rest with the reason why not.

    Notes
    -----
    Ties go to the smaller school id. Capacity does not bind here: who does not fit shows as a gap.
    """
    frame = demand.frame[demand.frame["pupils"].to_numpy() > 0]
    school, minutes, metres = _chosen(frame, choice or NearestChoice(ways, roster), ways)
    stages = pd.array([STAGE_OF_GRADE[grade] for grade in GRADES], dtype="str")
    frame = frame.assign(stage=stages.take(frame["grade"].to_numpy(np.int64) - 1))
    placed = school >= 0
    flows = frame.loc[placed, ["year", "grade", "place_id", "stage", "pupils"]].assign(
        school_id=pd.array(ways.of(1).school_ids, dtype="str").take(school[placed]), minutes=minutes[placed],
        metres=metres[placed],
    )  # fmt: skip
    left = frame.loc[~placed, ["year", "grade", "place_id", "stage", "pupils"]]
    who = zip(left["grade"], left["place_id"], strict=True)
    left = left.assign(reason=[ways.of(grade).unreached.get(place_id, "no_school") for grade, place_id in who])
    return Assignment(flows[list(FLOW_COLUMNS)].reset_index(drop=True), left.reset_index(drop=True))


def _chosen(frame: pd.DataFrame, choice: Choice, ways: Ways) -> tuple[Ints, Floats, Floats]:
    """Return school (-1 where none), minutes and metres of every row of a demand, by year and grade."""
    place = pd.Index(ways.of(1).place_ids).get_indexer(pd.Index(frame["place_id"]))
    school = np.full(len(frame), -1, dtype=np.int64)
    minutes, metres = np.full((2, len(frame)), np.nan)
    block = frame["year"].to_numpy(np.int64) * 10 + frame["grade"].to_numpy(np.int64)
    for key in np.unique(block).tolist():
        year, grade = divmod(key, 10)
        rows = np.flatnonzero(block == key)
        pair = choice.pairs(year, grade)[place[rows]]
        rows, pair = rows[pair >= 0], pair[pair >= 0]
        travel = ways.of(grade)
        school[rows], minutes[rows] = travel.school[pair], travel.minutes[pair]
        metres[rows] = travel.length_mm[pair] / 1000
    return school, minutes, metres
