"""A question to the search with its numbers made by hand: two schools, two sites, three villages, two periods.

School ``a`` (primary) and ``b`` (nine-year) stand, ``m`` and ``n`` may be built. The first period lasts three years and
counts 3/4, the second one year. A unit is a village's pupils of grades 1-3 (0 to 2) or of grades 7-9 (3 to 5).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import toy_plans

from layoutplan.plan.optimise.gather import Block, Question
from layoutplan.plan.optimise.goal import Budget, Convert, Goal
from layoutplan.plan.optimise.locked import Closable
from layoutplan.plan.optimise.sites import Form, Site
from layoutplan.plan.optimise.task import Layout, Task

A, B, M, N = range(4)
A_NOW, A_BIGGER, A_NINE, B_NOW, B_BIGGER, M_NEW, N_NEW = range(7)
SITES = (
    Site("a", "A", False, 500.0, 0.0, "village", "primary"), Site("b", "B", False, 3500.0, 0.0, "town", "nine_year"),
    Site("m", "M", True, 1000.0, 0.0, "village"), Site("n", "N", True, 2000.0, 10.0, "town"),
)  # fmt: skip
FORMS = (
    Form("a", "stand", "primary", (1, 6), (6, 0), (0, 0), (270.0, 0.0)),
    Form("a", "expand", "primary", (1, 6), (8, 0), (2, 0), (360.0, 0.0)),
    Form("a", "convert", "nine_year", (1, 9), (6, 3), (0, 3), (270.0, 150.0)),
    Form("b", "stand", "nine_year", (1, 9), (6, 3), (0, 0), (270.0, 150.0)),
    Form("b", "expand", "nine_year", (1, 9), (6, 5), (0, 2), (270.0, 250.0)),
    Form("m", "open", "primary", (1, 6), (12, 0), (12, 0), (540.0, 0.0)),
    Form("n", "open", "nine_year", (1, 9), (8, 4), (8, 4), (360.0, 200.0)),
)
MINUTES = np.array([[10.0, 50.0, 20.0, 40.0], [10.0, 40.0, 5.0, 30.0], [45.0, 10.0, 30.0, 20.0]] * 2)
GOAL = Goal(
    name="g", note="why", years=(2025, 2028), last_year=2028, budget=Budget(room_yuan=1000.0),
    deeds=("open", "expand", "merge", "convert"), convert=(Convert(school_id="a", school_kind="nine_year"),),
)  # fmt: skip


def task(**changes):
    """Return the task of the question; ``rows`` and all other parts may be changed."""
    forms = np.array([[True, form.grades[1] == 9] for form in FORMS])
    base = Task(
        years=GOAL.years, weight=np.array([0.75, 0.25]), block_stage=np.array([0, 1]),
        unit_block=np.array([0, 0, 0, 1, 1, 1]), pupils=np.full((2, 6), 10.0), cost=MINUTES.copy(),
        site_ids=tuple(site.site_id for site in SITES), first_form=np.array([A_NOW, B_NOW, -1, -1]),
        form_site=np.array([A, A, A, B, B, M, N]), form_seats=np.array([form.seats for form in FORMS]),
        form_size=np.full(7, np.inf), form_least=np.zeros(7), form_blocks=forms,
        starts=np.array([[form.deed != "stand"] * 2 for form in FORMS]),
        closes=np.array([[True] * 2, [False] * 2, [False] * 2, [False] * 2]), start_cost=np.zeros((7, 2)),
        stand_cost=np.zeros(7),
    )  # fmt: skip
    return replace(base, **changes)


def question(task_=None, **changes):
    base = Question(
        goal=GOAL, prepared=toy_plans.prepared(), task=task() if task_ is None else task_, sites=SITES, forms=FORMS,
        blocks=(Block("primary", "grades_1_3", (1, 2, 3)), Block("junior", "grades_7_9", (7, 8, 9))),
        place_ids=("p1", "p2", "p3"), minutes=MINUTES.copy(), limit=np.array([30.0, 40.0]),
        middle=np.full((2, 6), 10.0), closable=Closable((), ()), unreached=np.zeros(2), barred={},
    )  # fmt: skip
    return replace(base, **changes)


def layout(*flows, start=(), close=(), objective=100.0, price=()):
    """Return a layout by flows (year, unit, site, pupils), forms begun and sites given up, each with its period."""
    begun, left, prices = np.zeros((7, 2), dtype=bool), np.zeros((4, 2), dtype=bool), np.zeros((2, 2, 4))
    for form, at in start:
        begun[form, at] = True
    for site, at in close:
        left[site, at] = True
    for at, stage, site, value in price:
        prices[at, stage, site] = value
    year, unit, site = (np.array([flow[part] for flow in flows], dtype=np.int64) for part in range(3))
    return Layout(begun, left, objective, year, unit, site, np.array([f[3] for f in flows], dtype=float), prices)
