"""Give every pupil a school by the rule of a policy: nearest, zoned or within the seats."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from layoutplan.access.network import Ints
from layoutplan.county.tables import GRADES, GROUP_OF_GRADE, STAGE_OF_GRADE, STAGES
from layoutplan.errors import DataError
from layoutplan.seats.assignment import Assignment, NearestChoice, assign
from layoutplan.seats.capacity import assign_capacity, pair_at
from layoutplan.seats.demand import Demand
from layoutplan.seats.riders import split_riders, with_riders
from layoutplan.seats.roster import Roster, teaches
from layoutplan.seats.rules import Rules, Terms, check_idle, read_rules
from layoutplan.seats.sharing import share_zones
from layoutplan.seats.ways import Ways, means_of
from layoutplan.seats.zones import check_zones, in_zone_of


def assign_by_policy(demand: Demand, ways: Ways, *, roster: Roster, terms: Terms) -> Assignment:
    """Give every pupil a school, or say why there is none.

    Parameters
    ----------
    demand : Demand
        Pupils by year, grade and place.
    ways : Ways
        From every place to every school of the roster, as each grade travels.
    roster : Roster
        Which schools are open in which year, and the grades they teach.
    terms : Terms
        The policy, and what it asks.

    Returns
    -------
    Assignment
        Flows and unplaced add up to the demand.

    Raises
    ------
    ScenarioError
        An option or a bus has no effect under the rule, or locks and groups contradict each other, the schools
        or their seats.
    DataError
        Zones overlap or leave places out that the policy does not send to the nearest school.
    """
    check_idle(terms.policy)
    riders = split_riders(demand, ways, roster=roster, terms=terms) if roster.buses else None
    if riders is not None:
        demand, terms = riders.rest, replace(terms, supply=riders.supply)
    parts = [_assigned(part, now, roster=roster, terms=terms) for part, now in _by_ways(demand, ways)]
    found = parts[0] if len(parts) == 1 else _together(parts)
    means = np.array([means_of(terms.policy, GROUP_OF_GRADE[grade]) for grade in GRADES], dtype=object)
    flows = found.flows.assign(means=means[found.flows["grade"].to_numpy(np.int64) - 1])
    found = replace(found, flows=flows)
    return found if riders is None else with_riders(found, riders)


def _by_ways(demand: Demand, ways: Ways) -> list[tuple[Demand, Ways]]:
    """Return the years that share the same ways, with those ways; one part where no road is built."""
    if not ways.later:
        return [(demand, ways)]
    year = demand.frame["year"].to_numpy(np.int64)
    firsts = [int(year.min()), *(first for first, _ in ways.later)]
    parts = []
    for first, last in zip(firsts, [*firsts[1:], int(year.max()) + 1], strict=True):
        mine = (year >= first) & (year < last)
        if mine.any():
            parts.append((replace(demand, frame=demand.frame[mine].reset_index(drop=True)), ways.in_year(first)))
    return parts


def _together(parts: list[Assignment]) -> Assignment:
    """Return the assignments of one year after the other as one."""
    names = ("flows", "unplaced", "prices", "proof")
    return Assignment(**{name: pd.concat([getattr(part, name) for part in parts], ignore_index=True) for name in names})


def _assigned(demand: Demand, ways: Ways, *, roster: Roster, terms: Terms) -> Assignment:
    if terms.policy.assignment == "nearest":
        return assign(demand, ways, roster=roster)
    years = sorted(int(year) for year in demand.frame["year"].unique())
    rules = read_rules(ways, roster, terms, years=years)
    if terms.policy.assignment == "zoned":
        return _assign_zoned(demand, rules)
    return assign_capacity(demand, rules)


class ZoneChoice:
    """The nearest school in whose zone a place lies; where none of them teaches a grade, the nearest that does."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._nearest = NearestChoice(rules.ways, rules.roster)
        ids = {"place_ids": rules.place_ids, "school_ids": rules.school_ids}
        self._inside = {stage: in_zone_of(rules.terms.county, stage, **ids) for stage in STAGES}

    def pairs(self, year: int, grade: int) -> Ints:
        """Return the position in the grade's travel of every place's pair, -1 where there is none (int64 [place])."""
        nearest, travel = self._nearest.pairs(year, grade), self._rules.ways.of(grade)
        own = self._inside[STAGE_OF_GRADE[grade]] & teaches(self._rules.roster, grade, year)
        # Ways of a place are sorted, the nearest first.
        at = pair_at(travel)
        first = np.where(own & (at >= 0), at, len(travel.school)).min(axis=1, initial=len(travel.school))
        return np.where(own.any(axis=1), np.where(first < len(travel.school), first, -1), nearest)


def _assign_zoned(demand: Demand, rules: Rules) -> Assignment:
    problems = check_zones(rules.terms.county, must_cover=rules.terms.policy.unzoned == "refuse")
    if problems:
        raise DataError(problems)
    found = assign(demand, rules.ways, roster=rules.roster, choice=ZoneChoice(rules))
    # Who reaches some school, but not that of the zone.
    left, nearest = found.unplaced, NearestChoice(rules.ways, rules.roster)
    place = np.searchsorted(np.array(rules.place_ids), left["place_id"].to_numpy(str))
    who = zip(left["year"].tolist(), left["grade"].tolist(), place.tolist(), strict=True)
    reaches = np.array([nearest.pairs(year, grade)[row] >= 0 for year, grade, row in who], dtype=bool)
    found = replace(found, unplaced=left.assign(reason=left["reason"].mask(reaches, "zone_unreached")))
    return share_zones(found, rules)
