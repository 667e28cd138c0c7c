"""Whether the data can carry the verdict: dates, gaps, contradictions, norms nobody has confirmed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from layoutplan.seats.checks.evidence import Facts, Found
from layoutplan.seats.standing import yearly_counts


def find_standing(facts: Facts) -> Iterator[Found]:
    """Look at what the plan was made from.

    Parameters
    ----------
    facts : Facts
        The county as it is.

    Yields
    ------
    (str, DataFrame)
        Code of a check, and a row a breach.
    """
    yield from _vintages(facts)
    yield from _counts(facts)
    yield from _unknown(facts)
    yield from _names(facts)
    yield from _unconfirmed(facts)


def _vintages(facts: Facts) -> Iterator[Found]:
    """Layers of very different dates (T24), and layers much older than the base year."""
    dates = pd.Series(dict(facts.county.as_of), dtype=object).dropna().sort_values(kind="stable")
    if dates.empty:
        return
    years = dates.str[:4].astype(int)
    limit, age_limit = (facts.norms.value(f"data.{name}") for name in ("vintage_spread_years", "layer_age_years"))
    spread = int(years.max() - years.min())
    row = {
        "subject": "as_of", "year": facts.base_year, "measured": float(spread), "limit": limit,
        "oldest": dates.index[0], "oldest_date": dates.iloc[0],
        "newest": dates.index[-1], "newest_date": dates.iloc[-1],
    }  # fmt: skip
    yield "vintage_spread", pd.DataFrame([row] if spread > limit else [], columns=list(row))
    age = facts.base_year - years
    old = age[age > age_limit]
    yield (
        "layer_old",
        pd.DataFrame(
            {
                "subject": old.index, "year": facts.base_year, "measured": old.to_numpy(float),
                "limit": age_limit, "layer": old.index, "date": dates[old.index].to_numpy(),
            }
        ),
    )  # fmt: skip


def _counts(facts: Facts) -> Iterator[Found]:
    """Schools not counted in a year that judges them, and counts that contradict the classes."""
    county, norms = facts.county, facts.norms
    needed = int(norms.value("shell.counts"))
    years = range(county.base_year - needed + 1, county.base_year + 1)
    known = yearly_counts(county, years).reindex(facts.schools.index)
    standing = facts.schools["opens_year"].isna()
    missing = known.isna().sum(axis=1)
    at = facts.schools.index[(standing & (missing > 0)).to_numpy(bool)]
    yield "count_missing", _rows(at, facts, (needed - missing)[at].astype(float), float(needed))
    history = county.enrolment[county.enrolment["year"] == county.base_year].groupby("school_id")["pupils"].sum()
    both = pd.DataFrame({"history": history.astype(float), "classes": facts.base_pupils}).dropna()
    apart = (both["history"] - both["classes"]).abs()
    at = both.index[(apart > norms.value("data.count_tolerance")).to_numpy(bool)]
    yield "counts_differ", _rows(at, facts, both.loc[at, "history"], both.loc[at, "classes"])


def _rows(at: pd.Index, facts: Facts, measured: pd.Series | float, limit: pd.Series | float) -> pd.DataFrame:
    frame = pd.DataFrame({"subject": at, "year": facts.base_year, "school_id": at}, index=at)
    return frame.assign(measured=measured, limit=limit)


def _unknown(facts: Facts) -> Iterator[Found]:
    """Schools with pupils whose staff, or with boarders whose beds, are not known."""
    schools = facts.schools
    taught = (facts.base_pupils > 0).to_numpy()
    at = schools.index[schools["staff"].isna().to_numpy(bool) & taught]
    yield "staff_unknown", _rows(at, facts, np.nan, np.nan)
    boarders = facts.classes["boarders"].astype("Float64").astype(float).fillna(0.0)
    sums = boarders.groupby(facts.classes["school_id"]).sum().reindex(schools.index).fillna(0.0)
    at = schools.index[schools["boarding_beds"].isna().to_numpy(bool) & (sums > 0).to_numpy()]
    yield "beds_unknown", _rows(at, facts, np.nan, np.nan).assign(boarders=sums[at])


def _names(facts: Facts) -> Iterator[Found]:
    """Schools that share a name, and rural schools in no community while others are."""
    schools = facts.schools
    times = schools.groupby("name")["school_id"].transform("size")
    at = schools.index[(times > 1).to_numpy()]
    yield "school_name_twice", _rows(at, facts, times[at].astype(float), 1.0)
    if len(facts.county.communities):
        rural = (schools["setting"] != "county_town") & schools["community_id"].isna() & (facts.base_pupils > 0)
        at = schools.index[rural.to_numpy(bool)]
        yield "community_missing", _rows(at, facts, np.nan, np.nan)


def _unconfirmed(facts: Facts) -> Iterator[Found]:
    """How many norms in force still have to be confirmed by the bureau."""
    open_norms = [key for key, norm in facts.norms.items() if not norm.verified]
    if open_norms:
        row = {
            "subject": "norms", "year": facts.base_year, "measured": float(len(open_norms)), "limit": 0.0,
            "all_norms": len(facts.norms),
        }  # fmt: skip
        yield "norms_unconfirmed", pd.DataFrame([row])
