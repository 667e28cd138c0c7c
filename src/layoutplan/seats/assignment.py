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
    choice = NearestChoice(travel, roster)
    place_ids, school_ids = np.array(travel.place_ids), np.array(travel.school_ids)
    flows, unplaced = [], []
    for (year, grade), part in demand.frame.groupby(["year", "grade"], sort=True):
        part = part[part["pupils"] > 0]
        place = np.searchsorted(place_ids, part["place_id"].to_numpy(str))
        pair = choice.pairs(year, grade)[place]
        key = {"year": year, "grade": grade, "stage": STAGE_OF_GRADE[grade]}
        placed = pair >= 0
        flows.append(
            part.loc[placed, ["place_id", "pupils"]].assign(
                **key,
                school_id=school_ids[travel.school[pair[placed]]],
                minutes=travel.minutes[pair[placed]],
                metres=travel.length_mm[pair[placed]] / 1000,
            )
        )
        reason = [travel.unreached.get(place_id, "no_school") for place_id in part.loc[~placed, "place_id"]]
        unplaced.append(part.loc[~placed, ["place_id", "pupils"]].assign(**key, reason=reason))
    flow_columns = ["year", "grade", "place_id", "school_id", "stage", "pupils", "minutes", "metres"]
    unplaced_columns = ["year", "grade", "place_id", "stage", "pupils", "reason"]
    return Assignment(
        pd.concat(flows, ignore_index=True)[flow_columns],
        pd.concat(unplaced, ignore_index=True)[unplaced_columns],
    )
