"""Who is placed together: pupils of a place in grades that are taught alike and may go to the same schools."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layoutplan.access.network import Floats, Ints
from layoutplan.access.travel import Travel
from layoutplan.county.tables import GRADES_OF_STAGE
from layoutplan.seats.ground import Ground, touching
from layoutplan.seats.rules import Rules, bars, teaches_ever
from layoutplan.seats.transport import MS_PER_MINUTE, Market


@dataclass(frozen=True, eq=False)
class Group:
    """Grades of a stage that are taught alike and may go to the same schools.

    Parameters
    ----------
    grades : tuple of int
        Which.
    travel : Travel
        Their ways.
    bar : int64 [pair]
        What bars each way, an index into ``BARS``.
    """

    grades: tuple[int, ...]
    travel: Travel
    bar: Ints


@dataclass(frozen=True, eq=False)
class StageUnits:
    """The units of a stage: every group of grades at every cluster of places, group by group.

    Parameters
    ----------
    stage : {"primary", "junior"}
        Which.
    groups : tuple of Group
        Grades that go together.
    first_place : int64 [cluster]
        First place of each cluster of places that are kept together; most clusters are one place.
    position : int64 [place]
        Cluster of each place.
    locked : int64 [unit]
        School the unit is locked to, -1 where it is free.
    """

    stage: str
    groups: tuple[Group, ...]
    first_place: Ints
    position: Ints
    locked: Ints

    def amounts(self, pupils: Floats) -> Floats:
        """Return the pupils of every unit; ``pupils`` is float [grade 1-9, place]."""
        parts = []
        for group in self.groups:
            by_place = pupils[[grade - 1 for grade in group.grades]].sum(axis=0)
            parts.append(np.bincount(self.position, weights=by_place, minlength=len(self.first_place)))
        return np.concatenate(parts)


def units_by_year(rules: Rules, stage: str) -> list[StageUnits]:
    """Return the units of a stage in every year: the same value until a school is converted."""
    found: list[StageUnits] = []
    for at, year in enumerate(rules.years):
        same = at > 0 and rules.roster.spans_in(year) is rules.roster.spans_in(rules.years[at - 1])
        found.append(found[-1] if same else stage_units(rules, stage, year))
    return found


def stage_units(rules: Rules, stage: str, year: int) -> StageUnits:
    """Return the units of a stage, by the grades that schools teach in a year."""
    groups: dict[tuple[int, bytes, bytes], Group] = {}
    for grade in GRADES_OF_STAGE[stage]:
        travel, bar = rules.ways.of(grade), bars(rules, grade, year=year)
        key = id(travel), bar.tobytes(), rules.locked[grade - 1].tobytes()
        known = groups.get(key)
        groups[key] = Group((*known.grades, grade) if known else (grade,), travel, bar)
    first_place, position = np.unique(rules.cluster, return_inverse=True)
    locked = []
    for group in groups.values():
        lock, taught = rules.locked[group.grades[0] - 1], teaches_ever(rules, group.grades[0], year)
        own = np.where((lock >= 0) & taught[lock], lock, -1)
        of_cluster = np.full(len(first_place), -1, dtype=np.int64)
        np.maximum.at(of_cluster, position, own)
        locked.append(of_cluster)
    return StageUnits(stage, tuple(groups.values()), first_place, position, np.concatenate(locked))


def stage_market(rules: Rules, units: StageUnits, pupils: Floats, seats: Floats) -> Market:
    """Return the market of a stage: every way that no rule bars, shortest first.

    Parameters
    ----------
    rules : Rules
        Policy.
    units : StageUnits
        Who is placed.
    pupils : float [grade 1-9, place]
        Pupils of a year.
    seats : float [school]
        Seats of the stage in that year.
    """
    clusters = len(units.first_place)
    unit, school, cost = [], [], []
    for number, group in enumerate(units.groups):
        weight = pupils[[grade - 1 for grade in group.grades]].sum(axis=0)
        cluster, way_school, way_ms = _cluster_ways(units, group, weight, len(seats))
        unit.append(number * clusters + cluster)
        school.append(way_school)
        cost.append(way_ms)
    units_of, schools_of, cost_ms = (np.concatenate(parts) for parts in (unit, school, cost))
    order = np.lexsort((schools_of, cost_ms, units_of))
    count = np.bincount(units_of, minlength=len(units.locked))
    start = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    names = [rules.place_ids[row] for row in units.first_place.tolist()]
    unit_ids = tuple(f"{name}/{group.grades[0]}" for group in units.groups for name in names)
    return Market(unit_ids, rules.school_ids, units.amounts(pupils), seats, start, schools_of[order], cost_ms[order])


def _cluster_ways(units: StageUnits, group: Group, weight: Floats, schools: int) -> tuple[Ints, Ints, Ints]:
    """Return cluster, school and cost [ms] of the free ways; places kept together travel their mean way."""
    travel = group.travel
    free = np.flatnonzero(group.bar == 0)
    place = np.repeat(np.arange(len(travel.place_ids)), np.diff(travel.start))[free]
    cluster, school = units.position[place], travel.school[free]
    cost = np.rint(travel.minutes[free] * MS_PER_MINUTE).astype(np.int64)
    members = np.bincount(units.position, minlength=len(units.first_place))
    if members.max(initial=1) == 1:
        return cluster, school, cost
    key = cluster * schools + school
    ways, way = np.unique(key, return_inverse=True)
    # A group without pupils in a year goes by its plain mean, which then costs nothing.
    total = np.bincount(units.position, weights=weight, minlength=len(members))
    share = np.where(
        total[cluster] > 0, weight[place] / np.where(total[cluster] > 0, total[cluster], 1.0), 1 / members[cluster]
    )
    mean = np.bincount(way, weights=share * cost, minlength=len(ways))
    common = np.bincount(way, minlength=len(ways)) == members[ways // schools]
    return ways[common] // schools, ways[common] % schools, np.rint(mean[common]).astype(np.int64)


def ground_of(rules: Rules, units: StageUnits, amounts: Floats) -> Ground:
    """Return the ground of every unit, for catchments that hang together.

    Parameters
    ----------
    rules : Rules
        With neighbours; places kept together count as one.
    units : StageUnits
        Units of a stage.
    amounts : float [unit]
        Their pupils.
    """
    neighbours = rules.terms.neighbours
    if neighbours is None:
        raise ValueError("catchments hang together over neighbours, which were not given")
    clusters, groups = len(units.first_place), len(units.groups)
    one, other = units.position[neighbours.one], units.position[neighbours.other]
    shift = np.repeat(np.arange(groups) * clusters, len(one))
    start, touch = touching(groups * clusters, np.tile(one, groups) + shift, np.tile(other, groups) + shift)
    rooted = np.zeros((clusters, len(rules.school_ids)), dtype=bool)
    for school, school_id in enumerate(rules.school_ids):
        if school_id in neighbours.home:
            home = units.position[neighbours.home[school_id]]
            rooted[home, school] = True
            rooted[touch[start[home] : start[home + 1]], school] = True
    rooted = np.tile(rooted, (groups, 1))
    alone = (np.diff(start) == 0) & ~rooted.any(axis=1)
    is_open = ((amounts <= 0) | alone) & (units.locked < 0)
    return Ground(start, touch, rooted, is_open, units.locked)
