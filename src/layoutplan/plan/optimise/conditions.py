"""Conditions on decisions: budgets, schools in reach, seats before moves, and what the planner has settled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from layoutplan.access.kernels import UNREACHED
from layoutplan.access.network import Flags, Floats, Ints
from layoutplan.access.travel import costs_to_point, minutes_of
from layoutplan.county.tables import STAGES
from layoutplan.norms import Norms
from layoutplan.plan.measuring import snap_point
from layoutplan.plan.optimise.goal import Goal
from layoutplan.plan.optimise.sites import Form, Site
from layoutplan.plan.optimise.task import CLOSE, STAND, START, Row, Task
from layoutplan.plan.preparing import Prepared

# What a unit beyond a budget weighs when a relaxation is looked for, in pupils without a seat: a room seats some 45.
_GIVE = {"rooms": 45.0, "yuan": 45.0 / 900_000.0, "posts": 20.0, "new_schools": 500.0}
_MUST = 1000.0


def room_yuan(goal: Goal, norms: Norms) -> float:
    """Return the price of a room [yuan]."""
    return norms.value("cost.room") if goal.budget.room_yuan is None else goal.budget.room_yuan


def spending(form: Form, goal: Goal, norms: Norms) -> dict[str, float]:
    """Return what taking a form spends: ``rooms, yuan, posts, new_schools``.

    Posts are those of the seats that are added, by ``staffing.pupils_per_post``.
    """
    rooms = float(sum(form.added))
    per_room = [seats / max(held, 1) for seats, held in zip(form.seats, form.rooms, strict=True)]
    posts = sum(
        added * each / norms.value(f"staffing.pupils_per_post.{stage}")
        for added, each, stage in zip(form.added, per_room, STAGES, strict=True)
    )
    is_new = float(form.deed == "open")
    return {"rooms": rooms, "yuan": rooms * room_yuan(goal, norms), "posts": posts, "new_schools": is_new}


def conditions(
    goal: Goal, task: Task, sites: Sequence[Site], forms: Sequence[Form], *, prepared: Prepared, reach: Flags
) -> Iterator[Row]:
    """Yield every condition; see :class:`layoutplan.plan.optimise.task.Row`.

    Parameters
    ----------
    goal, task, sites, forms
        What is decided.
    prepared : Prepared
        Norms, and ways between schools.
    reach : bool [place, site]
        Sites that the youngest of a place reach within their limit; only of places where they live.
    """
    yield from _budgets(goal, forms, len(task.years), prepared.norms)
    yield from _opened(goal, task)
    closing = np.flatnonzero(task.closes.any(axis=1))
    yield from _in_reach(task, forms, closing, reach)
    if len(closing):
        near = _near(goal, sites, closing, prepared)
        yield from _received(goal, task, closing, near)


def _row(
    code: str,
    subject: str,
    year: int,
    bounds: tuple[float, float],
    terms: Sequence[tuple[int, Ints, Ints, float | Floats]],
    give: float = 0.0,
) -> Row:
    kind = np.concatenate([np.full(len(index), kind) for kind, index, _, _ in terms])
    index, at = (np.concatenate([term[part] for term in terms]).astype(np.int64) for part in (1, 2))
    factor = np.concatenate([np.broadcast_to(c, len(i)).astype(float) for _, i, _, c in terms])
    return Row(code, subject, year, *bounds, kind, index, at, factor, give)


def _budgets(goal: Goal, forms: Sequence[Form], years: int, norms: Norms) -> Iterator[Row]:
    spent = [spending(form, goal, norms) for form in forms]
    for name in _GIVE:
        each = np.array([one[name] for one in spent])
        taken = np.flatnonzero(each > 0)
        limits = [(0, getattr(goal.budget, name), np.arange(years))]
        limits += [(one.year, getattr(one, name), np.array([goal.years.index(one.year)])) for one in goal.budget.years]
        for year, most, at in limits:
            if most is not None:
                index, when = np.repeat(taken, len(at)), np.tile(at, len(taken))
                yield _row(
                    f"budget_{name}", "", year, (-np.inf, float(most)), [(START, index, when, each[index])], _GIVE[name]
                )


def _opened(goal: Goal, task: Task) -> Iterator[Row]:
    for site_id in goal.locks.open:
        mine = (
            np.flatnonzero(task.form_site == task.site_ids.index(site_id))
            if site_id in task.site_ids
            else np.empty(0, int)
        )
        years = len(task.years)
        terms = [(START, np.repeat(mine, years), np.tile(np.arange(years), len(mine)), 1.0)]
        yield _row("must_open", site_id, 0, (1.0, np.inf), terms, _MUST)


def _in_reach(task: Task, forms: Sequence[Form], closing: Ints, reach: Flags) -> Iterator[Row]:
    """Yield that no place whose youngest reach a school loses the last of them."""
    young = np.array([form.grades[0] <= 1 <= form.grades[1] for form in forms])
    standing = task.first_form >= 0
    may_go = np.zeros(len(task.site_ids), dtype=bool)
    may_go[closing] = True
    # Another form of a school may no longer teach grade 1.
    np.logical_or.at(may_go, task.form_site, task.starts.any(axis=1) & ~young & standing[task.form_site])
    served = reach[(reach & standing).any(axis=1) & ~(reach & standing & ~may_go).any(axis=1)]
    for which in np.unique(served, axis=0):
        mine = np.flatnonzero(which[task.form_site] & young)
        for at, year in enumerate(task.years):
            subject = task.site_ids[int(np.flatnonzero(which & standing)[0])]
            yield _row("last_in_reach", subject, year, (1.0, np.inf), [(STAND, mine, np.full(len(mine), at), 1.0)])


def _near(goal: Goal, sites: Sequence[Site], closing: Ints, prepared: Prepared) -> Flags:
    """Return which sites a closing school's pupils could move to together (bool [closing, site])."""
    mode, norms = goal.policy.mode, prepared.norms
    schools = prepared.schools[mode]
    row = {school_id: at for at, school_id in enumerate(schools.ids)}
    mine = [row[sites[site].site_id] for site in closing.tolist()]
    found = np.zeros((len(closing), len(sites)), dtype=bool)
    for at, site in enumerate(sites):
        spot = snap_point(prepared, site.east_m, site.north_m, mode=mode)
        if spot.edge[0] >= 0:
            cost = costs_to_point(prepared.network, schools, spot, mode=mode)[0][mine]
            minutes = minutes_of(np.where(cost == UNREACHED, 0, cost), mode=mode, norms=norms)
            found[:, at] = (cost != UNREACHED) & (minutes <= goal.close.reach_minutes)
    found[np.arange(len(closing)), closing] = False
    return found


def _received(goal: Goal, task: Task, closing: Ints, near: Flags) -> Iterator[Row]:
    """Yield that a closed school has a receiver ever after, and that none in reach is built in the same period."""
    always = (task.first_form >= 0) & ~task.closes.any(axis=1)
    for site, others in zip(closing.tolist(), near, strict=True):
        grades = task.form_blocks[task.first_form[site]]
        able = np.flatnonzero(others[task.form_site] & (task.form_blocks | ~grades).all(axis=1))
        for at, year in enumerate(task.years):
            before = np.arange(at + 1)
            gone = (CLOSE, np.full(at + 1, site), before, -1.0)
            if not always[task.form_site[able]].any():
                yield _row(
                    "receiver",
                    task.site_ids[site],
                    year,
                    (0.0, np.inf),
                    [gone, (STAND, able, np.full(len(able), at), 1.0)],
                )
            if goal.close.build_first:
                yield from _built_first(task, site, np.flatnonzero(others), at)


def _built_first(task: Task, site: int, others: Ints, at: int) -> Iterator[Row]:
    for other in others.tolist():
        built = np.flatnonzero((task.form_site == other) & task.starts[:, at])
        if len(built):
            terms = [(CLOSE, np.array([site]), np.array([at]), 1.0), (START, built, np.full(len(built), at), 1.0)]
            yield _row("build_first", task.site_ids[site], task.years[at], (-np.inf, 1.0), terms)
