"""A siting task's conditions, which form stands when, and units that reach the same sites."""

from __future__ import annotations

import numpy as np
import pytest
from hand_tasks import ANY, decisions, form, task

from layoutplan.plan.optimise.task import CLOSE, STAND, START, Layout, Row, merged_units, standing

A, N, M = range(3)
FORMS = [form(A, old=True), form(A), form(N)]


def three_years():
    return task([[1.0]] * 3, [[1.0, 2.0]], FORMS, closes=[A])


@pytest.mark.parametrize(
    ("start", "close", "stands"),
    [
        ([], [], [[1, 1, 1], [0, 0, 0], [0, 0, 0]]),
        ([(1, 1)], [], [[1, 0, 0], [0, 1, 1], [0, 0, 0]]),
        ([(1, 0)], [], [[0, 0, 0], [1, 1, 1], [0, 0, 0]]),
        ([(2, 2)], [], [[1, 1, 1], [0, 0, 0], [0, 0, 1]]),
        ([], [(A, 1)], [[1, 0, 0], [0, 0, 0], [0, 0, 0]]),
        ([(2, 1)], [(A, 0)], [[0, 0, 0], [0, 0, 0], [0, 1, 1]]),
    ],
)
def test_a_form_stands_from_the_year_it_is_taken_and_the_old_one_until_then(start, close, stands):
    given = three_years()
    assert standing(given, *decisions(given, start=start, close=close)).astype(int).tolist() == stands


def test_a_condition_sums_its_terms_by_their_factors():
    given = three_years()
    start, close = decisions(given, start=[(2, 1)], close=[(A, 2)])
    kind, index, at = (
        np.array([START, START, CLOSE, STAND, STAND]),
        np.array([2, 2, A, 0, 0]),
        np.array([1, 0, 2, 1, 2]),
    )
    row = Row("r", "", 0, 0.0, 1.0, kind, index, at, np.array([2.0, 30.0, 5.0, 7.0, 100.0]))
    # Taken in the second year, given up in the third, A still stands in the second.
    assert row.value(start, close, standing(given, start, close)) == 2 + 5 + 7
    assert row.give == 0
    none = np.empty(0, dtype=np.int64)
    empty = Row("r", "", 0, 0.0, 1.0, none, none, none, np.empty(0))
    assert empty.value(start, close, standing(given, start, close)) == 0


@pytest.mark.parametrize(
    ("start", "close", "acted"),
    [
        ([], [], [0, 0]),
        ([(1, 2)], [], [1, 0]),
        ([(2, 0)], [], [0, 1]),
        ([], [(A, 2)], [1, 0]),
        ([(2, 1)], [(A, 0)], [1, 1]),
    ],
)
def test_a_site_acts_that_takes_a_form_or_is_given_up_in_any_year(start, close, acted):
    given = three_years()
    none = np.empty(0, dtype=np.int64)
    layout = Layout(
        *decisions(given, start=start, close=close), 0.0, none, none, none, np.empty(0), np.zeros((3, 2, 2))
    )
    assert layout.acted(given).astype(int).tolist() == acted
    assert layout.stands(given).shape == (3, 3)


def test_units_of_a_block_that_reach_the_same_sites_are_one_and_their_pupils_add_up():
    given = task(
        [[1.0, 2.0, 4.0, 8.0], [0.0, 3.0, 5.0, 7.0]],
        [[9.0, 8.0, ANY], [1.0, ANY, 2.0], [7.0, 5.0, ANY], [3.0, 4.0, ANY]],
        [form(A, old=True, running=5.0), form(N, price=3.0), form(M)], unit_block=[0, 0, 0, 1],
    )  # fmt: skip
    merged = merged_units(given)
    rows = {
        (int(block), tuple(np.isfinite(cost))): pupils.tolist()
        for block, cost, pupils in zip(merged.unit_block, merged.cost, merged.pupils.T, strict=True)
    }
    assert rows == {
        (0, (True, True, False)): [5.0, 5.0],
        (0, (True, False, True)): [2.0, 3.0],
        (1, (True, True, False)): [8.0, 7.0],
    }
    # Only whether seats suffice is asked: nothing costs anything.
    assert merged.cost[np.isfinite(merged.cost)].tolist() == [0.0] * 6
    assert merged.start_cost.tolist() == [[0.0] * 2] * 3
    assert merged.stand_cost.tolist() == [0.0] * 3


def test_a_task_s_shape_is_its_years_units_sites_and_forms():
    assert three_years().shape == (3, 1, 2, 3)
