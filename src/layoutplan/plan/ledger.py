"""The ledgers of a plan in one year: resources, posts, communities and equity."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from layoutplan.access.travel import Travel, measure_travel
from layoutplan.county.tables import GradeGroup
from layoutplan.plan.planning import PlanResult
from layoutplan.seats.communities import Communities, describe_communities
from layoutplan.seats.equity import measure_equity, seats_within_reach
from layoutplan.seats.resources import Resources, measure_resources, stage_pupils, target_years
from layoutplan.seats.roster import is_open
from layoutplan.seats.staffing import count_posts
from layoutplan.seats.ways import limit_of

# Grades that a travel limit is said for, and the stage whose seats they need.
BANDS: dict[GradeGroup, tuple[str, tuple[int, ...]]] = {
    "grades_1_3": ("primary", (1, 2, 3)),
    "grades_4_6": ("primary", (4, 5, 6)),
    "grades_7_9": ("junior", (7, 8, 9)),
}


@dataclass(frozen=True, eq=False)
class Ledger:
    """What a county hands in beside the layout, for one school year.

    Parameters
    ----------
    year : int
        School year the pupils are counted in; what schools have is as reported in the base year.
    resources : Resources
        Seven indicators of every school that is open.
    targets : DataFrame
        ``school_id, distance, target_year``: when each failing school is to pass.
    posts : DataFrame
        Posts of every school beside its staff.
    communities : Communities
        School communities.
    equity : DataFrame
        ``band`` (:data:`BANDS`), ``limit_min`` (missing where the band is held to none), and the columns of
        :func:`~layoutplan.seats.equity.measure_equity`; group kinds ``county``, ``township_id``,
        ``place_kind`` and ``lodging``.
    """

    year: int
    resources: Resources
    targets: pd.DataFrame
    posts: pd.DataFrame
    communities: Communities
    equity: pd.DataFrame


_OPENED: WeakKeyDictionary[PlanResult, dict[tuple[int, int | None], Ledger]] = WeakKeyDictionary()


def open_ledger(result: PlanResult, *, year: int | None = None, per_year: int | None = None) -> Ledger:
    """Work out the ledgers of a plan.

    Parameters
    ----------
    result : PlanResult
        Scenario worked out.
    year : int, optional
        A year of the plan; the base year unless told otherwise.
    per_year : int, optional
        Schools to be raised to the standards a year; without it, as many as it takes by ``plan.goal_year``.

    Returns
    -------
    Ledger
        All tables sorted by key.

    Raises
    ------
    ValueError
        The year is not in the plan.
    """
    chosen = result.prepared.county.base_year if year is None else year
    if chosen not in set(result.enrolment.frame["year"]):
        raise ValueError(f"year {chosen} is not in the plan")
    # Four documents of one plan read the same ledgers.
    opened = _OPENED.setdefault(result, {})
    if (chosen, per_year) not in opened:
        opened[chosen, per_year] = _worked_out(result, chosen, per_year)
    return opened[chosen, per_year]


def _worked_out(result: PlanResult, chosen: int, per_year: int | None) -> Ledger:
    county, norms = result.prepared.county, result.prepared.norms
    enrolment = result.enrolment.frame[result.enrolment.frame["year"] == chosen]
    pupils = stage_pupils(county) if chosen == county.base_year else _planned(enrolment)
    schools = result.roster.schools
    resources = measure_resources(schools, county.rooms, pupils, norms=norms)
    standing = schools[is_open(result.roster, chosen)]
    goal = int(norms.value("plan.goal_year"))
    return Ledger(
        chosen,
        resources,
        target_years(resources, first_year=chosen + 1, goal_year=goal, per_year=per_year),
        count_posts(schools, enrolment, norms=norms),
        describe_communities(standing, county.communities, resources, between=_between(result), pupils=pupils),
        _equity(result, chosen),
    )  # fmt: skip


def _planned(enrolment: pd.DataFrame) -> pd.DataFrame:
    return enrolment.groupby(["school_id", "stage"])[["pupils"]].sum().reset_index()


def _between(result: PlanResult) -> Travel:
    """Return the ways between all schools of the scenario; only new schools have to be measured."""
    prepared, mode = result.prepared, result.scenario.policy.mode
    between = prepared.between[mode]
    if set(result.roster.schools["school_id"]) <= set(between.school_ids):
        return between
    from layoutplan.access.network import snap_points

    points = result.roster.schools.set_index("school_id").geometry
    snaps = snap_points(prepared.network, points, mode=mode, norms=prepared.norms)
    return measure_travel(prepared.network, snaps, snaps, mode=mode, norms=prepared.norms)


def _equity(result: PlanResult, year: int) -> pd.DataFrame:
    norms = result.prepared.norms
    places = result.prepared.county.places.set_index("place_id")
    groups = pd.DataFrame({"township_id": places["township_id"], "place_kind": places["kind"]})
    beds = result.roster.schools.set_index("school_id")["boarding_beds"].fillna(0) > 0
    flows, unplaced = (part[part["year"] == year] for part in (result.assignment.flows, result.assignment.unplaced))
    flows = flows.assign(lodging=np.where(flows["school_id"].map(beds), "beds", "day"))
    parts = []
    for band, (stage, grades) in BANDS.items():
        held = limit_of(result.scenario.policy, band, norms)
        limit = float("nan") if held is None else held.value
        mine, left = (part[part["grade"].isin(grades)] for part in (flows, unplaced))
        found = _seats_near(result, band, stage, year)
        table = measure_equity(mine, left, groups, limit_min=limit, within_reach=found)
        parts.append(table.assign(band=band, limit_min=limit))
    frame = pd.concat(parts, ignore_index=True)
    if frame["limit_min"].isna().any():
        # Without a norm nothing is over it; a share of 0 would say that all is well.
        frame["share_over_limit"] = frame["share_over_limit"].where(frame["limit_min"].notna())
    return frame[["band", "limit_min", *[name for name in frame.columns if name not in ("band", "limit_min")]]]


def _seats_near(result: PlanResult, band: GradeGroup, stage: str, year: int) -> pd.Series:
    """Return the seats a pupil of a group finds by its own means, all groups of the stage competing by theirs."""
    supply = result.supply.frame
    seats = supply[(supply["year"] == year) & (supply["stage"] == stage)].set_index("school_id")["seats"]
    demand = result.demand.frame
    demand = demand[demand["year"] == year]
    ways = result.ways.in_year(year)
    crowds = {
        name: (ways.of(grades[0]), demand[demand["grade"].isin(grades)].groupby("place_id")["pupils"].sum())
        for name, (of, grades) in BANDS.items()
        if of == stage
    }
    travel, pupils = crowds.pop(band)
    reach = result.prepared.norms.value(f"access.reach_minutes.{stage}")
    return seats_within_reach(travel, seats, pupils, reach_min=reach, others=list(crowds.values()))
