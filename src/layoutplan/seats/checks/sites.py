"""Resettlement sites and new housing: dated households, what they do to schools, and where people came from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from layoutplan.seats.checks.evidence import Evidence, Facts, Found, first_breaches, stage_words
from layoutplan.seats.resettlement import sites_off_plan

_LEAST_PUPILS = 20.0


def find_standing(facts: Facts) -> Iterator[Found]:
    """Look at the dates and origins of every place that people move to.

    Parameters
    ----------
    facts : Facts
        The county as it is.

    Yields
    ------
    (str, DataFrame)
        Code of a check, and a row a breach.
    """
    sites = _sites(facts)
    if len(sites):
        yield from _dates(facts, sites)
        yield from _off_plan(facts)


def find(evidence: Evidence) -> Iterator[Found]:
    """Look at the children of every place that people move to, and at the school that gets them.

    Parameters
    ----------
    evidence : Evidence
        The plan so far.

    Yields
    ------
    (str, DataFrame)
        Code of a check, and a row a breach.
    """
    sites = _sites(evidence.facts)
    if len(sites):
        yield from _changes(evidence, sites)
        yield from _schools_short(evidence, sites)


def _sites(facts: Facts) -> pd.DataFrame:
    places = facts.county.places
    mine = pd.DataFrame(places[places["kind"].isin(["resettlement", "housing"])].drop(columns="geometry"))
    return mine.set_index("place_id", drop=False)


def _off_plan(facts: Facts) -> Iterator[Found]:
    """Resettlement sites that hold many more or fewer households than were planned by their last count."""
    yield "resettlement_off_plan", sites_off_plan(facts.county, facts.norms)


def _dates(facts: Facts, sites: pd.DataFrame) -> Iterator[Found]:
    """Sites planned larger than they are without dates, dated beyond the plan, or from nowhere known."""
    households = sites["households"].astype("Float64").astype(float)
    planned = sites["planned_households"].astype("Float64").astype(float)
    dated = facts.county.move_in.groupby("place_id")["households"].max().astype(float).reindex(sites.index)
    cases = (
        ("site_without_dates", dated.isna() & (planned > households.fillna(0.0)), planned, households.fillna(0.0)),
        ("site_over_plan", dated > planned, dated, planned),
        ("site_without_origin", (sites["kind"] == "resettlement") & sites["origin_place_id"].isna(), households, None),
    )
    for code, where, measured, limit in cases:
        at = sites.index[where.to_numpy(bool)]
        yield (
            code,
            pd.DataFrame(
                {
                    "subject": at, "year": facts.base_year, "measured": measured[at].to_numpy(float),
                    "limit": np.nan if limit is None else limit[at].to_numpy(float), "place_id": at,
                }
            ),
        )  # fmt: skip


def _changes(evidence: Evidence, sites: pd.DataFrame) -> Iterator[Found]:
    """Sites whose school-age children grow, or fall after their highest year, by more than the share to tell."""
    share = evidence.facts.norms.value("site.change_share")
    demand = evidence.demand.frame
    mine = demand[demand["place_id"].isin(sites.index)]
    children = mine.groupby(["place_id", "year"])["pupils"].sum().reset_index()
    base = children[children["year"] == evidence.facts.base_year].set_index("place_id")["pupils"]
    now = children["place_id"].map(base)
    grown = children[(children["pupils"] > (1 + share) * now) & (children["pupils"] - now >= _LEAST_PUPILS)]
    rows = first_breaches(grown, ["place_id"], worst="pupils")
    yield "site_growth", _site_rows(rows, limit=rows["place_id"].map(base))
    peak = children.groupby("place_id")["pupils"].cummax()
    fallen = children[(children["pupils"] < (1 - share) * peak) & (peak - children["pupils"] >= _LEAST_PUPILS)]
    fallen = fallen.assign(peak=peak[fallen.index], lost=peak[fallen.index] - fallen["pupils"])
    rows = first_breaches(fallen, ["place_id"], worst="lost")
    yield "site_decline", _site_rows(rows, limit=rows["peak"])


def _site_rows(rows: pd.DataFrame, *, limit: pd.Series) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "subject": rows["place_id"], "year": rows["year"], "measured": rows["pupils"], "limit": limit,
            "place_id": rows["place_id"], "worst_year": rows["worst_year"],
        }
    )  # fmt: skip


def _schools_short(evidence: Evidence, sites: pd.DataFrame) -> Iterator[Found]:
    """Sites whose children are given a school that has more children than seats."""
    flows = evidence.assignment.flows
    mine = flows[flows["place_id"].isin(sites.index)]
    children = mine.groupby(["place_id", "school_id", "stage", "year"])["pupils"].sum().rename("pupils").reset_index()
    key = pd.MultiIndex.from_frame(children[["school_id", "stage", "year"]])
    taken = flows[flows["school_id"].isin(children["school_id"].unique())]
    given = taken.groupby(["school_id", "stage", "year"])["pupils"].sum()
    seats = evidence.supply.frame.set_index(["school_id", "stage", "year"])["seats"]
    children = children.assign(
        given=given.reindex(key).to_numpy(float), seats=seats.reindex(key).fillna(0.0).to_numpy(float)
    )
    short = children[(children["given"] > children["seats"]) & (children["pupils"] >= 1)]
    short = short.assign(short=short["given"] - short["seats"])
    rows = first_breaches(short, ["place_id", "stage"], worst="short")
    names = evidence.schools["name"]
    yield (
        "site_school_short",
        pd.DataFrame(
            {
                "subject": rows["place_id"] + "/" + rows["stage"], "year": rows["year"], "measured": rows["given"],
                "limit": rows["seats"], "place_id": rows["place_id"], "stage": rows["stage"],
                "stage_name": stage_words(rows["stage"]), "worst_year": rows["worst_year"],
                "pupils": rows["pupils"], "its_school": rows["school_id"].map(names),
            }
        ),
    )  # fmt: skip
