"""Which school every place's pupils are given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from layoutplan.access.network import Floats, Ints
from layoutplan.access.travel import nearest_open
from layoutplan.county.tables import STAGE_OF_GRADE
from layoutplan.seats.demand import Demand
from layoutplan.seats.supply import Roster, teaches
from layoutplan.seats.ways import Ways


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

    def __init__(self, ways: Ways, roster: Roster) -> None:
        self._ways = ways
        self._roster = roster
        self._known: dict[tuple[int, bytes], Ints] = {}

    def pairs(self, year: int, grade: int) -> Ints:
        """Return the position in the grade's travel of every place's pair, -1 where there is none (int64 [place])."""
        mask: npt.NDArray[np.bool_] = teaches(self._roster, grade, year)
        travel = self._ways.of(grade)
        # Groups that travel alike share their pairs.
        key = id(travel.cost), mask.tobytes()
        if key not in self._known:
            self._known[key] = nearest_open(travel, mask)
        return self._known[key]

    def schools(self, pairs: Ints, grade: int) -> Ints:
        """Return the index of the school of each pair of a grade (int64, same shape)."""
        return self._ways.of(grade).school[pairs]


def assign(demand: Demand, ways: Ways, *, roster: Roster) -> Assignment:
    """Give every pupil the nearest open school that teaches the grade.

    Parameters
    ----------
    demand : Demand
        Pupils by year, grade and place.
    ways : Ways
        From every place to every school of the roster, as each grade travels.
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
    school, minutes, metres = _nearest(frame, NearestChoice(ways, roster), ways)
    placed = school >= 0
    flows = frame.loc[placed, ["year", "grade", "place_id", "stage", "pupils"]].assign(
        school_id=np.array(ways.of(1).school_ids)[school[placed]], minutes=minutes[placed], metres=metres[placed]
    )
    left = frame.loc[~placed, ["year", "grade", "place_id", "stage", "pupils"]]
    who = zip(left["grade"], left["place_id"], strict=True)
    left = left.assign(reason=[ways.of(grade).unreached.get(place_id, "no_school") for grade, place_id in who])
    flow_columns = ["year", "grade", "place_id", "school_id", "stage", "pupils", "minutes", "metres"]
    return Assignment(flows[flow_columns].reset_index(drop=True), left.reset_index(drop=True))


def _nearest(frame: pd.DataFrame, choice: NearestChoice, ways: Ways) -> tuple[Ints, Floats, Floats]:
    """Return school (-1 where none), minutes and metres of every row of a demand, by year and grade."""
    place = np.searchsorted(np.array(ways.of(1).place_ids), frame["place_id"].to_numpy(str))
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
