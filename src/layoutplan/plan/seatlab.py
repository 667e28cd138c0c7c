"""Try a new school where seats bind: every trial is a new optimum of the whole stage.

The solver is kept open between trials and starts from the last answer, so a trial follows a marker
while it is dragged; what it answers does not depend on the way the marker took.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from layoutplan.access.kernels import UNREACHED
from layoutplan.access.network import Floats, Ints, Mode, Snaps
from layoutplan.access.travel import costs_to_point, minutes_of
from layoutplan.county.tables import GROUP_OF_GRADE
from layoutplan.plan.planning import PlanResult, snap_point
from layoutplan.plan.siting import SITE_ID
from layoutplan.seats.capacity import seats_of
from layoutplan.seats.riders import seats_ridden_to, without_riders
from layoutplan.seats.rules import Rules, Terms, pupils_by_place, read_rules
from layoutplan.seats.settings import Policy
from layoutplan.seats.transport import MS_PER_MINUTE, Placement, TransportModel
from layoutplan.seats.units import StageUnits, stage_market, stage_units
from layoutplan.seats.ways import limit_of, mode_of

_SEAT = 1e-6


@dataclass(frozen=True, eq=False)
class SeatTrial:
    """What one site would do within the seats of one stage and year.

    Parameters
    ----------
    site_id : str
        Id of the site.
    reason : str
        Empty if the site can be reached; else ``off_network`` or ``outside_county``.
    pupils : float
        Pupils given the site [person].
    relief : DataFrame
        ``school_id, pupils_before, pupils_after, seats`` of every school whose number changes, largest
        relief first.
    unplaced_before, unplaced_after : float
        Pupils without a seat [person].
    pupil_minutes_before, pupil_minutes_after : float
        All ways of those with a seat, one way [person-minute].
    """

    site_id: str
    reason: str
    pupils: float
    relief: pd.DataFrame
    unplaced_before: float
    unplaced_after: float
    pupil_minutes_before: float
    pupil_minutes_after: float


@dataclass(frozen=True, eq=False)
class SeatLab:
    """All that trials of one plan, stage, year and size of site share.

    Parameters
    ----------
    result : PlanResult
        Plan under the policy ``capacity``.
    year : int
        Year looked at.
    rules : Rules
        The policy.
    units : StageUnits
        Who is placed.
    model : TransportModel
        Kept open; its last school is the site.
    before : Placement
        The optimum without the site.
    seats : float [school]
        Seats of the schools, the site left out.
    """

    result: PlanResult
    year: int
    rules: Rules
    units: StageUnits
    model: TransportModel
    before: Placement
    seats: Floats


def open_seat_lab(result: PlanResult, *, stage: str, year: int, rooms: int) -> SeatLab:
    """Gather what every trial needs, and solve once without the site.

    Parameters
    ----------
    result : PlanResult
        Plan under the policy ``capacity``, villages split as needed and no places kept together.
    stage : {"primary", "junior"}
        Stage the site would teach, in all its grades.
    year : int
        Year looked at.
    rooms : int
        Ordinary classrooms of the site.

    Returns
    -------
    SeatLab
        For :func:`try_seats`.

    Raises
    ------
    ValueError
        Under the plan's policy a trial would not be what the plan with the school is.
    """
    policy, norms = result.scenario.policy, result.prepared.norms
    if policy.assignment != "capacity" or _groups(policy) or policy.boundary != "none":
        raise ValueError("a seat lab needs the policy capacity with split villages, no groups and no boundary")
    terms = Terms(policy, result.prepared.county, result.supply, norms)
    years = sorted(int(y) for y in result.demand.frame["year"].unique())
    rules = read_rules(result.ways.in_year(year), result.roster, terms, years=years)
    units = stage_units(rules, stage, year)
    # Riders stay where they are, and so do the seats they take.
    flows = result.assignment.flows
    walking = without_riders(result.demand.frame, flows)
    pupils = pupils_by_place(walking, rules.place_ids, years)[years.index(year)]
    amounts, seats = units.amounts(pupils), seats_of(rules, stage, year)
    seats = seats - seats_ridden_to(flows, rules.school_ids, stage=stage, year=year)
    held = units.locked >= 0
    seats = seats - np.bincount(units.locked[held], weights=amounts[held], minlength=len(seats))
    market = stage_market(rules, units, pupils, np.maximum(seats, 0.0))
    site_seats = rooms * norms.value(f"class_size.{stage}")
    model = TransportModel(market, site_id=SITE_ID, site_seats=site_seats)
    model.set_amounts(np.where(held, 0.0, amounts), np.append(np.maximum(seats, 0.0), site_seats))
    return SeatLab(result, year, rules, units, model, model.solve(prices=False), market.seats)


def _groups(policy: Policy) -> bool:
    """Return whether a policy keeps pupils together in any way."""
    return policy.villages != "split" or bool(policy.together) or policy.together_within_m is not None


def try_seats(lab: SeatLab, east_m: float, north_m: float) -> SeatTrial:
    """Try the site at one point.

    Parameters
    ----------
    lab : SeatLab
        Plan, stage, year and rooms.
    east_m, north_m : float
        Point in the county's CRS.

    Returns
    -------
    SeatTrial
        Equal to the plan with the school opened there, in the stage and year of the lab.
    """
    prepared = lab.result.ground(lab.year)
    inside = bool(shapely.intersects_xy(prepared.outline, east_m, north_m))
    modes = sorted({_mode(lab, group.grades[0]) for group in lab.units.groups})
    sites = {mode: snap_point(prepared, east_m, north_m, mode=mode) for mode in modes}
    on_roads = all(site.edge[0] >= 0 for site in sites.values())
    reason = "outside_county" if not inside else "off_network" if not on_roads else ""
    after = lab.before
    if not reason:
        lab.model.move_site(_site_costs(lab, sites))
        after = lab.model.solve(prices=False)
    count = len(lab.seats) + 1
    placed = (lab.before, after)
    given = [np.bincount(item.school, weights=item.pupils, minlength=count).astype(float) for item in placed]
    return SeatTrial(
        SITE_ID, reason, float(given[1][-1]), _relief(lab, given[0][:-1], given[1][:-1]),
        unplaced_before=float(lab.before.unplaced.sum()), unplaced_after=float(after.unplaced.sum()),
        pupil_minutes_before=lab.before.pupil_minutes, pupil_minutes_after=after.pupil_minutes,
    )  # fmt: skip


def _mode(lab: SeatLab, grade: int) -> Mode:
    return mode_of(lab.result.scenario.policy, GROUP_OF_GRADE[grade])


def _site_costs(lab: SeatLab, sites: dict[Mode, Snaps]) -> Ints:
    """Return the way of every unit to the site [ms]; none beyond its limit."""
    prepared, policy, norms = lab.result.ground(lab.year), lab.result.scenario.policy, lab.result.prepared.norms
    measured = {}
    for mode, site in sites.items():
        cost, _ = costs_to_point(prepared.network, prepared.places[mode], site, mode=mode)
        order = np.argsort(np.array(prepared.places[mode].ids))
        measured[mode] = cost[order]
    parts = []
    for group in lab.units.groups:
        band, mode = GROUP_OF_GRADE[group.grades[0]], _mode(lab, group.grades[0])
        cost = measured[mode]
        reached = cost != UNREACHED
        minutes = minutes_of(np.where(reached, cost, 0), mode=mode, norms=norms, grades=band)
        limit = limit_of(policy, band, norms) if policy.within_limits else None
        if limit is not None:
            reached &= minutes <= limit.value + 1e-9
        ms = np.rint(minutes * MS_PER_MINUTE).astype(np.int64)
        parts.append(np.where(reached, ms, UNREACHED))
    every = np.concatenate(parts)
    return np.where(lab.units.locked >= 0, UNREACHED, every)


def _relief(lab: SeatLab, before: Floats, after: Floats) -> pd.DataFrame:
    gone = before - after
    order = np.argsort(-gone, kind="stable")
    order = order[np.abs(gone[order]) > _SEAT]
    ids = np.array(lab.rules.school_ids, dtype=object)
    return pd.DataFrame(
        {
            "school_id": ids[order], "pupils_before": before[order], "pupils_after": after[order],
            "seats": lab.seats[order],
        }
    )  # fmt: skip
