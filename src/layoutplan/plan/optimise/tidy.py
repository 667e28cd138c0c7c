"""Leave out what gains nothing: a search that ends at a gap may have decided more than its layout uses."""

from __future__ import annotations

import numpy as np

from layoutplan.access.network import Flags
from layoutplan.plan.optimise.program import NOBODY
from layoutplan.plan.optimise.task import Layout, Task, standing


def tidied(task: Task, layout: Layout) -> tuple[Flags, Flags]:
    """Return the decisions of a layout without those its own flows do not need.

    Parameters
    ----------
    task : Task
        What was to be decided.
    layout : Layout
        Decisions and flows.

    Returns
    -------
    start, close : bool [form, year], [site, year]
        The same flows fit them, no condition is broken, and nothing costs more: sites nobody goes to are not built,
        schools that need no more seats do not grow, and none is closed for nothing.
    """
    start, close = layout.start.copy(), layout.close.copy()
    for site in np.flatnonzero(layout.acted(task)).tolist():
        less_start, less_close = start.copy(), close.copy()
        less_start[task.form_site == site] = False
        less_close[site] = False
        if (
            _costs_no_more(task, layout, site)
            and _fits(task, layout, site)
            and keeps_rows(task, less_start, less_close)
        ):
            start, close = less_start, less_close
    return start, close


def _costs_no_more(task: Task, layout: Layout, site: int) -> bool:
    """Return whether doing nothing at a site costs no more: standing on does where a school would have gone."""
    first = task.first_form[site]
    taken = task.start_cost[task.form_site == site][layout.start[task.form_site == site]].sum()
    if first < 0:
        return True
    stood = (layout.stands(task)[task.form_site == site] * task.weight).sum(axis=1) @ task.stand_cost[
        task.form_site == site
    ]
    return bool(task.stand_cost[first] * task.weight.sum() <= stood + taken)


def _fits(task: Task, layout: Layout, site: int) -> bool:
    """Return whether the flows to a site fit its present form in every year."""
    mine = np.flatnonzero((layout.site == site) & (layout.pupils > NOBODY))
    first = task.first_form[site]
    if first < 0 or not len(mine):
        return not len(mine)
    block = task.unit_block[layout.unit[mine]]
    if not task.form_blocks[first, block].all():
        return False
    load = np.zeros((len(task.years), task.form_seats.shape[1]))
    np.add.at(load, (layout.year[mine], task.block_stage[block]), layout.pupils[mine])
    return bool((load <= task.form_seats[first] + NOBODY).all() and (load.sum(axis=1) <= task.form_size[first]).all())


def keeps_rows(task: Task, start: Flags, close: Flags) -> bool:
    """Return whether decisions keep every condition of a task."""
    stand = standing(task, start, close)
    values = [row.value(start, close, stand) for row in task.rows]
    return all(row.low - 1e-9 <= value <= row.high + 1e-9 for row, value in zip(task.rows, values, strict=True))
