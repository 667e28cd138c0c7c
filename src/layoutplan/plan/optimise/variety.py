"""Other layouts that are nearly as good, and which site would come next if one could not be had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from layoutplan.access.network import Flags, Ints
from layoutplan.plan.optimise.program import Program
from layoutplan.plan.optimise.search import Judge, Watch, branch
from layoutplan.plan.optimise.task import CLOSE, START, Layout, Row, Task

# How many sites of the best layout are asked for in turn what would come instead.
_ASKED = 3
# How many searches a layout that is wanted may take: some come to one that is known.
_AGAIN = 2


def others(program: Program, best: Layout, watch: Watch, *, count: int, within: float) -> list[Layout]:
    """Return layouts that change other sites than the best, none worse than allowed, best first.

    Parameters
    ----------
    program : Program
        The programme the best was found with.
    best : Layout
        The best layout.
    watch : Watch
        Time for all of them together, gap, and who may stop it.
    count : int
        How many at most.
    within : float
        How much worse a layout may be, as a share.

    Returns
    -------
    list of Layout
        First each site that the best builds on is forbidden in turn, which tells the runner-up; then sets of sites
        that were found already are forbidden. Each is the best under its condition up to the gap of the search.
    """
    task, found, judge = program.task, [best], Judge(program.task)
    most = (1 + within) * best.objective
    quick = replace(watch, on_progress=watch.on_progress)
    built = [site for site in np.flatnonzero(best.acted(task)).tolist() if task.first_form[site] < 0]
    questions: list[int | None] = [*built[:_ASKED], *([None] * (_AGAIN * count))]
    # Sets of sites that are forbidden with more sites too: what gains nothing is left out, so they would come again.
    again, left = list[Flags](), watch.seconds
    for asked, site in enumerate(questions):
        if len(found) > count or left <= 0 or quick.asked_to_stop():
            break
        also = [_unlike(task, layout.acted(task)) for layout in found] + [_not_all(task, acted) for acted in again]
        if site is not None:
            also.append(_without(task, site))
        seconds = left / min(len(questions) - asked, count + 1 - len(found))
        answer = branch(program, quick, seconds=seconds, also=also)
        left -= answer.seconds
        layout = judge.weigh_found(answer)
        if layout is not None and layout.objective <= most:
            acted = layout.acted(task)
            if any((acted == one.acted(task)).all() for one in found):
                again.append(acted)
            else:
                found.append(layout)
        elif site is None:
            break
    watch.stopped = quick.stopped
    return sorted(found[1:], key=lambda layout: layout.objective)


def _terms(task: Task, sites: Flags) -> tuple[Ints, Ints, Ints]:
    """Return kind, index and year of every decision at some sites."""
    form, when = np.nonzero(task.starts & sites[task.form_site][:, None])
    site, at = np.nonzero(task.closes & sites[:, None])
    kind = np.concatenate([np.full(len(form), START), np.full(len(site), CLOSE)])
    return kind, np.concatenate([form, site]), np.concatenate([when, at])


def _without(task: Task, site: int) -> Row:
    mine = np.arange(len(task.site_ids)) == site
    kind, index, at = _terms(task, mine)
    return Row("others", task.site_ids[site], 0, 0.0, 0.0, kind, index, at, np.ones(len(kind)))


def _unlike(task: Task, acted: Flags) -> Row:
    """At least one site changes that did not, or does not change that did."""
    kind, index, at = _terms(task, np.ones(len(acted), dtype=bool))
    site = np.where(kind == START, task.form_site[np.minimum(index, len(task.form_site) - 1)], index)
    sign = np.where(acted[site], 1.0, -1.0)
    return Row("others", "", 0, -np.inf, float(acted.sum()) - 1.0, kind, index, at, sign)


def _not_all(task: Task, acted: Flags) -> Row:
    """At least one of these sites does not change."""
    kind, index, at = _terms(task, acted)
    return Row("others", "", 0, -np.inf, float(acted.sum()) - 1.0, kind, index, at, np.ones(len(kind)))


def agreed(task: Task, layouts: Sequence[Layout]) -> Flags:
    """Return the sites that every layout changes (bool [site])."""
    every: Flags = np.all([layout.acted(task) for layout in layouts], axis=0)
    return every
