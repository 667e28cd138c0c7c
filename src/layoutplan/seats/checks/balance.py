"""Seats against the children who live there: township by township, school by school."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from layoutplan.county.tables import STAGES
from layoutplan.seats.checks.cubes import STAGE_WORDS, Breaches, breaches, stage_rows
from layoutplan.seats.checks.evidence import Evidence, Found, first_breaches


def find(evidence: Evidence) -> Iterator[Found]:
    """Look at the seats of every township, of the county, and of every school's surroundings.

    Parameters
    ----------
    evidence : Evidence
        The plan so far.

    Yields
    ------
    (str, DataFrame)
        Code of a check, and a row a breach.
    """
    yield from _townships(evidence)
    yield from _county(evidence)
    yield from _catchments(evidence)
    yield from _without_school(evidence)
    yield from _junior_schools(evidence)


def _townships(evidence: Evidence) -> Iterator[Found]:
    """Townships short of seats in a stage (first year, worst year), and with far too many in the goal year."""
    local, facts = evidence.local, evidence.facts
    found = breaches(local["gap"] > 0, local["gap"])
    yield "seat_gap", _rows(found, evidence, measured=found.of(local["gap"]), limit=0.0)
    share = facts.norms.value("seats.surplus_share")
    ample = (local["demand"] > 0) & (local["seats"] >= share * local["demand"]) & (evidence.years == facts.goal_year)
    found = breaches(ample, local["seats"])
    limit = share * found.of(local["demand"])
    yield "seat_surplus", _rows(found, evidence, measured=found.of(local["seats"]), limit=limit)


def _rows(found: Breaches, evidence: Evidence, **columns: object) -> pd.DataFrame:
    """Return a row a stage of a township in breach."""
    township = evidence.facts.county.townships["township_id"].to_numpy(object)[found.at[0]]
    stage = np.array(STAGES, dtype=object)[found.at[1]]
    frame = {
        "subject": township + "/" + stage, "year": evidence.years[found.first], "township_id": township,
        "stage": stage, "stage_name": [STAGE_WORDS[name] for name in stage],
        "worst_year": evidence.years[found.worst], "demand": found.of(evidence.local["demand"]),
        "seats": found.of(evidence.local["seats"]), **columns,
    }  # fmt: skip
    return pd.DataFrame(frame)


def _county(evidence: Evidence) -> Iterator[Found]:
    """Stages in which the whole county is short, even if every empty seat could be used."""
    demand, seats, gap = (evidence.local[name].sum(axis=0) for name in ("demand", "seats", "gap"))
    found = breaches(gap > 0, gap)
    stage = np.array(STAGES, dtype=object)[found.at[0]]
    yield (
        "county_seat_gap",
        pd.DataFrame(
            {
                "subject": stage, "year": evidence.years[found.first], "measured": found.of(gap), "limit": 0.0,
                "stage": stage, "stage_name": [STAGE_WORDS[name] for name in stage],
                "worst_year": evidence.years[found.worst], "demand": found.of(demand), "seats": found.of(seats),
            }
        ),
    )  # fmt: skip


def _catchments(evidence: Evidence) -> Iterator[Found]:
    """Schools given more children than they have seats."""
    cubes = evidence.cubes
    short = cubes.children - cubes.seats
    # A hundredth of a child is the noise of adding, not a child.
    found = breaches(short > 0.01, short)
    measured, limit, lacking = (found.of(cube) for cube in (cubes.children, cubes.seats, short))
    yield "catchment_over_seats", stage_rows(found, cubes, measured=measured, limit=limit, short=lacking)


def _without_school(evidence: Evidence) -> Iterator[Found]:
    """Places on the network whose children of some grade have no open school to go to."""
    left = evidence.assignment.unplaced
    left = left[(left["reason"] == "no_school").to_numpy() & (left["pupils"] > 0).to_numpy()]
    if left.empty:
        return
    sums = left.groupby(["place_id", "year"]).agg(measured=("pupils", "sum"), grades=("grade", "nunique")).reset_index()
    rows = first_breaches(sums, ["place_id"], worst="measured")
    yield "grade_without_school", rows.assign(subject=rows["place_id"], limit=0.0)


def _junior_schools(evidence: Evidence) -> Iterator[Found]:
    """Townships with no school of the junior stage."""
    schools = evidence.schools
    stays = schools[schools["closes_year"].isna() & (schools["grade_to"] >= 7)]
    township = evidence.facts.county.townships["township_id"]
    without = township[~township.isin(stays["township_id"])]
    yield (
        "junior_school_missing",
        pd.DataFrame(
            {
                "subject": without + f"/{STAGES[1]}", "year": evidence.facts.base_year, "measured": 0.0, "limit": 1.0,
                "township_id": without, "stage": STAGES[1],
            }
        ),
    )  # fmt: skip
