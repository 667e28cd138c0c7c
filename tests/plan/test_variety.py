"""Other layouts and runners-up, on a few villages and sites whose ways are worked out by hand.

Site 0 is a school that stands in form 0 and may grow (form 1); the others may be built for 90 each. Ten pupils live in
every village, so that a way one minute longer costs ten.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from layoutplan.plan.optimise.search import Watch, search
from layoutplan.plan.optimise.task import Task
from layoutplan.plan.optimise.variety import agreed, others

NO = np.inf


def task(*ways, seats=1000.0, grow=90.0, years=1):
    """Return a task by the ways of every village to the school and to each site."""
    new = len(ways[0]) - 1
    return Task(
        years=tuple(range(2025, 2025 + years)), weight=np.full(years, 1 / years), block_stage=np.array([0]),
        unit_block=np.zeros(len(ways), dtype=int), pupils=np.full((years, len(ways)), 10.0), cost=np.array(ways),
        site_ids=("a", *(f"n{number}" for number in range(1, new + 1))), first_form=np.array([0] + [-1] * new),
        form_site=np.array([0, 0, *range(1, new + 1)]),
        form_seats=np.array([[seats]] + [[1000.0]] * (new + 1)), form_size=np.full(new + 2, np.inf),
        form_least=np.zeros(new + 2), form_blocks=np.ones((new + 2, 1), dtype=bool),
        starts=np.array([[False] * years] + [[True] * years] * (new + 1)),
        closes=np.zeros((new + 1, years), dtype=bool),
        start_cost=np.array([[0.0] * years, [grow] * years] + [[90.0] * years] * new), stand_cost=np.zeros(new + 2),
    )  # fmt: skip


def found(task_, *, count, within=10.0, **watch):
    """Return the sites that change in the best layout, and in each of the others with what it costs."""
    best = search(task_, Watch(gap=1e-7))
    more = others(best.program, best.best, Watch(gap=1e-7, **watch), count=count, within=within)
    return sites(task_, best.best), [(sites(task_, one), round(one.objective, 6)) for one in more]


def sites(task_, layout):
    return ",".join(np.array(task_.site_ids)[layout.acted(task_)])


ONE = (NO, 1.0, 2.0, 3.5, 4.0)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_as_many_other_layouts_as_asked_for_the_cheapest_first(count):
    best, more = found(task(ONE), count=count)
    assert best == "n1"
    assert more == [("n2", 110.0), ("n3", 125.0), ("n4", 130.0)][:count]


def test_the_last_site_too_is_told_from_the_others():
    best, more = found(task((NO, 4.0, 3.5, 2.0, 1.0)), count=3)
    assert (best, more) == ("n4", [("n3", 110.0), ("n2", 125.0), ("n1", 130.0)])


@pytest.mark.parametrize(("within", "names"), [(0.05, []), (0.24, ["n2"]), (0.25, ["n2", "n3"]), (0.26, ["n2", "n3"])])
def test_a_layout_may_be_worse_than_the_best_by_so_much_and_no_more(within, names):
    _, more = found(task(ONE), count=3, within=within)
    assert [name for name, _ in more] == names


def test_without_a_site_that_cannot_be_done_without_the_next_is_asked_for():
    # Village 0 reaches n1 only; village 1 could go to n3 instead of n2.
    best, more = found(task((NO, 1.0, NO, NO), (NO, NO, 1.0, 3.0)), count=1)
    assert (best, more) == ("n1,n2", [("n1,n3", 220.0)])


def test_the_first_runner_up_does_without_the_first_site_whatever_else_is_nearer():
    # Village 0: n1 or, five minutes farther, n2; village 1: n3 or, one minute farther, n4.
    ways = (NO, 1.0, 6.0, NO, NO), (NO, NO, NO, 1.0, 2.0)
    best, more = found(task(*ways), count=1)
    assert (best, more) == ("n1,n3", [("n2,n3", 250.0)])
    assert found(task(*ways), count=2)[1] == [("n1,n4", 210.0), ("n2,n3", 250.0)]
    assert found(task(*ways), count=3)[1][-1] == ("n2,n4", 260.0)


def test_runners_up_are_looked_for_of_three_sites_and_then_any_other_layout():
    """Four villages with two sites each: the other one is 1, 2, 4 and 50 minutes farther."""
    far = (1.0, 2.0, 4.0, 50.0)
    ways = np.full((4, 9), NO)
    for village, more in enumerate(far):
        ways[village, 1 + 2 * village : 3 + 2 * village] = 1.0, 1.0 + more
    best, more = found(task(*ways), count=4)
    assert best == "n1,n3,n5,n7"
    assert more == [
        ("n2,n3,n5,n7", 410.0), ("n1,n4,n5,n7", 420.0), ("n2,n4,n5,n7", 430.0), ("n1,n3,n6,n7", 440.0),
    ]  # fmt: skip


def test_a_school_that_grows_is_no_site_and_another_layout_may_keep_its_growth():
    """Twenty pupils for ten seats: the school grows; with n1 built as well village 1 walks 8 minutes less."""
    ways = (1.0, 30.0), (10.0, 2.0)
    best, more = found(task(*ways, seats=5.0, grow=1.0), count=1)
    assert best == "a"
    # 10 x 1 + 10 x 10 + 1 for the best; n1 costs 90 more and saves 80.
    assert more == [("a,n1", 121.0)]


def test_a_runner_up_may_give_up_the_same_school_as_the_best():
    # Nobody reaches the school, which costs 50 to keep.
    task_ = replace(task(ONE), closes=np.arange(5)[:, None] == 0, stand_cost=np.array([50.0, 50.0, 0, 0, 0, 0]))
    assert found(task_, count=1) == ("a,n1", [("a,n2", 110.0)])


def test_decisions_of_all_periods_are_those_of_a_site():
    best, more = found(task(ONE, years=2), count=2)
    assert (best, more) == ("n1", [("n2", 110.0), ("n3", 125.0)])


def test_who_asks_to_stop_gets_no_other_layout_and_is_told_so():
    task_ = task(ONE)
    best = search(task_, Watch(gap=1e-7))
    watch = Watch(gap=1e-7, cancel=lambda: True)
    assert others(best.program, best.best, watch, count=2, within=1.0) == []
    assert watch.stopped
    calm = Watch(gap=1e-7, cancel=lambda: False)
    assert others(best.program, best.best, calm, count=1, within=1.0)
    assert not calm.stopped
    assert found(task_, count=2, seconds=0.0)[1] == []
    assert found(task_, count=1, seconds=0.9)[1] == [("n2", 110.0)]


def test_what_is_told_meanwhile_is_told_to_who_listens():
    heard = []
    found(task(*[(NO, *np.linspace(1, 4, 6) + village) for village in range(4)]), count=2, on_progress=heard.append)
    assert {progress.step for progress in heard} <= {"others"}


def test_no_other_layout_is_the_best_again_with_a_site_that_gains_nothing():
    """n1 and another site cost less together than n2 or n3 alone where ways are long and schools cheap."""
    best, more = found(task((NO, 1.0, 20.0, 30.0)), count=2)
    assert best == "n1"
    assert [name for name, _ in more] == ["n2", "n3"]


def test_sites_are_agreed_on_that_every_layout_changes():
    task_ = task((NO, 1.0, 6.0, NO, NO), (NO, NO, NO, 1.0, 2.0))
    best = search(task_, Watch(gap=1e-7))
    more = others(best.program, best.best, Watch(gap=1e-7), count=1, within=10.0)
    assert agreed(task_, [best.best]).tolist() == [False, True, False, True, False]
    assert agreed(task_, [best.best, *more]).tolist() == [False, False, False, True, False]
