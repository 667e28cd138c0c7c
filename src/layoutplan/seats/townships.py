"""Seats of every township against the pupils who live there."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from layoutplan.access.network import Floats
from layoutplan.county.layers import County
from layoutplan.county.tables import GRADES_OF_STAGE, STAGES
from layoutplan.seats.demand import Demand, DemandCube
from layoutplan.seats.roster import Roster
from layoutplan.seats.supply import Supply


def balance_seats(county: County, demand: Demand, supply: Supply, roster: Roster) -> pd.DataFrame:
    """Set the seats of every township against the pupils who live there.

    Parameters
    ----------
    county : County
        Places and townships.
    demand : Demand
        Resident pupils.
    supply : Supply
        Seats by year, stage and school.
    roster : Roster
        Says in which township each school stands.

    Returns
    -------
    DataFrame
        ``year, stage, township_id`` (key, sorted), ``demand`` [person], ``seats`` [seat],
        ``gap`` [seat]: demand beyond the seats, negative where seats are left.
    """
    cube, townships, stages = demand.cube, county.townships["township_id"], sorted(STAGES)
    held = supply.frame
    seats = np.zeros((len(cube.years), len(stages), len(roster.schools)))
    school = pd.Index(roster.schools["school_id"]).get_indexer(pd.Index(held["school_id"]))
    year = np.searchsorted(cube.years, held["year"].to_numpy(np.int64))
    seats[year, (held["stage"] == stages[1]).to_numpy().astype(np.int64), school] = held["seats"].fillna(0.0)
    need, have = local_balance(county, cube, seats, roster)
    index = pd.MultiIndex.from_product([cube.years, stages, townships], names=["year", "stage", "township_id"])
    frame = pd.DataFrame({"demand": need.ravel(), "seats": have.ravel()}, index=index)
    return frame.assign(gap=frame["demand"] - frame["seats"]).reset_index()


def local_balance(county: County, cube: DemandCube, seats: Floats, roster: Roster) -> tuple[Floats, Floats]:
    """Return pupils and seats of every township (each float [year, stage, township], stages sorted by name).

    Parameters
    ----------
    county : County
        Places and townships.
    cube : DemandCube
        Resident pupils.
    seats : float [year, stage, school]
        In the order of the roster, none missing.
    roster : Roster
        Says in which township each school stands.
    """
    townships = county.township_ids
    if cube not in _NEEDS:
        _NEEDS[cube] = _local_need(county, cube, pd.Index(townships))
    # Plain look-ups: an index over so few would take longer to build than to ask.
    at = {township: row for row, township in enumerate(townships.tolist())}
    home = np.array([at[township] for township in roster.townships.tolist()])
    return _NEEDS[cube], seats @ (home[:, None] == np.arange(len(townships))).astype(float)


# Only remembers the sums of a demand that many scenarios share; goes when it goes.
_NEEDS: WeakKeyDictionary[DemandCube, Floats] = WeakKeyDictionary()


def _local_need(county: County, cube: DemandCube, townships: pd.Index) -> Floats:
    spans = [GRADES_OF_STAGE[stage] for stage in sorted(STAGES)]
    home = pd.Series(townships.get_indexer(pd.Index(county.places["township_id"])), index=county.places["place_id"])
    lives = np.stack([cube.pupils[:, grades[0] - 1 : grades[-1]].sum(axis=1) for grades in spans], axis=1)
    need = np.zeros((len(townships), *lives.shape[:2]))
    np.add.at(need, home.reindex(cube.place_ids).to_numpy(np.int64), lives.transpose(2, 0, 1))
    return need.transpose(1, 2, 0)
