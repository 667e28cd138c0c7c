"""Search for the better layout: sites, expansions, mergers, conversions, by year, with a bound on what none can beat.

>>> # result = optimise(prepared, load_goal("goal.toml"), on_progress=print)
>>> # result.status         "best" | "stopped" | "infeasible"
>>> # result.plans[0].scenario, result.objective, result.bound, result.gap
>>> # result.sites, result.binding, result.agreed, result.relaxations     (data frames, words in zh and en)

``optimise`` takes a prepared county and a :class:`~layoutplan.plan.optimise.goal.Goal` and returns an
:class:`OptimiseResult`. It is told to stop by ``cancel`` and then returns the best layout so far. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from layoutplan import __version__
from layoutplan.plan.optimise.answer import Plan, make_plan
from layoutplan.plan.optimise.gather import Question, gather
from layoutplan.plan.optimise.goal import Goal, load_goal
from layoutplan.plan.optimise.search import Judge, Progress, Watch, search
from layoutplan.plan.optimise.slack import Relaxation, relaxations
from layoutplan.plan.optimise.task import Layout
from layoutplan.plan.optimise.variety import others
from layoutplan.plan.optimise.words import agreed_rows, binding_rows, note_rows, relaxation_rows, site_rows
from layoutplan.plan.preparing import Prepared

__all__ = ["Goal", "OptimiseResult", "Plan", "Progress", "load_goal", "optimise"]

Status = Literal["best", "stopped", "infeasible"]


@dataclass(frozen=True, eq=False)
class OptimiseResult:
    """The answer to a goal.

    Parameters
    ----------
    goal : Goal
        What was asked.
    status : {"best", "stopped", "infeasible"}
        ``best``: the gap asked for is proven. ``stopped``: time or a person ended the search first; the gap says how
        far it got, and there may be no plan yet. ``infeasible``: no layout keeps all conditions; see ``relaxations``.
    plans : tuple of Plan
        Different layouts, best first; empty where none was found.
    objective : float
        Of the best plan [pupil-minute one way a day, mean over the years]; NaN where there is none.
    bound : float
        No layout has a lower objective.
    gap : float
        ``(objective - bound) / objective``.
    present : float
        Objective of the present layout; NaN where it breaks a condition.
    agreed : DataFrame
        Actions of the best plan at sites that every plan changes: ``year, deed, site_id, name, text_zh, text_en``.
    sites : DataFrame
        ``site_id`` (key), ``name, east_m, north_m``, ``is_chosen``, ``plans`` (in how many), ``objective`` (of the
        best plan with it), ``extra_share`` (how much worse than the best), ``text_zh, text_en``: sites to build
        on, runners-up after the chosen ones.
    binding : DataFrame
        ``code, subject, year, measured, limit, unit, price, text_zh, text_en``: what keeps the best plan from being
        better.
    relaxations : DataFrame
        ``option, code, subject, year, amount, unit, is_proven, text_zh, text_en``: the smallest ways to make an
        infeasible goal feasible, one option after the other; empty where it is feasible.
    notes : DataFrame
        ``code, subject, text_zh, text_en``: what the answer rests on.
    provenance : mapping
        Versions and fingerprints, as of a plan; ``scenario`` is that of the best plan, empty where there is none.
    """

    goal: Goal
    status: Status
    plans: tuple[Plan, ...]
    objective: float
    bound: float
    gap: float
    present: float
    agreed: pd.DataFrame
    sites: pd.DataFrame
    binding: pd.DataFrame
    relaxations: pd.DataFrame
    notes: pd.DataFrame
    provenance: Mapping[str, str]


def optimise(
    prepared: Prepared,
    goal: Goal,
    *,
    on_progress: Callable[[Progress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> OptimiseResult:
    """Search for the layout that serves a goal best.

    Parameters
    ----------
    prepared : Prepared
        Made by :func:`layoutplan.prepare`; modes and season the goal's policy needs are measured now where they lack.
    goal : Goal
        From :func:`load_goal`, or made in code.
    on_progress : callable, optional
        Told a :class:`Progress` now and then, from the thread that called.
    cancel : callable, optional
        Asked now and then; once it returns True the search ends with the best layout so far.

    Returns
    -------
    OptimiseResult
        Plans, bound and gap, or the smallest relaxations.

    Raises
    ------
    ScenarioError
        The goal contradicts itself or the county.
    """
    question = gather(prepared, goal)
    watch = Watch(goal.stop.seconds, goal.stop.gap, on_progress, cancel)
    slack = relaxations(question.task, watch)
    if watch.stopped and (not slack or slack[0].gaps):
        return _without_plan(question, "stopped", [])
    if not slack or (slack[0].gaps and slack[0].is_proven):
        return _without_plan(question, "infeasible", slack)
    judge = Judge(question.task)
    first = judge.weigh(slack[0].start, slack[0].close)
    found = search(question.task, watch, starts=[] if first is None else [first])
    if found.best is None:
        return _without_plan(question, "infeasible" if np.isinf(found.bound) else "stopped", slack)
    spare = replace(watch, seconds=goal.stop.seconds / 2)
    more = others(found.program, found.best, spare, count=goal.plans - 1, within=goal.within)
    layouts = [found.best, *more]
    return _answer(question, layouts, bound=found.bound, present=found.present, is_proven=found.is_proven)


def _answer(
    question: Question, layouts: list[Layout], *, bound: float, present: float, is_proven: bool
) -> OptimiseResult:
    goal, best = question.goal, layouts[0]
    names = [goal.name, *(f"{goal.name} {number}" for number in range(2, len(layouts) + 1))]
    plans = tuple(make_plan(question, layout, name=name) for layout, name in zip(layouts, names, strict=True))
    gap = max(best.objective - bound, 0.0) / best.objective if best.objective else 0.0
    return OptimiseResult(
        goal, "best" if is_proven else "stopped", plans, best.objective, bound, gap, present,
        agreed_rows(question, layouts, plans[0].actions), site_rows(question, layouts),
        binding_rows(question, best, plans[0]), relaxation_rows(question, []), note_rows(question),
        _provenance(question, plans[0]),
    )  # fmt: skip


def _without_plan(question: Question, status: Status, slack: list[Relaxation]) -> OptimiseResult:
    nothing = float("nan")
    empty = [frame.iloc[:0] for frame in (agreed_rows(question, [], None), site_rows(question, []))]
    return OptimiseResult(
        question.goal, status, (), nothing, nothing, nothing, nothing, empty[0], empty[1],
        binding_rows(question, None, None), relaxation_rows(question, slack), note_rows(question),
        _provenance(question, None),
    )  # fmt: skip


def _provenance(question: Question, best: Plan | None) -> dict[str, str]:
    county, norms = question.prepared.county, question.prepared.norms
    return {
        "layoutplan": __version__,
        "county": county.fingerprint,
        "norms": norms.fingerprint,
        "scenario": best.scenario.fingerprint if best is not None else "",
        "data_date": max(county.as_of.values(), default=""),
        "synthetic": str(county.synthetic).lower(),
    }
