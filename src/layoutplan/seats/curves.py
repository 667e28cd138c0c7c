"""The pupils of the whole county by stage and year with their range, and where they grow or shrink."""

from __future__ import annotations

from typing import cast

import numpy as np
import pandas as pd

from layoutplan.county.layers import County
from layoutplan.county.tables import ENTRY_AGE, STAGE_OF_GRADE
from layoutplan.seats.demand import Demand, history_spread, p10_p90
from layoutplan.seats.resettlement import compare_sites, dated_households


def stage_curves(county: County, demand: Demand) -> pd.DataFrame:
    """Add up the pupils of every stage over the county.

    Parameters
    ----------
    county : County
        Its history says how much births and moves vary.
    demand : Demand
        Pupils by year, grade and place.

    Returns
    -------
    DataFrame
        ``year, stage`` (key, sorted), ``pupils, p10, p90`` [person].

    Notes
    -----
    What is uncertain about one grade of a year is common to all places, and the grades of a stage are
    taken to err together; chance in small numbers is that of the total. So the range is that of
    :func:`~layoutplan.seats.demand.p10_p90` for the total, with the mean of the grades' relative
    deviations, weighted by pupils. Ranges of places may not be added up: their chance would not cancel.
    """
    frame = demand.frame
    grades = frame.groupby(["year", "grade"])["pupils"].sum().reset_index()
    spread = history_spread(county)
    elapsed = grades["year"] - county.base_year
    last_known = int(county.births["year"].max()) if len(county.births) else county.base_year
    born = grades["year"] - grades["grade"] - ENTRY_AGE + 1
    ahead = (born - last_known).clip(lower=0)
    relative = np.sqrt(np.nan_to_num(spread.move) ** 2 * elapsed + np.nan_to_num(spread.births) ** 2 * ahead)
    grades = grades.assign(stage=grades["grade"].map(STAGE_OF_GRADE), off=relative * grades["pupils"])
    total = grades.groupby(["year", "stage"])[["pupils", "off"]].sum()
    pupils = total["pupils"].to_numpy(float)
    share = np.divide(total["off"].to_numpy(float), pupils, out=np.zeros(len(pupils)), where=pupils > 0)
    p10, p90 = p10_p90(pupils, share)
    return total[["pupils"]].assign(p10=p10, p90=p90).reset_index()


def counted_curves(county: County) -> pd.DataFrame:
    """Add up the pupils counted in the schools.

    Returns
    -------
    DataFrame
        ``year, stage`` (key, sorted), ``pupils`` [person]; years with a missing count are left out.
    """
    history = county.enrolment.assign(stage=county.enrolment["grade"].map(STAGE_OF_GRADE))
    whole = history[~history["year"].isin(history.loc[history["pupils"].isna(), "year"])]
    return whole.groupby(["year", "stage"])["pupils"].sum().astype(float).reset_index()


def township_growth(county: County, demand: Demand, *, stage: str, year: int) -> pd.DataFrame:
    """Compare the pupils who live in every township with those of the base year.

    Parameters
    ----------
    county : County
        Townships and places.
    demand : Demand
        Pupils by year, grade and place.
    stage : {"primary", "junior"}
        Whose pupils.
    year : int
        A year of the plan.

    Returns
    -------
    DataFrame
        ``township_id`` (key, in the order of the layer), ``name``, ``before``, ``after``, ``change`` [person],
        ``change_share`` (missing where nobody lived before).
    """
    frame = demand.frame[demand.frame["grade"].map(STAGE_OF_GRADE).eq(stage)]
    home = frame["place_id"].map(county.places.set_index("place_id")["township_id"])
    ids = county.townships["township_id"]
    parts = {}
    for name, at in (("before", county.base_year), ("after", year)):
        mine = frame["year"] == at
        parts[name] = frame[mine].groupby(home[mine])["pupils"].sum().reindex(ids).fillna(0.0).to_numpy(float)
    table = pd.DataFrame({"township_id": ids.to_numpy(), "name": county.townships["name"].to_numpy(), **parts})
    change = table["after"] - table["before"]
    share = change / table["before"].where(table["before"] > 0)
    return table.assign(change=change, change_share=share)


def site_curves(county: County, demand: Demand) -> pd.DataFrame:
    """Set plan, households and pupils of every resettlement site side by side, year by year.

    Parameters
    ----------
    county : County
        Sites with their ``planned_households``, and ``move_in``.
    demand : Demand
        Pupils by year, grade and place.

    Returns
    -------
    DataFrame
        ``place_id, year`` (key, sorted), ``name``; ``planned`` [household]: the plan of the year, or of the whole site
        where none is dated; ``observed``: up to the base year; ``expected``: from the base year on, the plan in the
        proportion it has come true; ``pupils`` [person] of grades 1 to 9. Missing where nothing is known.
    """
    sites = county.places[county.places["kind"] == "resettlement"].set_index("place_id")
    pupils = demand.frame[demand.frame["place_id"].isin(sites.index)].groupby(["place_id", "year"])["pupils"].sum()
    years = sorted({*demand.frame["year"].tolist()})
    told = compare_sites(county).set_index(["place_id", "year"])
    expected = cast("pd.Series[float]", dated_households(county, years).households.reindex(columns=years).stack())
    expected = expected[expected.index.get_level_values(0).isin(sites.index)]
    keys = told.index.union(pupils.index).union(expected.index).sort_values()
    frame = told[["planned", "observed"]].reindex(keys)
    frame = frame.assign(expected=expected.reindex(keys), pupils=pupils.reindex(keys))
    frame.index.names = ["place_id", "year"]
    frame = frame.reset_index()
    undated = frame.groupby("place_id")["planned"].transform("count").eq(0)
    whole = frame["place_id"].map(sites["planned_households"]).astype(float)
    frame["planned"] = frame["planned"].where(~undated, whole)
    return frame.assign(name=frame["place_id"].map(sites["name"]))
