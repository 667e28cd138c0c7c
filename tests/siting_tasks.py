"""Small siting tasks drawn at random, and the same question answered by trying every layout there is."""

from __future__ import annotations

from itertools import product

import numpy as np
import scipy.sparse as sp
from scipy.optimize import linprog

from layoutplan.plan.optimise.task import CLOSE, STAND, START, Row, Task


def draw(seed: int, *, years: int = 1, places: int = 6, standing: int = 2, new: int = 2) -> Task:
    """Return a task: primary and junior blocks, schools that stand, may grow or be given up, and sites to build on."""
    random = np.random.default_rng(seed)
    blocks = [0, 0, 1]
    unit_block = np.repeat(np.arange(3), places)
    homes, sites = random.uniform(0, 10, (places, 2)), standing + new
    at = random.uniform(0, 10, (sites, 2))
    way = np.round(np.hypot(*(homes[:, None] - at[None]).transpose(2, 0, 1)) * 4, 3)
    cost = np.tile(way, (3, 1))
    cost[random.random(cost.shape) < 0.1] = np.inf
    pupils = np.round(random.uniform(0, 30, (years, len(unit_block))), 1)
    pupils[:, ~np.isfinite(cost).any(axis=1)] = 0.0
    total = pupils.max(axis=0).sum()
    first, site, seats, size, least, teaches, price = [], [], [], [], [], [], []
    for j in range(sites):
        first.append(len(site) if j < standing else -1)
        kinds = ["whole", "bigger"] if j < standing else ["new", "small"]
        for kind in kinds:
            junior = random.random() < 0.5
            room = total * random.uniform(0.2, 0.5) * (1.5 if kind == "bigger" else 1.0)
            site.append(j)
            seats.append([room, room * 0.6 if junior or kind == "new" else 0.0])
            size.append(room * random.uniform(0.8, 2.0))
            least.append(5.0 if j >= standing else 0.0)
            teaches.append([True, kind != "small", seats[-1][1] > 0])
            price.append(float(np.round(random.uniform(50, 400))) if kind != "whole" else 0.0)
    forms = len(site)
    starts = np.ones((forms, years), dtype=bool)
    starts[[f for f in first if f >= 0]] = False
    closes = np.zeros((sites, years), dtype=bool)
    closes[: standing - 1] = True
    built = np.flatnonzero(starts.any(axis=1))
    term = np.repeat(built, years), np.tile(np.arange(years), len(built))
    budget = Row(
        "sites", "", 0, -np.inf, 2.0, np.full(len(term[0]), START), *term, np.ones(len(term[0])), give=10.0,
    )  # fmt: skip
    return Task(
        tuple(range(2025, 2025 + years)), np.full(years, 1 / years), np.array(blocks), unit_block, pupils, cost,
        tuple(f"s{j}" for j in range(sites)), np.array(first), np.array(site), np.array(seats), np.array(size),
        np.array(least), np.array(teaches), starts, closes, np.repeat(np.array(price)[:, None], years, axis=1),
        np.where(np.array(price) > 0, 30.0, 60.0), (budget,),
    )  # fmt: skip


def every_choice(task: Task):
    """Yield all decisions: every site does nothing, or takes one form or goes in one year."""
    years, _, sites, forms = task.shape
    options = []
    for site in range(sites):
        mine = [None]
        mine += [
            ("start", f, t)
            for f in range(forms)
            if task.form_site[f] == site
            for t in range(years)
            if task.starts[f, t]
        ]
        mine += [("close", site, t) for t in range(years) if task.closes[site, t] and task.first_form[site] >= 0]
        options.append(mine)
    for chosen in product(*options):
        start, close = np.zeros((forms, years), dtype=bool), np.zeros((sites, years), dtype=bool)
        for one in chosen:
            if one is not None:
                (start if one[0] == "start" else close)[one[1], one[2]] = True
        yield start, close


def keeps_rows(task: Task, start, close) -> bool:
    stand = standing(task, start, close)
    for row in task.rows:
        value = sum(
            c * {START: start, CLOSE: close, STAND: stand}[k][i, t]
            for k, i, t, c in zip(row.kind, row.index, row.at, row.coefficient, strict=True)
        )
        if not row.low - 1e-9 <= value <= row.high + 1e-9:
            return False
    return True


def standing(task: Task, start, close):
    stand = np.zeros_like(start)
    for site in range(len(task.site_ids)):
        form = task.first_form[site]
        for t in range(len(task.years)):
            begun = [f for f in range(len(start)) if task.form_site[f] == site and start[f, t]]
            form = begun[0] if begun else -1 if close[site, t] else form
            if form >= 0:
                stand[form, t] = True
    return stand


def cost_of(task: Task, start, close) -> float:
    """Return the cost of decisions and their best assignment by scipy; infinite where seats do not suffice."""
    stand = standing(task, start, close)
    total = float((task.start_cost * start).sum())
    for t, weight in enumerate(task.weight):
        forms = np.flatnonzero(stand[:, t])
        total += weight * task.stand_cost[forms].sum()
        unit, slot = np.nonzero(
            np.isfinite(task.cost[:, task.form_site[forms]]) & task.form_blocks[forms][:, task.unit_block].T
        )
        if not len(forms) or not len(unit):
            if task.pupils[t].sum() > 0:
                return np.inf
            continue
        stage = task.block_stage[task.unit_block[unit]]
        rows, high = [], []
        for k, form in enumerate(forms):
            for s in (0, 1):
                rows.append((slot == k) & (stage == s))
                high.append(task.form_seats[form, s])
            rows += [slot == k, slot == k]
            high += [task.form_size[form], np.inf]
            rows[-1] = -1.0 * rows[-1]
            high[-1] = -task.form_least[form]
        every = sp.csr_array(
            (np.ones(len(unit)), (unit, np.arange(len(unit)))), shape=(len(task.unit_block), len(unit))
        )
        found = linprog(
            task.cost[unit, task.form_site[forms[slot]]], A_ub=np.array(rows, float), b_ub=np.array(high), A_eq=every,
            b_eq=task.pupils[t], method="highs",
        )  # fmt: skip
        if found.status != 0:
            return np.inf
        total += weight * found.fun
    return total


def best_by_trying(task: Task) -> float:
    """Return the least cost of all layouts that keep the rows; infinite if there is none."""
    return min(
        (cost_of(task, start, close) for start, close in every_choice(task) if keeps_rows(task, start, close)),
        default=np.inf,
    )
