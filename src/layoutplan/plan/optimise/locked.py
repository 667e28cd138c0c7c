"""Which schools may be proposed for closing: those no lock of the closure gate keeps, never the only one in reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from layoutplan.access.network import Flags, Ints
from layoutplan.plan.closure import closure_gate, shell_candidates
from layoutplan.plan.locks import KEEP
from layoutplan.plan.optimise.goal import Goal
from layoutplan.plan.planning import PlanResult, Prepared, run_plan
from layoutplan.plan.scenario import Scenario
from layoutplan.seats.settings import Policy


@dataclass(frozen=True)
class Kept:
    """A school that was looked at and stays: the lock that keeps it, in both languages."""

    school_id: str
    lock: str
    text_zh: str
    text_en: str


@dataclass(frozen=True, eq=False)
class Closable:
    """Schools that may be proposed for closing, and those looked at that stay."""

    school_ids: tuple[str, ...]
    kept: tuple[Kept, ...]


def find_closable(prepared: Prepared, goal: Goal, *, alone: Sequence[str]) -> Closable:
    """Put the schools of a goal, or those the findings name, before the closure gate.

    Parameters
    ----------
    prepared : Prepared
        County.
    goal : Goal
        Which schools; years of the plan.
    alone : sequence of str
        Schools that are the only one in reach of some place: they stay, without more ado.

    Returns
    -------
    Closable
        What a lock keeps in the first year keeps the school in all; locks that building can meet are conditions of
        the search itself, and what only a hearing settles stays open.
    """
    if not {"close", "merge"} & set(goal.deeds):
        return Closable((), ())
    before = _before(prepared, goal)
    named = sorted(set(shell_candidates(before) if goal.close.school_ids is None else goal.close.school_ids))
    open_to, kept = [], []
    for school_id in named:
        if school_id in goal.locks.keep:
            continue
        found = None if school_id not in alone else Kept(school_id, "replaceable", "", "")
        found = found or _kept_by(before, school_id, goal.years[0])
        if found is None:
            open_to.append(school_id)
        else:
            kept.append(found)
    return Closable(tuple(open_to), tuple(kept))


def _before(prepared: Prepared, goal: Goal) -> PlanResult:
    """Return the plan without any action; the gate asks who lives nearest, whatever rule gives the seats."""
    policy: Policy = goal.policy.model_copy(update={"assignment": "nearest", "within_limits": False})
    return run_plan(prepared, Scenario(name=goal.name, last_year=goal.last_year, outlook=goal.outlook, policy=policy))


def _kept_by(before: PlanResult, school_id: str, year: int) -> Kept | None:
    base = before.prepared.county.base_year
    locks = closure_gate(before, school_id, max(year, base + 1)).locks
    failed = locks[locks["lock"].isin(KEEP) & (locks["passed"] == False).fillna(False)]  # noqa: E712 - missing is not known
    if failed.empty:
        return None
    first = failed.iloc[0]
    return Kept(school_id, str(first["lock"]), str(first["text_zh"]), str(first["text_en"]))


def only_in_reach(in_reach: Flags, is_settled: Flags) -> Ints:
    """Return the schools that are the only one in reach of some place with young pupils.

    Parameters
    ----------
    in_reach : bool [place, school]
        Whether the youngest reach an open school that teaches them within their limit.
    is_settled : bool [place]
        Whether any of them live there.

    Examples
    --------
    >>> only_in_reach(np.array([[True, True, False], [False, True, False]]), np.array([True, True]))
    array([1])
    """
    single = is_settled & (in_reach.sum(axis=1) == 1)
    return np.unique(np.nonzero(in_reach[single])[1])
