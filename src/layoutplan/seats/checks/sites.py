"""Resettlement sites and new housing: dated households, what they do to schools, and where people came from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from layoutplan.county.tables import STAGES
from layoutplan.seats.checks.cubes import breaches
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
    share, years = evidence.facts.norms.value("site.change_share"), evidence.years
    place = np.flatnonzero(np.isin(evidence.place_ids, sites.index.to_numpy(object)))
    children = evidence.children[:, :, place].sum(axis=1).T
    base = children[:, [int(np.searchsorted(years, evidence.facts.base_year))]]
    peak = np.maximum.accumulate(children, axis=1)
    grown = (children > (1 + share) * base) & (children - base >= _LEAST_PUPILS)
    fallen = (children < (1 - share) * peak) & (peak - children >= _LEAST_PUPILS)
    for code, where, size, limit in (
        ("site_growth", grown, children, np.broadcast_to(base, children.shape)),
        ("site_decline", fallen, peak - children, peak),
    ):
        found = breaches(where, size)
        subject = evidence.place_ids[place[found.at[0]]]
        rows = {
            "subject": subject, "year": years[found.first], "measured": found.of(children), "limit": found.of(limit),
            "place_id": subject, "worst_year": years[found.worst],
        }  # fmt: skip
        yield code, pd.DataFrame(rows)


def _schools_short(evidence: Evidence, sites: pd.DataFrame) -> Iterator[Found]:
    """Sites whose children are given a school that has more children than seats."""
    flows, cubes, years = evidence.flows, evidence.cubes, evidence.years
    mine = np.isin(evidence.place_ids, sites.index.to_numpy(object))[flows.place]
    shape = (len(evidence.place_ids), len(STAGES), len(cubes.school_ids), len(years))
    # Few of all cells hold children, so they are told by their number.
    key = np.ravel_multi_index(
        tuple(axis[mine] for axis in (flows.place, flows.stage, flows.school, flows.year)), shape
    )
    cell, at = np.unique(key, return_inverse=True)
    pupils = np.bincount(at, flows.pupils[mine], len(cell))
    place, stage, school, year = np.unravel_index(cell, shape)
    given, seats = (cube[school, stage, year] for cube in (cubes.children, cubes.seats))
    short = (given > seats) & (pupils >= 1)
    frame = pd.DataFrame(
        {
            "place_id": evidence.place_ids[place], "stage": np.array(STAGES, dtype=object)[stage],
            "year": years[year], "pupils": pupils, "its_school": evidence.schools["name"].to_numpy(object)[school],
            "measured": given, "limit": seats, "short": given - seats,
        }
    )[short]  # fmt: skip
    rows = first_breaches(frame, ["place_id", "stage"], worst="short")
    yield (
        "site_school_short",
        rows.assign(subject=rows["place_id"] + "/" + rows["stage"], stage_name=stage_words(rows["stage"])),
    )
