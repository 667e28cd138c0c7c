"""The high side of the forecast for a group of places, where chance evens out but the common factor does not."""

from __future__ import annotations

import numpy as np
import pandas as pd

from layoutplan.seats.demand import Demand

_Z_P90 = 1.2815515655446004


def high_total(flows: pd.DataFrame, demand: Demand) -> pd.Series:
    """Return the largest yearly P90 of all pupils given to each school: :func:`high_by_year`, its largest year."""
    high = high_by_year(flows, demand)
    return high.groupby(level="school_id").agg(lambda years: years.max(skipna=False))


def high_by_year(flows: pd.DataFrame, demand: Demand) -> pd.Series:
    """Return the P90 of all pupils given to each school, year by year.

    Parameters
    ----------
    flows : DataFrame
        ``year, grade, place_id, school_id, pupils``: part of an assignment.
    demand : Demand
        Pupils and P90 of every year, grade and place.

    Returns
    -------
    Series by ``school_id, year`` [person]
        Missing where the demand has no range.

    Notes
    -----
    A row's variance is pupils (chance in small numbers) plus the square of a share that all rows have in common
    (births, moving up). Chances add by their squares, common shares as they are, so
    P90 = N + 1.28 sqrt(N + (sum of common parts)^2), with N the pupils of the year. Adding the rows' own P90 would
    count the chance of every place as if all had it at once.
    """
    cube = demand.cube
    year = np.searchsorted(cube.years, flows["year"].to_numpy(np.int64))
    at = year, flows["grade"].to_numpy(np.int64) - 1, cube.place_ids.get_indexer(pd.Index(flows["place_id"]))
    pupils, whole, p90 = flows["pupils"].to_numpy(float), cube.pupils[at], cube.p90[at]
    sd = (p90 - whole) / _Z_P90
    # A place may send a part of its pupils elsewhere; the common factor is a share, so it shrinks with them.
    common = np.sqrt(np.maximum(sd**2 - whole, 0.0)) * pupils / whole
    school, ids = pd.factorize(flows["school_id"], sort=True)
    group = school * len(cube.years) + year
    cells = len(ids) * len(cube.years)
    rows, total, part, certain, unknown = (
        np.bincount(group, weights, cells) for weights in (None, pupils, np.nan_to_num(common), sd == 0, np.isnan(p90))
    )
    chance = np.where(certain < rows, total, 0.0)
    high = np.where(unknown > 0, np.nan, total + _Z_P90 * np.sqrt(chance + part**2))
    index = pd.MultiIndex.from_product([ids, cube.years], names=["school_id", "year"])
    return pd.Series(high, index=index)[rows > 0]
