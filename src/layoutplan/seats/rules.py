"""Who may go to which school: grades taught, locks, boundaries and limits, as a bar on every way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from layoutplan.access.neighbours import Neighbours
from layoutplan.access.network import Flags, Floats, Ints
from layoutplan.county.layers import County
from layoutplan.county.tables import GRADES, GROUP_OF_GRADE, STAGE_OF_GRADE, STAGES
from layoutplan.errors import Problem, ScenarioError
from layoutplan.norms import Norms
from layoutplan.seats.roster import Roster, is_open
from layoutplan.seats.settings import Lock, Policy
from layoutplan.seats.supply import Supply
from layoutplan.seats.ways import Ways, limit_of
from layoutplan.seats.zones import in_zone_of

BARS = ("", "not_taught", "lock", "boundary", "too_far")
_NONE, _NOT_TAUGHT, _LOCK, _BOUNDARY, _TOO_FAR = range(len(BARS))
_ONLY_CAPACITY = (
    "villages", "within_limits", "boundary", "together", "together_within_m", "contiguous", "locks",
)  # fmt: skip
_TOLERANCE_MINUTES = 1e-9


@dataclass(frozen=True, eq=False)
class Terms:
    """What a policy asks besides ways and schools.

    Parameters
    ----------
    policy : Policy
        The rule.
    county : County
        Townships and zones of the places.
    supply : Supply
        Seats by year.
    norms : Norms
        Limits of travel.
    neighbours : Neighbours, optional
        Who lives beside whom; needed where the policy looks at it.
    """

    policy: Policy
    county: County
    supply: Supply
    norms: Norms
    neighbours: Neighbours | None = None


@dataclass(frozen=True, eq=False)
class Rules:
    """A policy read against the places and schools of a plan.

    Parameters
    ----------
    ways : Ways
        From places to schools.
    roster : Roster
        Schools.
    terms : Terms
        Policy and what it asks.
    years : tuple of int
        School years of the plan.
    locked : int64 [grade 1-9, place]
        Index of the school the pupils of a place are locked to, -1 where none.
    within : mapping
        By stage, whether a place may go to a school across boundaries (bool [place, school]).
    cluster : int64 [place]
        Places that are kept together have the same number: the index of the first of them.
    """

    ways: Ways
    roster: Roster
    terms: Terms
    years: tuple[int, ...]
    locked: Ints
    within: dict[str, Flags]
    cluster: Ints

    @property
    def place_ids(self) -> tuple[str, ...]:
        """Sorted ids of the places."""
        return self.ways.of(1).place_ids

    @property
    def school_ids(self) -> tuple[str, ...]:
        """Sorted ids of the schools."""
        return self.ways.of(1).school_ids


def check_idle(policy: Policy) -> None:
    """Raise if the policy names something its rule does not look at (law 14).

    Raises
    ------
    ScenarioError
        An option without effect.
    """
    plain = Policy()
    idle = [name for name in _ONLY_CAPACITY if getattr(policy, name) != getattr(plain, name)]
    idle = idle if policy.assignment != "capacity" else []
    if policy.contiguous and policy.villages == "split" and "contiguous" not in idle:
        idle.append("contiguous")
    if policy.assignment != "zoned":
        idle += [name for name in ("unzoned", "shared_zones") if getattr(policy, name) != getattr(plain, name)]
    if idle:
        values = {"assignment": f"{policy.assignment}, villages = {policy.villages}"}
        raise ScenarioError([Problem("policy_idle", "policy", field=name, values=values) for name in idle])


def read_rules(ways: Ways, roster: Roster, terms: Terms, *, years: Sequence[int]) -> Rules:
    """Read a policy against the places and schools of a plan.

    Parameters
    ----------
    ways : Ways
        From every place to every school of the roster.
    roster : Roster
        Schools.
    terms : Terms
        Policy and what it asks.
    years : sequence of int
        School years of the plan.

    Returns
    -------
    Rules
        Free of contradictions.

    Raises
    ------
    ScenarioError
        Unknown ids, locks on a school that is closed or cannot be reached, a place locked twice or
        locked beyond its limit or boundary, places kept together that have no school in common.
    """
    policy, travel = terms.policy, ways.of(1)
    problems = [*_unknown_ids(policy, travel.place_ids, travel.school_ids)]
    if problems:
        raise ScenarioError(problems)
    within = {stage: _within(terms, roster, stage, travel.place_ids, travel.school_ids) for stage in STAGES}
    cluster, problems = _clusters(policy.together, travel.place_ids)
    locked, found = _locked(policy.locks, travel.place_ids, travel.school_ids)
    if policy.together_within_m is not None:
        cluster = _settlements(terms, cluster, locked, within)
    rules = Rules(ways, roster, terms, tuple(years), locked, within, cluster)
    problems += [*found, *_lock_faults(rules), *_apart(rules)]
    if problems:
        raise ScenarioError(problems)
    return rules


def bars(rules: Rules, grade: int, *, year: int, with_locks: bool = True) -> Ints:
    """Return what bars each way of a grade's travel in a year, as an index into :data:`BARS` (int64 [pair]).

    Of several bars the first in the list counts; whether a school is open is another matter.
    """
    travel, taught, stage = rules.ways.of(grade), teaches_ever(rules, grade, year), STAGE_OF_GRADE[grade]
    place = np.repeat(np.arange(len(travel.place_ids)), np.diff(travel.start))
    bar = np.full(len(travel.school), _NONE, dtype=np.int64)
    if rules.terms.policy.within_limits:
        limit = limit_of(rules.terms.policy, GROUP_OF_GRADE[grade], rules.terms.norms)
        if limit is not None:
            bar[travel.minutes > limit.value + _TOLERANCE_MINUTES] = _TOO_FAR
    bar[~rules.within[stage][place, travel.school]] = _BOUNDARY
    if with_locks:
        lock = rules.locked[grade - 1][place]
        # A lock holds for the grades the school teaches; the others go where they may.
        binds = (lock >= 0) & taught[lock]
        bar[binds & (travel.school != lock)] = _LOCK
        bar[binds & (travel.school == lock)] = _NONE
    bar[~taught[travel.school]] = _NOT_TAUGHT
    return bar


def teaches_ever(rules: Rules, grade: int, year: int) -> Flags:
    """Return which schools teach a grade as they stand in a year, open or not (bool [school])."""
    spans = rules.roster.spans_in(year)
    return (spans.grade_from <= grade) & (grade <= spans.grade_to) & spans.is_ordinary


def _within(terms: Terms, roster: Roster, stage: str, place_ids: Sequence[str], school_ids: Sequence[str]) -> Flags:
    boundary = terms.policy.boundary
    if boundary == "none":
        return np.ones((len(place_ids), len(school_ids)), dtype=bool)
    if boundary == "zone":
        inside = in_zone_of(terms.county, stage, place_ids=place_ids, school_ids=school_ids)
        # Who lives in no zone is bound by none.
        inside[~inside.any(axis=1)] = True
        return inside
    of_place = terms.county.places.set_index("place_id")["township_id"].reindex(place_ids).to_numpy(str)
    of_school = roster.schools.set_index("school_id")["township_id"].reindex(school_ids).to_numpy(str)
    same: Flags = of_place[:, None] == of_school[None, :]
    return same


def _unknown_ids(policy: Policy, place_ids: Sequence[str], school_ids: Sequence[str]) -> Iterator[Problem]:
    places, schools = set(place_ids), set(school_ids)
    for number, lock in enumerate(policy.locks, start=1):
        if lock.school_id not in schools:
            yield Problem("school_unknown", "policy", f"locks[{number}]", "school_id", {"value": lock.school_id})
        for place_id in lock.place_ids:
            if place_id not in places:
                yield Problem("place_unknown", "policy", f"locks[{number}]", "place_ids", {"value": place_id})
    for number, group in enumerate(policy.together, start=1):
        for place_id in group:
            if place_id not in places:
                yield Problem("place_unknown", "policy", f"together[{number}]", "", {"value": place_id})


def _clusters(together: Sequence[Sequence[str]], place_ids: Sequence[str]) -> tuple[Ints, list[Problem]]:
    """Return the cluster of every place; a place in two groups is named."""
    at = {place_id: row for row, place_id in enumerate(place_ids)}
    cluster, problems = np.arange(len(place_ids)), []
    seen: dict[str, int] = {}
    for number, group in enumerate(together, start=1):
        for place_id in group:
            if place_id in seen:
                values = {"place_id": place_id, "other": f"together[{seen[place_id]}]"}
                problems.append(Problem("together_twice", "policy", f"together[{number}]", "", values))
            seen.setdefault(place_id, number)
        rows = sorted(at[place_id] for place_id in group)
        cluster[rows] = rows[0]
    return cluster, problems


def _locked(locks: Sequence[Lock], place_ids: Sequence[str], school_ids: Sequence[str]) -> tuple[Ints, list[Problem]]:
    """Return by grade the school each place is locked to; a place locked to two schools is named."""
    place = {place_id: row for row, place_id in enumerate(place_ids)}
    school = {school_id: row for row, school_id in enumerate(school_ids)}
    locked = np.full((len(GRADES), len(place_ids)), -1, dtype=np.int64)
    problems = []
    for number, lock in enumerate(locks, start=1):
        if not lock.holds_for:
            values = {"stage": str(lock.stage), "grades": ", ".join(map(str, lock.grades))}
            problems.append(Problem("lock_grades", "policy", f"locks[{number}]", "grades", values))
        rows, to = [grade - 1 for grade in lock.holds_for], school[lock.school_id]
        for place_id in lock.place_ids:
            held = locked[rows, place[place_id]]
            others = [
                grade for grade, other in zip(lock.holds_for, held.tolist(), strict=True) if other not in (-1, to)
            ]
            if others:
                values = {
                    "place_id": place_id, "school_id": lock.school_id, "grades": ", ".join(map(str, others)),
                    "other": school_ids[locked[others[0] - 1, place[place_id]]],
                }  # fmt: skip
                problems.append(Problem("lock_twice", "policy", f"locks[{number}]", "place_ids", values))
            locked[rows, place[place_id]] = to
    return locked, problems


def _lock_faults(rules: Rules) -> Iterator[Problem]:
    """Name locks that no year or way can keep."""
    row_of = {school_id: row for row, school_id in enumerate(rules.school_ids)}
    opened = {year: is_open(rules.roster, year) for year in rules.years}
    for number, lock in enumerate(rules.terms.policy.locks, start=1):
        school, row = row_of[lock.school_id], f"locks[{number}]"
        closed = [year for year in rules.years if not opened[year][school]]
        if closed:
            values = {"school_id": lock.school_id, "year": closed[0], "places": ", ".join(lock.place_ids)}
            yield Problem("lock_closed", "policy", row, "school_id", values)
        taught = {y: [g for g in lock.holds_for if teaches_ever(rules, g, y)[school]] for y in rules.years}
        # Single grades are asked for by name: every one has to be taught.
        wanted = len(lock.grades) or 1
        never = [year for year in rules.years if len(taught[year]) < min(wanted, len(lock.holds_for))]
        if never:
            left = [str(g) for g in lock.holds_for if g not in taught[never[0]]]
            values = {"school_id": lock.school_id, "year": never[0], "grades": ", ".join(left)}
            yield Problem("lock_not_taught", "policy", row, "school_id", values)
            continue
        grades = taught[rules.years[0]]
        yield from _barred_locks(rules, lock, school, row, grades)


def _barred_locks(rules: Rules, lock: Lock, school: int, row: str, grades: Sequence[int]) -> Iterator[Problem]:
    codes = {_BOUNDARY: "lock_boundary", _TOO_FAR: "lock_too_far"}
    found: dict[tuple[str, str], Problem] = {}
    for grade in grades:
        travel, bar = rules.ways.of(grade), bars(rules, grade, year=rules.years[0], with_locks=False)
        limit = limit_of(rules.terms.policy, GROUP_OF_GRADE[grade], rules.terms.norms)
        for place_id in lock.place_ids:
            place = rules.place_ids.index(place_id)
            pairs = np.arange(travel.start[place], travel.start[place + 1])
            mine = pairs[travel.school[pairs] == school]
            code = codes.get(int(bar[mine[0]])) if len(mine) else "lock_unreachable"
            if code is not None and (code, place_id) not in found:
                minutes = f"{travel.minutes[mine[0]]:.1f}" if len(mine) else "-"
                values = {
                    "place_id": place_id, "school_id": lock.school_id, "minutes": minutes,
                    "limit": f"{limit.value:g}" if limit is not None else "-",
                }  # fmt: skip
                found[code, place_id] = Problem(code, "policy", row, "place_ids", values)
    return iter(found.values())


def _settlements(terms: Terms, cluster: Ints, locked: Ints, within: dict[str, Flags]) -> Ints:
    """Return the clusters with places joined that live close by; those who may not go the same way are not."""
    neighbours, step = terms.neighbours, terms.policy.together_within_m
    if neighbours is None or step is None:
        raise ValueError("settlements are found by neighbours, which were not given")
    one, other = neighbours.one, neighbours.other
    free: Flags = np.all(locked < 0, axis=0)
    alike = free[one] & free[other]
    for allowed in within.values():
        alike &= np.all(allowed[one] == allowed[other], axis=1)
    close = neighbours.clusters(step, alike)
    # Groups that a planner named and settlements that were found are joined where they share a place.
    for _ in range(len(cluster)):
        joined = _least_of(close, _least_of(cluster, np.arange(len(cluster))))
        joined = _least_of(cluster, joined)
        if np.array_equal(joined, cluster) and np.array_equal(_least_of(close, cluster), cluster):
            break
        cluster = joined
    return cluster


def _least_of(group: Ints, value: Ints) -> Ints:
    """Return for every member of a group the least value in it."""
    least = np.full(len(group), len(group), dtype=np.int64)
    np.minimum.at(least, group, value)
    return least[group]


def _apart(rules: Rules) -> Iterator[Problem]:
    """Name places kept together that share no school in some grade."""
    for rows, named in _groups(rules):
        for grade in (1, 4, 7):
            travel, free = rules.ways.of(grade), bars(rules, grade, year=rules.years[0]) == _NONE
            sets = []
            for row in rows:
                pairs = np.arange(travel.start[row], travel.start[row + 1])
                sets.append(set(travel.school[pairs[free[pairs]]].tolist()))
            # Where nobody of the group has any school, keeping together is not what bars them.
            if any(sets) and not set.intersection(*sets):
                values = {"places": ", ".join(rules.place_ids[row] for row in rows), "grade": grade}
                yield Problem("together_apart", "policy", named, "", values)
                break


def _groups(rules: Rules) -> Iterator[tuple[list[int], str]]:
    """Yield the groups that a planner named, then the settlements found by nearness."""
    policy = rules.terms.policy
    for number, group in enumerate(policy.together, start=1):
        yield sorted(rules.place_ids.index(place_id) for place_id in group), f"together[{number}]"
    if policy.together_within_m is not None:
        named = {place_id for group in policy.together for place_id in group}
        first, count = np.unique(rules.cluster, return_counts=True)
        for at in first[count > 1].tolist():
            rows = np.flatnonzero(rules.cluster == at).tolist()
            if not {rules.place_ids[row] for row in rows} <= named:
                yield rows, "together_within_m"


def pupils_by_place(demand: pd.DataFrame, place_ids: Sequence[str], years: Sequence[int]) -> Floats:
    """Return the pupils of a demand as an array (float64 [year, grade 1-9, place]).

    Raises
    ------
    ValueError
        The demand holds pupils of another place or year, who would be lost.
    """
    pupils = np.zeros((len(years), 9, len(place_ids)))
    year = pd.Index(list(years)).get_indexer(pd.Index(demand["year"]))
    place = pd.Index(place_ids).get_indexer(pd.Index(demand["place_id"]))
    if (year < 0).any() or (place < 0).any():
        raise ValueError("the demand holds pupils of a place or year that is not asked for")
    pupils[year, demand["grade"].to_numpy(np.int64) - 1, place] = demand["pupils"].to_numpy(float)
    return pupils
