"""The search for a layout: gaps, who is told, who may stop it, and exact layouts on tasks worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hand_tasks import decisions, form, task

from layoutplan.plan.optimise.program import Program
from layoutplan.plan.optimise.search import Branched, Found, Judge, Progress, Watch, branch, gap_of, search
from layoutplan.plan.optimise.task import START, Row

A, N, M = range(3)


def two_sites(**said):
    """Ten pupils nine minutes from A and one from N, which costs 50; M costs 60 and is two minutes away."""
    forms = [form(A, old=True), form(N, price=50.0), form(M, price=60.0)]
    return task([[10.0]], [[9.0, 1.0, 2.0]], forms, **said)


def never(which):
    return Row("r", "", 0, 0.0, 0.0, np.array([START]), np.array([which]), np.array([0]), np.ones(1))


# ---- gaps --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("best", "bound", "gap"),
    [
        (200.0, 150.0, 0.25), (200.0, 200.0, 0.0), (200.0, 201.0, 0.0), (-200.0, -250.0, 0.25), (0.5, 0.25, 0.5),
        (0.0, 0.0, 0.0), (0.0, 5.0, 0.0), (0.0, -5.0, np.inf), (0.0, -1e-9, 0.0), (0.0, -0.5, np.inf),
    ],
)  # fmt: skip
def test_a_gap_is_how_far_the_bound_lies_below_the_best_as_a_share_of_it(best, bound, gap):
    assert gap_of(best, bound) == pytest.approx(gap)
    assert Progress("branch", 1.0, best, bound).gap == pytest.approx(gap)


def test_without_a_layout_the_gap_is_not_known():
    given = two_sites()
    assert np.isnan(Found(None, 5.0, is_proven=False, program=Program(given), present=np.nan).gap)


# ---- who is told and who may stop it --------------------------------------------------------------------------
def test_once_asked_to_stop_it_stays_so():
    answers = iter([False, True, False])
    watch = Watch(cancel=lambda: next(answers))
    assert [watch.asked_to_stop() for _ in range(4)] == [False, True, True, True]
    assert not Watch().asked_to_stop()


def test_whoever_listens_hears_the_step_the_seconds_and_both_values():
    heard = []
    Watch(best=9.0, bound=8.0, on_progress=heard.append).tell("branch", 2.5)
    Watch(best=9.0, bound=8.0).tell("branch", 2.5)
    assert heard == [Progress("branch", 2.5, 9.0, 8.0)]


# ---- the search -------------------------------------------------------------------------------------------------
def test_the_better_of_two_sites_is_built_and_the_present_is_told_beside_it():
    found = search(two_sites(), Watch(gap=1e-6))
    assert found.best.objective == pytest.approx(50 + 10)
    assert found.best.start.tolist() == [[False], [True], [False]]
    assert found.present == pytest.approx(90)
    assert found.bound == pytest.approx(60)
    assert found.is_proven
    assert found.gap == pytest.approx(0)


def test_nothing_is_built_where_it_saves_less_than_it_costs():
    given = two_sites()
    found = search(replace(given, start_cost=given.start_cost + 40.0), Watch(gap=1e-6))
    assert not found.best.start.any()
    assert found.best.objective == found.present == pytest.approx(90)
    assert found.is_proven


def test_a_condition_leads_to_the_next_site():
    found = search(two_sites(rows=[never(1)]), Watch(gap=1e-6))
    assert found.best.start.tolist() == [[False], [False], [True]]
    assert found.best.objective == pytest.approx(60 + 20)


def test_doing_nothing_has_no_value_where_it_seats_too_few():
    given = two_sites()
    full = replace(given, form_seats=np.array([[5.0, 0.0], [10.0, 0.0], [10.0, 0.0]]))
    found = search(full, Watch(gap=1e-6))
    assert np.isnan(found.present)
    # Five more seats are wanted, and N has room for all.
    assert found.best.objective == pytest.approx(60)


def test_a_task_that_cannot_be_met_has_no_layout_and_that_is_proven():
    given = two_sites(rows=[never(1), never(2)])
    scarce = replace(given, form_seats=np.array([[5.0, 0.0], [10.0, 0.0], [10.0, 0.0]]))
    found = search(scarce, Watch(gap=1e-6))
    assert found.best is None
    assert found.bound == np.inf
    assert found.is_proven


def test_a_search_without_time_keeps_the_layout_it_began_from_and_proves_nothing():
    """With seats for nine in each of two schools the bound of fractions, half a school, is below every layout."""
    given = half_schools()
    begin = Judge(given).weigh(*decisions(given, start=[(2, 0)]))
    found = search(given, Watch(seconds=0.0, gap=1e-6), starts=[begin])
    assert found.best is begin
    assert not found.is_proven
    assert found.bound < begin.objective
    stopped = Watch(gap=1e-6, cancel=lambda: True)
    assert search(given, stopped, starts=[begin]).best is begin
    assert stopped.best == begin.objective
    better = search(given, Watch(gap=1e-6), starts=[begin])
    assert better.best.objective == pytest.approx(20 + 60)
    assert better.is_proven


def half_schools():
    """Twenty pupils, ten seats near: N with nine seats costs 60, M costs 70, and one seat of either is wanted."""
    forms = [form(A, old=True, seats=(18.0, 0.0)), form(N, seats=(9.0, 0.0), price=60.0)]
    return task([[10.0, 10.0]], [[1.0, 1.0, 1.0]] * 2, [*forms, form(M, seats=(9.0, 0.0), price=70.0)])


def test_the_best_of_the_layouts_known_is_begun_from():
    given = half_schools()
    judge = Judge(given)
    dear, cheap = (judge.weigh(*decisions(given, start=[(which, 0)])) for which in (2, 1))
    assert (dear.objective, cheap.objective) == (pytest.approx(90), pytest.approx(80))
    for starts in ([dear, cheap], [cheap, dear]):
        assert search(given, Watch(seconds=0.0), starts=starts).best is cheap


@pytest.mark.parametrize(("gap", "proven"), [(0.99, True), (1e-6, False)])
def test_a_search_ends_at_the_gap_that_was_asked_for(gap, proven):
    given = half_schools()
    begin = Judge(given).weigh(*decisions(given, start=[(2, 0)]))
    found = search(given, Watch(seconds=0.0, gap=gap), starts=[begin])
    assert found.is_proven == proven
    assert found.best is begin


# ---- weighing and branching ---------------------------------------------------------------------------------------
def test_decisions_are_weighed_with_every_way_there_is():
    judge = Judge(two_sites())
    assert judge.weigh(*decisions(judge.task)).objective == pytest.approx(90)
    assert judge.weigh(*decisions(judge.task, start=[(2, 0)])).objective == pytest.approx(60 + 20)
    both = judge.weigh(*decisions(judge.task, start=[(1, 0), (2, 0)]))
    assert both.objective == pytest.approx(50 + 60 + 10)
    assert both.site.tolist() == [N]


def test_decisions_that_seat_too_few_or_break_a_condition_weigh_nothing():
    given = half_schools()
    assert Judge(given).weigh(*decisions(given)) is None
    ruled = replace(given, rows=(never(1),))
    assert Judge(ruled).weigh(*decisions(given, start=[(1, 0)])) is None
    assert Judge(ruled).weigh(*decisions(given, start=[(2, 0)])) is not None


def test_what_branching_found_is_weighed_without_what_gains_nothing():
    given = two_sites()
    judge = Judge(given)
    start, close = decisions(given, start=[(1, 0), (2, 0)])
    kept = judge.weigh_found(Branched(start, close, 0.0, 0.0))
    assert kept.start.tolist() == [[False], [True], [False]]
    assert kept.objective == pytest.approx(60)
    lean = judge.weigh_found(Branched(kept.start, kept.close, 0.0, 0.0))
    assert lean.objective == pytest.approx(60)
    assert judge.weigh_found(Branched(None, None, 0.0, 0.0)) is None
    full = half_schools()
    assert Judge(full).weigh_found(Branched(*decisions(full), 0.0, 0.0)) is None


def test_branching_gives_whole_decisions_and_a_bound_of_theirs():
    given = half_schools()
    program = Program(given)
    assert program.relax().value < 79
    found = branch(program, Watch(gap=1e-6), seconds=20.0)
    assert found.start.tolist() == [[False], [True], [False]]
    assert not found.close.any()
    assert found.bound == pytest.approx(80)
    # Another condition for this once.
    other = branch(program, Watch(gap=1e-6), seconds=20.0, also=[never(1)])
    assert other.start.tolist() == [[False], [False], [True]]
    assert other.bound == pytest.approx(90)
    assert branch(program, Watch(gap=1e-6), seconds=20.0).bound == pytest.approx(80)


def test_branching_on_what_cannot_be_met_gives_no_decisions_and_no_finite_bound():
    found = branch(Program(half_schools()), Watch(gap=1e-6), seconds=20.0, also=[never(1), never(2)])
    assert found.start is None
    assert found.close is None
    assert found.bound == np.inf


def test_forms_and_closings_are_told_apart_in_what_branching_found():
    """A runs for 100, N for 1: A closes in the first year as N takes its pupils, which has to grow in the second."""
    forms = [
        form(A, old=True, running=500.0), form(N, old=True, seats=(12.0, 0.0)),
        form(N, seats=(30.0, 0.0), price=40.0),
    ]  # fmt: skip
    given = task([[10.0], [20.0]], [[1.0, 2.0]], forms, closes=[A])
    found = branch(Program(given), Watch(gap=1e-6), seconds=20.0)
    assert found.close.tolist() == [[True, False], [False, False]]
    assert found.start[:2].any() == False  # noqa: E712 - a numpy truth value
    assert found.start[2].sum() == 1
    # Half of 10 pupils and half of 20 at two minutes each, and the rooms.
    assert found.bound == pytest.approx(10 + 20 + 40)


def test_where_only_half_a_school_would_do_there_is_no_layout():
    half = Row("r", "", 0, 0.5, 0.5, np.array([START]), np.array([1]), np.array([0]), np.ones(1))
    watch = Watch(gap=1e-6)
    found = search(two_sites(rows=[half]), watch)
    assert found.best is None
    assert np.isnan(found.present)
    assert np.isnan(watch.best)
    assert found.bound == np.inf


def test_after_a_search_its_watch_holds_the_best_layout_and_its_bound():
    watch = Watch(gap=1e-6)
    found = search(half_schools(), watch)
    assert watch.best == found.best.objective == pytest.approx(80)
    assert watch.bound == pytest.approx(80)
    assert found.bound <= found.best.objective


def test_the_bound_rises_and_the_best_falls_while_it_branches():
    heard = []
    watch = Watch(gap=1e-6, bound=70.0, best=95.0, on_progress=heard.append)
    branch(Program(half_schools()), watch, seconds=20.0)
    assert {progress.step for progress in heard} == {"branch"}
    assert (watch.bound, watch.best) == (pytest.approx(80), pytest.approx(80))
    also, told = Watch(gap=1e-6, on_progress=heard.append), len(heard)
    branch(Program(half_schools()), also, seconds=20.0, also=[never(1)])
    # Layouts other than the best say nothing of the best.
    assert {progress.step for progress in heard[told:]} == {"others"}
    assert np.isnan(also.best)


def test_the_fewest_pupils_of_a_school_are_reached_over_ways_the_bound_began_without():
    """Ten pupils live nearest to seven schools; the eighth must open for five: 5 x 1 and 5 x 8."""
    schools = [form(site, old=True) for site in range(7)] + [form(7, least=5.0)]
    must = Row("must_open", "n", 0, 1.0, np.inf, np.array([START]), np.array([7]), np.array([0]), np.ones(1), 1000.0)
    given = task([[10.0]], [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]], schools, rows=[must])
    found = search(replace(given, site_ids=tuple("abcdefgn")), Watch(gap=1e-6))
    assert (found.best.objective, found.bound) == pytest.approx((45.0, 45.0))
    assert found.is_proven
