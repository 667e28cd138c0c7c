"""From a county and a goal to a task: units, ways, sites with their forms, and every condition on decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from layoutplan.access.kernels import UNREACHED
from layoutplan.access.network import Flags, Floats, Ints, Mode
from layoutplan.access.travel import costs_to_point, minutes_of
from layoutplan.county.tables import GRADES_OF_STAGE, GROUP_OF_GRADE, STAGES, GradeGroup
from layoutplan.errors import Problem, ScenarioError
from layoutplan.norms import Norms
from layoutplan.plan.measuring import snap_point
from layoutplan.plan.optimise.conditions import conditions, spending
from layoutplan.plan.optimise.goal import Goal, check_goal
from layoutplan.plan.optimise.locked import Closable, find_closable, only_in_reach
from layoutplan.plan.optimise.people import high_side, pupils_to_seat
from layoutplan.plan.optimise.sites import Form, Site, check_ids, find_points, list_forms, list_sites
from layoutplan.plan.optimise.task import Task
from layoutplan.plan.preparing import Prepared, prepare_for
from layoutplan.seats.demand import project_demand
from layoutplan.seats.roster import base_roster
from layoutplan.seats.ways import limit_of, means_of, mode_of, modes_of


@dataclass(frozen=True, eq=False)
class Block:
    """Grades that travel alike and are taught at the same forms."""

    stage: str
    group: GradeGroup
    grades: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Question:
    """A task with the names behind its numbers.

    Parameters
    ----------
    goal, prepared
        What it was made from.
    task : Task
        The numbers.
    sites : tuple of Site
        In the order of the task's sites.
    forms : tuple of Form
        In the order of the task's forms.
    blocks : tuple of Block
        In the order of the task's blocks.
    place_ids : tuple of str
        Unit ``block x places + place`` is a block's pupils of a place.
    minutes : float [unit, site]
        One-way time; infinite where there is no way.
    limit : float [block]
        Minutes the block is measured by.
    middle : float [year, unit]
        Pupils by the middle of the forecast.
    closable : Closable
        Schools that may be proposed for closing, and why others not.
    unreached : float [year]
        Pupils who can reach no school or site at all, and are in no sum.
    barred : mapping
        Candidate sites on ground where no school can stand, with the reason.
    """

    goal: Goal
    prepared: Prepared
    task: Task
    sites: tuple[Site, ...]
    forms: tuple[Form, ...]
    blocks: tuple[Block, ...]
    place_ids: tuple[str, ...]
    minutes: Floats
    limit: Floats
    middle: Floats
    closable: Closable
    unreached: Floats
    barred: Mapping[str, str]


def gather(prepared: Prepared, goal: Goal) -> Question:
    """Read a goal against a county.

    Raises
    ------
    ScenarioError
        The goal names what is not there, or its years are outside what can be planned.
    """
    check_goal(goal, source=goal.name)
    prepared = prepare_for(prepared, goal.policy)
    county, norms = prepared.county, prepared.norms
    if goal.years[0] < county.base_year or goal.last_year > county.base_year + 30:
        values = {"first": county.base_year, "last": county.base_year + 30}
        raise ScenarioError([Problem("year_outside", goal.name, "", "years", values)])
    roster, place_ids = base_roster(county, norms), prepared.travel[goal.policy.mode].place_ids
    every = range(county.base_year, goal.last_year + 1)
    demand = project_demand(county, outlook=goal.outlook, norms=norms, years=every)
    factors = high_side(demand, county, quantile=goal.quantile)
    asked = tuple(range(goal.years[0], goal.last_year + 1))
    high = pupils_to_seat(demand, factors, county, place_ids=place_ids, years=asked)
    middle = pupils_to_seat(demand, factors.assign(factor=1.0), county, place_ids=place_ids, years=asked)
    grades = [grade - 1 for stage in goal.stages for grade in GRADES_OF_STAGE[stage]]
    points, barred = find_points(prepared, goal, high[:, grades].sum(axis=1).max(axis=0), place_ids)
    check_ids(goal, county, [*(point.site_id for point in points), *barred])
    sites = list_sites(roster, points, year=goal.years[0])
    forms = list_forms(goal, sites, roster, points, norms)
    sites = [site for site in sites if any(form.site_id == site.site_id for form in forms)]
    blocks = _blocks(goal, forms)
    minutes = np.concatenate(list(_minutes(prepared, goal, sites, blocks)))
    limit = np.array([_limit(prepared, goal, block.group) for block in blocks])
    reach = _young_reach(prepared, goal, sites, forms, minutes=minutes, blocks=blocks)
    settled = high[:, :3].sum(axis=(0, 1)) > 0
    standing = np.array([not site.is_new for site in sites])
    alone = only_in_reach(reach & standing, settled)
    closable = find_closable(prepared, goal, alone=[sites[j].site_id for j in alone.tolist()])
    question = Question(
        goal, prepared, _task(goal, sites, forms, blocks, minutes=minutes, limit=limit), tuple(sites), tuple(forms),
        tuple(blocks), place_ids, minutes, limit, _by_period(goal, middle, blocks, asked), closable,
        np.zeros(0), barred,
    )  # fmt: skip
    return _completed(question, _by_period(goal, high, blocks, asked), reach & settled[:, None])


def _completed(question: Question, pupils: Floats, reach: Flags) -> Question:
    """Put pupils, prices and conditions into the task; pupils without any way stand beside it."""
    goal, task = question.goal, question.task
    lost = ~np.isfinite(task.cost).any(axis=1)
    allowed = np.isfinite(question.minutes).any(axis=1)
    unreached = pupils[:, ~allowed].sum(axis=1)
    # Beyond every limit is a matter of the goal, without any road is not.
    pupils[:, lost & ~allowed] = 0.0
    closes = np.zeros((len(task.site_ids), len(goal.years)), dtype=bool)
    closes[[task.site_ids.index(school_id) for school_id in question.closable.school_ids]] = True
    price = np.array([_price(form, goal, question.prepared.norms) for form in question.forms])
    start_cost = np.repeat(price[:, None], len(goal.years), axis=1)
    task = replace(task, pupils=pupils, closes=closes, start_cost=start_cost)
    question = replace(question, task=task, unreached=unreached, middle=question.middle * (pupils > 0))
    rows = conditions(goal, task, question.sites, question.forms, prepared=question.prepared, reach=reach)
    return replace(question, task=replace(task, rows=tuple(rows)))


def _price(form: Form, goal: Goal, norms: Norms) -> float:
    """Return what taking a form costs, in the unit of the objective."""
    spent = spending(form, goal, norms)
    return goal.weights.million_yuan * spent["yuan"] / 1e6 + goal.weights.site * spent["new_schools"]


def _blocks(goal: Goal, forms: Sequence[Form]) -> list[Block]:
    """Return grades that travel alike and are taught at the same forms, in order."""
    found: dict[tuple[str, str, bytes], Block] = {}
    for stage in STAGES:
        for grade in GRADES_OF_STAGE[stage] if stage in goal.stages else ():
            taught = np.array([form.grades[0] <= grade <= form.grades[1] for form in forms])
            key = stage, GROUP_OF_GRADE[grade], taught.tobytes()
            known = found.get(key)
            grades = (*known.grades, grade) if known else (grade,)
            found[key] = Block(stage, GROUP_OF_GRADE[grade], grades)
    return list(found.values())


def _minutes(prepared: Prepared, goal: Goal, sites: Sequence[Site], blocks: Sequence[Block]) -> list[Floats]:
    """Return the minutes of every block from every place to every site (float [place, site] each)."""
    costs = {mode: _costs(prepared, sites, mode) for mode in modes_of(goal.policy)}
    found = []
    for block in blocks:
        mode = mode_of(goal.policy, block.group)
        cost = costs[mode]
        minutes = minutes_of(np.where(cost == UNREACHED, 0, cost), mode=mode, norms=prepared.norms, grades=block.group)
        found.append(np.where(cost == UNREACHED, np.inf, minutes))
    return found


def _costs(prepared: Prepared, sites: Sequence[Site], mode: Mode) -> Ints:
    """Return the cost from every place to every site (int64 [place, site])."""
    travel = prepared.travel[mode]
    every = np.full((len(travel.place_ids), len(travel.school_ids)), UNREACHED, dtype=np.int64)
    every[np.repeat(np.arange(len(travel.place_ids)), np.diff(travel.start)), travel.school] = travel.cost
    row = np.searchsorted(np.array(travel.place_ids), np.array(prepared.places[mode].ids))
    found = np.full((len(travel.place_ids), len(sites)), UNREACHED, dtype=np.int64)
    known: Mapping[str, int] = {school_id: at for at, school_id in enumerate(travel.school_ids)}
    for at, site in enumerate(sites):
        if not site.is_new:
            found[:, at] = every[:, known[site.site_id]]
            continue
        spot = snap_point(prepared, site.east_m, site.north_m, mode=mode)
        if spot.edge[0] >= 0:
            found[row, at] = costs_to_point(prepared.network, prepared.places[mode], spot, mode=mode)[0]
    return found


def _limit(prepared: Prepared, goal: Goal, group: GradeGroup) -> float:
    """Return the minutes a group is measured by; where no limit binds it, the guide of the norms."""
    stated = goal.policy.model_copy(update={group: means_of(goal.policy, group)})
    norm = limit_of(stated, group, prepared.norms)
    return np.inf if norm is None else float(norm.value)


def _young_reach(
    prepared: Prepared, goal: Goal, sites: Sequence[Site], forms: Sequence[Form], *, minutes: Floats,
    blocks: Sequence[Block],
) -> Flags:  # fmt: skip
    """Return which sites grade 1 of every place reaches within its limit (bool [place, site])."""
    if "primary" not in goal.stages:
        return np.zeros((len(minutes) // len(blocks), len(sites)), dtype=bool)
    places = len(minutes) // len(blocks)
    teaches = {form.site_id for form in forms if form.grades[0] <= 1 <= form.grades[1]}
    is_primary = np.array([site.site_id in teaches for site in sites])
    near: Flags = (minutes[:places] <= _limit(prepared, goal, "grades_1_3")) & is_primary
    return near


def _task(
    goal: Goal, sites: Sequence[Site], forms: Sequence[Form], blocks: Sequence[Block], *, minutes: Floats, limit: Floats
) -> Task:
    """Return the task without its pupils, closings and conditions."""
    years, places = len(goal.years), len(minutes) // len(blocks)
    unit_block = np.repeat(np.arange(len(blocks)), places)
    at = {site.site_id: number for number, site in enumerate(sites)}
    form_site = np.array([at[form.site_id] for form in forms], dtype=np.int64)
    first = np.full(len(sites), -1, dtype=np.int64)
    stands = np.array([form.deed == "stand" for form in forms])
    first[form_site[stands]] = np.flatnonzero(stands)
    teaches = np.array([[f.grades[0] <= b.grades[0] <= f.grades[1] for b in blocks] for f in forms])
    ever = np.zeros((len(sites), len(blocks)), dtype=bool)
    np.logical_or.at(ever, form_site, teaches)
    held = limit[unit_block][:, None]
    over = np.where(np.isfinite(minutes), minutes - held, 0.0)
    is_over = over > 1e-9
    weights = goal.weights
    cost = weights.minutes * minutes + weights.envy * np.where(is_over, over, 0.0) + weights.over_limit * is_over
    bound = np.array([_binds(goal, block) for block in blocks])[unit_block]
    barred = ~np.isfinite(minutes) | ~ever[:, unit_block].T | (is_over & bound[:, None])
    spans = np.diff([*goal.years, goal.last_year + 1])
    return Task(
        goal.years, spans / spans.sum(), np.array([STAGES.index(block.stage) for block in blocks]), unit_block,
        np.zeros((years, len(unit_block))), np.where(barred, np.inf, cost),
        tuple(site.site_id for site in sites), first, form_site,
        np.array([form.seats for form in forms], dtype=float), np.array([form.size for form in forms]),
        np.array([goal.open.least_pupils if form.deed == "open" else 0.0 for form in forms]), teaches,
        np.repeat(~stands[:, None], years, axis=1), np.zeros((len(sites), years), dtype=bool),
        np.zeros((len(forms), years)), np.full(len(forms), goal.weights.school),
    )  # fmt: skip


def _binds(goal: Goal, block: Block) -> bool:
    """Return whether nobody of a block may be sent beyond the limit."""
    return goal.policy.within_limits and (block.group == "grades_1_3" or getattr(goal.policy, block.group) is not None)


def _by_period(goal: Goal, pupils: Floats, blocks: Sequence[Block], asked: Sequence[int]) -> Floats:
    """Return the most pupils of every unit in any year of every period (float [year, unit])."""
    first = np.searchsorted(np.array(asked), np.array(goal.years))
    rows = []
    for begin, end in zip(first, [*first[1:], len(asked)], strict=True):
        by_block = [pupils[begin:end, [g - 1 for g in block.grades]].sum(axis=1).max(axis=0) for block in blocks]
        rows.append(np.concatenate(by_block))
    return np.array(rows)
