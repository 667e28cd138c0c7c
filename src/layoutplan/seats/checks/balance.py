"""Seats against the children who live there: township by township, school by school."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from layoutplan.county.tables import STAGES
from layoutplan.seats.checks.evidence import Evidence, Found, breaches, first_breaches, stage_rows, stage_words


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
    balance = evidence.balance
    keys = ["township_id", "stage"]
    short = first_breaches(balance[balance["gap"] > 0], keys, worst="gap")
    yield "seat_gap", _township_rows(short.assign(measured=short["gap"], limit=0.0))
    share = evidence.facts.norms.value("seats.surplus_share")
    ample = balance[(balance["year"] == evidence.facts.goal_year) & (balance["demand"] > 0)]
    ample = ample[ample["seats"] >= share * ample["demand"]].assign(worst_year=evidence.facts.goal_year)
    yield "seat_surplus", _township_rows(ample.assign(measured=ample["seats"], limit=share * ample["demand"]))


def _township_rows(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(subject=rows["township_id"] + "/" + rows["stage"], stage_name=stage_words(rows["stage"]))[
        ["subject", "year", "measured", "limit", "township_id", "stage", "stage_name", "worst_year", "demand", "seats"]
    ]


def _county(evidence: Evidence) -> Iterator[Found]:
    """Stages in which the whole county is short, even if every empty seat could be used."""
    sums = evidence.balance.groupby(["stage", "year"])[["demand", "seats", "gap"]].sum().reset_index()
    rows = first_breaches(sums[sums["gap"] > 0], ["stage"], worst="gap")
    yield (
        "county_seat_gap",
        rows.assign(
            subject=rows["stage"], measured=rows["gap"], limit=0.0, stage_name=stage_words(rows["stage"])
        )[["subject", "year", "measured", "limit", "stage", "stage_name", "worst_year", "demand", "seats"]],
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
    left = left[(left["reason"] == "no_school") & (left["pupils"] > 0)]
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
