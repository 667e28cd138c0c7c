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
    keys = ["year", "grade", "place_id"]
    places = flows["place_id"].unique()
    ranges = demand.frame[demand.frame["place_id"].isin(places)]
    rows = flows[[*keys, "school_id", "pupils"]].merge(
        ranges[[*keys, "pupils", "p90"]], on=keys, suffixes=("", "_whole")
    )
    sd = (rows["p90"] - rows["pupils_whole"]) / _Z_P90
    common = np.sqrt((sd**2 - rows["pupils_whole"]).clip(lower=0.0))
    # A place may send a part of its pupils elsewhere; the common factor is a share, so it shrinks with them.
    part = rows["pupils"] / rows["pupils_whole"]
    rows = rows.assign(common=common * part, is_forecast=sd != 0)
    by = rows.groupby(["school_id", "year"])
    sums = by[["pupils", "common"]].sum()
    chance = by["is_forecast"].any().astype(float) * sums["pupils"]
    high = sums["pupils"] + _Z_P90 * np.sqrt(chance + sums["common"] ** 2)
    unknown = rows["p90"].isna().groupby([rows["school_id"], rows["year"]]).any()
    return high.mask(unknown)
