"""Siting tasks written down form by form, small enough to work out by hand."""

from __future__ import annotations

import numpy as np

from layoutplan.plan.optimise.task import Task

ANY = np.inf


_FORM = {
    "old": False, "seats": (ANY, ANY), "size": ANY, "least": 0.0, "teaches": (True, True, True), "price": 0.0,
    "running": 0.0,
}  # fmt: skip
_TASK = {"weight": None, "unit_block": None, "block_stage": (0, 0, 1), "closes": (), "rows": ()}


def form(site, **said) -> dict:
    """Return a form of a site: the old one that stands, or one that may be taken at a price in any year."""
    return {"site": site} | _FORM | said


def task(pupils, cost, forms, **said) -> Task:
    """Return a task of pupils [year, unit], costs [unit, site] and forms; sites in ``closes`` may be given up."""
    weight, unit_block, block_stage, closes, rows = (_TASK | said).values()
    pupils, cost = np.array(pupils, dtype=float), np.array(cost, dtype=float)
    years, (units, sites) = len(pupils), cost.shape
    first, may_go = np.full(sites, -1), np.zeros((sites, years), dtype=bool)
    for number, one in enumerate(forms):
        if one["old"]:
            first[one["site"]] = number
    may_go[list(closes)] = True
    blocks = len(block_stage)
    return Task(
        tuple(range(2025, 2025 + years)), np.full(years, 1 / years) if weight is None else np.array(weight),
        np.array(block_stage), np.zeros(units, dtype=np.int64) if unit_block is None else np.array(unit_block),
        pupils, cost, tuple("anmo"[:sites]), first, np.array([one["site"] for one in forms]),
        np.array([one["seats"] for one in forms], dtype=float), np.array([one["size"] for one in forms], dtype=float),
        np.array([one["least"] for one in forms], dtype=float),
        np.array([one["teaches"][:blocks] for one in forms]),
        np.repeat([[not one["old"]] for one in forms], years, axis=1), may_go,
        np.repeat([[float(one["price"])] for one in forms], years, axis=1),
        np.array([one["running"] for one in forms], dtype=float), tuple(rows),
    )  # fmt: skip


def decisions(given: Task, *, start=(), close=()):
    """Return forms taken and sites given up, each named with the position of its year."""
    years, _, sites, forms = given.shape
    begun, left = np.zeros((forms, years), dtype=bool), np.zeros((sites, years), dtype=bool)
    for one, at in start:
        begun[one, at] = True
    for one, at in close:
        left[one, at] = True
    return begun, left
