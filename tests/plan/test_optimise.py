"""The search itself, on tasks small enough to try every layout there is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from siting_tasks import best_by_trying, cost_of, draw, every_choice, keeps_rows

from layoutplan.plan.optimise.search import Judge, Watch, gap_of, search
from layoutplan.plan.optimise.slack import relaxations
from layoutplan.plan.optimise.task import START, Row
from layoutplan.plan.optimise.variety import others

SEEDS = st.integers(0, 10_000)


def exact(task):
    return search(task, Watch(gap=1e-7))


@given(seed=SEEDS, shape=st.sampled_from([(1, 2, 2), (2, 2, 1), (3, 1, 1)]))
@settings(max_examples=16)
def test_the_optimum_is_that_of_trying_every_layout(seed, shape):
    years, standing, new = shape
    task = draw(seed, years=years, standing=standing, new=new)
    wanted, found = best_by_trying(task), exact(task)
    if not np.isfinite(wanted):
        assert found.best is None
        return
    assert found.best.objective == pytest.approx(wanted, rel=1e-6)
    assert found.bound <= wanted * (1 + 1e-7)
    assert found.gap <= 1e-6
    assert found.best.objective == pytest.approx(cost_of(task, found.best.start, found.best.close), rel=1e-6)
    assert keeps_rows(task, found.best.start, found.best.close)


@given(seed=SEEDS)
@settings(max_examples=10)
def test_a_task_is_feasible_exactly_if_some_layout_is(seed):
    task = draw(seed, places=4)
    scarce = replace(task, form_seats=task.form_seats * 0.6)
    first = relaxations(scarce, Watch())[0]
    assert (not first.gaps) == np.isfinite(best_by_trying(scarce))


@given(seed=SEEDS)
@settings(max_examples=5)
def test_relaxing_by_what_is_said_is_enough_and_less_is_not(seed):
    """No form may be taken: the smallest relaxation that asks only for forms names the right number of them."""
    task = draw(seed, places=4)
    row = task.rows[0]
    none = replace(row, high=0.0)
    scarce = replace(task, form_seats=task.form_seats * 0.7, rows=(none,))
    whole = np.isfinite(best_by_trying(scarce))
    for option in relaxations(scarce, Watch()):
        if whole or {gap.code for gap in option.gaps} != {"sites"}:
            continue
        more = option.gaps[0].amount
        assert more == pytest.approx(round(more))
        assert np.isfinite(best_by_trying(replace(scarce, rows=(replace(none, high=more),))))
        assert not np.isfinite(best_by_trying(replace(scarce, rows=(replace(none, high=more - 1),))))


def test_leaving_ways_out_changes_no_answer_where_near_schools_are_full():
    """Every place is nearest to one school with hardly a seat: those who must go on are sent to the very last."""
    task = draw(3, places=12, standing=1, new=9)
    task = replace(task, cost=np.where(np.isfinite(task.cost), task.cost, 50.0))
    tight = task.form_seats * np.linspace(0.05, 2.0, len(task.form_seats))[:, None]
    rows = (replace(task.rows[0], high=3.0),)
    task = replace(task, form_seats=tight, form_size=tight.sum(axis=1), form_least=task.form_least * 0, rows=rows)
    found = exact(task)
    judged = [Judge(task).weigh(found.best.start, found.best.close)]
    assert found.best.objective == pytest.approx(judged[0].objective)
    assert found.gap <= 1e-6
    assert found.best.objective == pytest.approx(cost_of(task, found.best.start, found.best.close), rel=1e-6)


def test_the_bound_is_told_while_it_searches_and_it_can_be_stopped():
    heard = []
    task = draw(5, places=20, standing=4, new=6)
    found = search(task, Watch(gap=1e-7, on_progress=heard.append, cancel=lambda: True))
    # The first step begins before the solver has taken any time.
    assert (heard[0].step, heard[0].seconds) == ("bound", 0.0)
    assert np.isnan(heard[0].bound)
    assert found.best is None or found.bound <= found.best.objective
    assert not found.is_proven or found.gap <= 1e-6


def test_other_layouts_differ_and_are_no_worse_than_allowed():
    task = draw(8, places=8, standing=2, new=4)
    found = exact(task)
    more = others(found.program, found.best, Watch(gap=1e-7), count=3, within=0.5)
    assert more
    sets = {tuple(layout.acted(task)) for layout in (found.best, *more)}
    assert len(sets) == len(more) + 1
    values = [layout.objective for layout in more]
    assert values == sorted(values)
    assert all(found.best.objective - 1e-6 <= value <= 1.5 * found.best.objective for value in values)


def test_the_runner_up_is_the_best_without_the_chosen_site():
    task = draw(2, places=6, standing=1, new=3)
    found = exact(task)
    chosen = [site for site in np.flatnonzero(found.best.acted(task)) if task.first_form[site] < 0][0]
    without = [
        cost_of(task, start, close)
        for start, close in every_choice(task)
        if keeps_rows(task, start, close) and not start[task.form_site == chosen].any()
    ]
    more = others(found.program, found.best, Watch(gap=1e-7), count=1, within=10.0)
    assert more[0].objective == pytest.approx(min(without), rel=1e-6)


def test_a_condition_that_may_not_give_way_is_never_relaxed():
    task = draw(1, places=4)
    never = Row("law", "", 0, 1.0, np.inf, np.array([START]), np.array([0]), np.array([0]), np.array([1.0]))
    task = replace(task, rows=(never,), starts=np.zeros_like(task.starts))
    assert relaxations(task, Watch()) == []


def test_gaps_are_shares_of_the_best():
    assert gap_of(200.0, 190.0) == pytest.approx(0.05)
    assert gap_of(0.0, -1.0) == np.inf
