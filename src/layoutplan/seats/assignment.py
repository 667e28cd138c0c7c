"""Which school every place's pupils are given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from layoutplan.access.network import Ints
from layoutplan.access.travel import Travel, nearest_open
from layoutplan.county.tables import STAGE_OF_GRADE
from layoutplan.seats.demand import Demand
from layoutplan.seats.supply import Roster, teaches


@dataclass(frozen=True, eq=False)
class Assignment:
    """Pupils from places to schools; flows and unplaced add up to the demand.

    Parameters
    ----------
    flows : DataFrame
        ``year, grade, place_id, school_id`` (key, sorted), ``stage``, ``pupils`` [person],
        ``minutes``, ``metres`` (one way).
    unplaced : DataFrame
        ``year, grade, place_id`` (key, sorted), ``stage``, ``pupils``, ``reason``
        (``off_network``, ``island``, ``one_way``, ``no_school``).
    """

    flows: pd.DataFrame
    unplaced: pd.DataFrame


class NearestChoice:
    """Nearest open school of every place by year and grade, each set of open schools looked up once."""

    def __init__(self, travel: Travel, roster: Roster) -> None:
        self._travel = travel
        self._roster = roster
        self._known: dict[bytes, Ints] = {}

    def pairs(self, year: int, grade: int) -> Ints:
        """Return the position in ``travel`` of every place's pair, -1 where there is none (int64 [place])."""
        mask: npt.NDArray[np.bool_] = teaches(self._roster, grade, year)
        key = mask.tobytes()
        if key not in self._known:
            self._known[key] = nearest_open(self._travel, mask)
        return self._known[key]

    def schools(self, pairs: Ints) -> Ints:
        """Return the index of the school of each pair (int64, same shape)."""
        return self._travel.school[pairs]


def assign(demand: Demand, travel: Travel, *, roster: Roster) -> Assignment:
    """Give every pupil the nearest open school that teaches the grade.

    Parameters
    ----------
    demand : Demand
        Pupils by year, grade and place.
    travel : Travel
        Ways from every place to every school of the roster.
    roster : Roster
        Which schools are open in which year, and the grades they teach.

    Returns
    -------
    Assignment
        Flows of all pupils who can reach a school, and the rest with the reason why not.

    Notes
    -----
    Ties go to the smaller school id. Capacity does not bind here: who does not fit shows as a gap.
    """
    frame = demand.frame[demand.frame["pupils"] > 0].reset_index(drop=True)
    frame = frame.assign(stage=frame["grade"].map(STAGE_OF_GRADE))
    pair = _pairs(frame, NearestChoice(travel, roster), travel)
    placed = pair >= 0
    reached = pair[placed]
    flows = frame.loc[placed, ["year", "grade", "place_id", "stage", "pupils"]].assign(
        school_id=np.array(travel.school_ids)[travel.school[reached]],
        minutes=travel.minutes[reached],
        metres=travel.length_mm[reached] / 1000,
    )
    left = frame.loc[~placed, ["year", "grade", "place_id", "stage", "pupils"]]
    left = left.assign(reason=[travel.unreached.get(place_id, "no_school") for place_id in left["place_id"]])
    flow_columns = ["year", "grade", "place_id", "school_id", "stage", "pupils", "minutes", "metres"]
    return Assignment(flows[flow_columns].reset_index(drop=True), left.reset_index(drop=True))


def _pairs(frame: pd.DataFrame, choice: NearestChoice, travel: Travel) -> Ints:
    """Return the pair of every row of a demand, block of year and grade by block."""
    place = np.searchsorted(np.array(travel.place_ids), frame["place_id"].to_numpy(str))
    pair = np.full(len(frame), -1, dtype=np.int64)
    block = frame["year"].to_numpy(np.int64) * 10 + frame["grade"].to_numpy(np.int64)
    for key in np.unique(block).tolist():
        rows = np.flatnonzero(block == key)
        pair[rows] = choice.pairs(key // 10, key % 10)[place[rows]]
    return pair
