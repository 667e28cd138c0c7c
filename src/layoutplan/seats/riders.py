"""Pupils who ride a bus: taken out before the others are given a school, and put back with their ways.

A bus serves some grades of some places for one school. Whoever walks too long to that school and rides
no longer than the limit of the bus may take it; seats go to the youngest first, then to the farthest,
then to the smaller id. Whoever finds it full goes where the policy sends him. Speeds are capped where the
network is built.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from layoutplan.access.network import Floats
from layoutplan.access.travel import Travel
from layoutplan.county.tables import GRADES_OF_GROUP, GROUP_OF_GRADE, STAGE_OF_GRADE
from layoutplan.errors import Problem, ScenarioError
from layoutplan.norms import Norms
from layoutplan.seats.assignment import FLOW_COLUMNS, Assignment
from layoutplan.seats.demand import Demand
from layoutplan.seats.roster import BusLine, Roster, lines_in, teaches
from layoutplan.seats.rules import Terms
from layoutplan.seats.supply import Supply
from layoutplan.seats.ways import Ways, means_of

BUS = "bus"
_TINY = 1e-9
_WHO = ["year", "grade", "place_id"]


@dataclass(frozen=True, eq=False)
class Riders:
    """Who rides, and who is left.

    Parameters
    ----------
    flows : DataFrame
        Columns of :class:`layoutplan.seats.assignment.Assignment`, ``means`` always ``bus``.
    rest : Demand
        Pupils who do not ride.
    supply : Supply
        Seats of schools that riders leave free where seats bind, else all.
    """

    flows: pd.DataFrame
    rest: Demand
    supply: Supply


@dataclass(frozen=True)
class _Ride:
    """One grade of one place on one line: how long on foot (missing: no way) and by bus [min], and how far."""

    grade: int
    place_id: str
    walk: float
    bus: float
    metres: float

    @property
    def rank(self) -> tuple[object, ...]:
        """Who is seated first: the youngest group, the farthest on foot, the smaller id, the lower grade."""
        group = list(GRADES_OF_GROUP).index(GROUP_OF_GRADE[self.grade])
        return group, -self.walk if np.isfinite(self.walk) else -np.inf, self.place_id, self.grade


def split_riders(demand: Demand, ways: Ways, *, roster: Roster, terms: Terms) -> Riders:
    """Seat pupils on the buses of a scenario.

    Parameters
    ----------
    demand : Demand
        Pupils by year, grade and place.
    ways : Ways
        With those of the bus.
    roster : Roster
        Schools and buses.
    terms : Terms
        Policy, seats, norms: ``travel.limit_minutes.<group>`` on foot and ``travel.limit_minutes_bus.<group>``.

    Returns
    -------
    Riders
        Riders and the rest add up to the demand. Under the policy ``capacity`` nobody rides to a school
        without a seat for him.

    Raises
    ------
    ScenarioError
        A place is served from which nobody may ride in any year, or is locked to another school; all at once.
    """
    years = sorted(int(year) for year in demand.frame["year"].unique())
    problems = [*_locked_elsewhere(roster, terms), *_idle(ways, roster, terms, years=years)]
    if problems:
        raise ScenarioError(problems)
    wanted = demand.frame.set_index(_WHO)["pupils"]
    free = terms.supply.frame.set_index(["year", "stage", "school_id"])["seats"].astype(float)
    binds = terms.policy.assignment == "capacity"
    rows: list[tuple[object, ...]] = []
    for year in years:
        for line in lines_in(roster, year):
            left = float(line.seats)
            for ride in sorted(_rides(line, ways.in_year(year), roster, terms, year=year), key=lambda ride: ride.rank):
                seat = year, STAGE_OF_GRADE[ride.grade], line.school_id
                who = year, ride.grade, ride.place_id
                room = float(free.get(seat, 0.0)) if binds else np.inf
                pupils = min(float(wanted.get(who, 0.0)), left, room)
                if pupils <= _TINY:
                    continue
                left, wanted.loc[who] = left - pupils, wanted.loc[who] - pupils
                if binds:
                    free.loc[seat] -= pupils
                rows.append((*who, line.school_id, seat[1], pupils, ride.bus, ride.metres, BUS))
    flows = pd.DataFrame(rows, columns=[*FLOW_COLUMNS, "means"])
    rest = replace(demand, frame=demand.frame.assign(pupils=wanted.to_numpy(float)))
    supply = replace(terms.supply, frame=terms.supply.frame.assign(seats=free.to_numpy(float)))
    return Riders(flows, rest, supply)


def with_riders(assigned: Assignment, riders: Riders) -> Assignment:
    """Return who goes where with those who ride; a school's seats and pupils count them again."""
    flows = pd.concat([part for part in (assigned.flows, riders.flows) if len(part)] or [assigned.flows])
    flows = flows.sort_values([*FLOW_COLUMNS[:4], "means"], ignore_index=True)
    prices, proof = assigned.prices, assigned.proof
    if len(prices):
        given = riders.flows.groupby(["year", "stage", "school_id"])["pupils"].sum()
        more = given.reindex(pd.MultiIndex.from_frame(prices[["year", "stage", "school_id"]])).fillna(0.0).to_numpy()
        prices = prices.assign(seats=prices["seats"] + more, pupils=prices["pupils"] + more)
    if len(proof):
        minutes = (riders.flows["pupils"] * riders.flows["minutes"]).groupby(
            [riders.flows["year"], riders.flows["stage"]]
        )
        added = minutes.sum().reindex(pd.MultiIndex.from_frame(proof[["year", "stage"]])).fillna(0.0).to_numpy(float)
        both = {name: proof[name].to_numpy(float) + added for name in ("pupil_minutes", "least_minutes")}
        proof = proof.assign(**both)
    return replace(assigned, flows=flows, prices=prices, proof=proof)


def without_riders(demand: pd.DataFrame, flows: pd.DataFrame) -> pd.DataFrame:
    """Return a demand less those who ride, row by row.

    Parameters
    ----------
    demand : DataFrame
        ``year, grade, place_id`` (key), ``pupils``.
    flows : DataFrame
        Flows of a plan with that demand.
    """
    riding = flows[flows["means"] == BUS]
    if riding.empty:
        return demand
    gone = riding.groupby(_WHO)["pupils"].sum().reindex(pd.MultiIndex.from_frame(demand[_WHO])).fillna(0.0)
    return demand.assign(pupils=np.maximum(demand["pupils"].to_numpy(float) - gone.to_numpy(float), 0.0))


def seats_ridden_to(flows: pd.DataFrame, school_ids: Sequence[str], *, stage: str, year: int) -> Floats:
    """Return how many ride to each school in a stage and year (float64 [school])."""
    mine = flows[(flows["means"] == BUS) & (flows["stage"] == stage) & (flows["year"] == year)]
    riding: Floats = mine.groupby("school_id")["pupils"].sum().reindex(list(school_ids)).fillna(0.0).to_numpy(float)
    return riding


def _rides(line: BusLine, ways: Ways, roster: Roster, terms: Terms, *, year: int) -> Iterator[_Ride]:
    """Yield the grades and places that may ride in a year."""
    assert ways.bus is not None
    school = roster.row(line.school_id)
    for grade in line.grades:
        group = GROUP_OF_GRADE[grade]
        # Who goes by road anyway, or boards, needs no seat in the morning.
        if not teaches(roster, grade, year)[school] or means_of(terms.policy, group) != "walk":
            continue
        for place_id in line.place_ids:
            walk, _ = _way(ways.of(grade), place_id, line.school_id)
            bus, metres = _way(ways.bus, place_id, line.school_id)
            if may_ride(walk, bus, group=group, norms=terms.norms):
                yield _Ride(grade, place_id, walk, bus, metres)


def may_ride(walk_minutes: float, bus_minutes: float, *, group: str, norms: Norms) -> bool:
    """Return whether a bus helps: too far on foot (or no way), near enough by bus; both one way [min].

    Examples
    --------
    >>> from layoutplan.norms import load_norms
    >>> [may_ride(walk, 12.0, group="grades_1_3", norms=load_norms()) for walk in (30.0, 31.0, float("nan"))]
    [False, True, True]
    """
    near = walk_minutes <= norms.value(f"travel.limit_minutes.{group}") + _TINY
    return not near and bus_minutes <= norms.value(f"travel.limit_minutes_bus.{group}") + _TINY


def _way(travel: Travel, place_id: str, school_id: str) -> tuple[float, float]:
    """Return minutes and metres of a pair, missing where there is no way."""
    place = int(np.searchsorted(np.array(travel.place_ids), place_id))
    pairs = slice(travel.start[place], travel.start[place + 1])
    school = int(np.searchsorted(np.array(travel.school_ids), school_id))
    found = np.flatnonzero(travel.school[pairs] == school)
    if not len(found):
        return np.nan, np.nan
    pair = int(travel.start[place] + found[0])
    return float(travel.minutes[pair]), float(travel.length_mm[pair]) / 1000


def _locked_elsewhere(roster: Roster, terms: Terms) -> Iterator[Problem]:
    held = {(place_id, lock.school_id) for lock in terms.policy.locks for place_id in lock.place_ids}
    served = {(place_id, line.school_id) for line in roster.buses for place_id in line.place_ids}
    for place_id, school_id in sorted(served):
        for other in sorted(other for locked, other in held if locked == place_id and other != school_id):
            values = {"place_id": place_id, "school_id": school_id, "other": other}
            yield Problem("bus_locked", "run_bus", row=school_id, field="place_ids", values=values)


def _idle(ways: Ways, roster: Roster, terms: Terms, *, years: Sequence[int]) -> Iterator[Problem]:
    """Name every place from which nobody may ride in any year (law 14), with its minutes in the first one."""
    served: dict[tuple[str, str], int] = {}
    used: set[tuple[str, str]] = set()
    for year in years:
        for line in lines_in(roster, year):
            for place_id in line.place_ids:
                served.setdefault((line.school_id, place_id), year)
            rides = _rides(line, ways.in_year(year), roster, terms, year=year)
            used |= {(line.school_id, ride.place_id) for ride in rides}
    for (school_id, place_id), year in sorted(served.items()):
        if (school_id, place_id) not in used:
            now = ways.in_year(year)
            assert now.bus is not None
            walk, bus = _way(now.of(1), place_id, school_id)[0], _way(now.bus, place_id, school_id)[0]
            values = {
                "place_id": place_id, "school_id": school_id, "walk": _said(walk), "bus": _said(bus),
                "walk_limit": f"{terms.norms.value('travel.limit_minutes.grades_1_3'):g}",
                "bus_limit": f"{terms.norms.value('travel.limit_minutes_bus.grades_1_3'):g}",
            }  # fmt: skip
            yield Problem("bus_idle", "run_bus", row=school_id, field="place_ids", values=values)


def _said(minutes: float) -> str:
    return f"{minutes:.1f}" if np.isfinite(minutes) else "-"
