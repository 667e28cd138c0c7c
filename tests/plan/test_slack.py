"""What would have to give way, on one school and three villages by hand."""

from __future__ import annotations

import numpy as np
import pytest

from layoutplan.plan.optimise.search import Watch
from layoutplan.plan.optimise.slack import SEATS, relaxations
from layoutplan.plan.optimise.task import Task


def task(pupils, seats):
    """Return a school that stands and a school that could not be reached, for villages 0 to 2 over some years."""
    years = len(pupils)
    return Task(
        years=tuple(range(2025, 2025 + years)), weight=np.full(years, 1 / years), block_stage=np.array([0]),
        unit_block=np.zeros(3, dtype=np.int64), pupils=np.array(pupils, dtype=float),
        cost=np.array([[1.0, np.inf], [2.0, np.inf], [3.0, np.inf]]), site_ids=("a", "b"),
        first_form=np.array([0, 1]), form_site=np.array([0, 1]), form_seats=np.array([[seats, 0.0], [90.0, 0.0]]),
        form_size=np.full(2, np.inf), form_least=np.zeros(2), form_blocks=np.ones((2, 1), dtype=bool),
        starts=np.zeros((2, years), dtype=bool), closes=np.zeros((2, years), dtype=bool),
        start_cost=np.zeros((2, years)), stand_cost=np.zeros(2),
    )  # fmt: skip


def gaps(*args):
    (only,) = relaxations(task(*args), Watch())
    assert only.is_proven
    assert only.weight == pytest.approx(sum(gap.amount for gap in only.gaps))
    return [(gap.code, gap.subject, gap.year, round(gap.amount, 6)) for gap in only.gaps]


def test_pupils_beyond_all_seats_are_named_with_everybody_who_competes_in_any_year():
    # 50 pupils for 30 seats in the first year, 31 in the second; nobody ever lives in village 2.
    assert gaps([[20.0, 30.0, 0.0], [0.0, 31.0, 0.0]], 30.0) == [
        (SEATS, "0,1", 2025, 20.0), (SEATS, "0,1", 2026, 1.0),
    ]  # fmt: skip
    # Village 0 has pupils in the second year only.
    assert gaps([[0.0, 10.0, 0.0], [25.0, 10.0, 0.0]], 30.0) == [(SEATS, "0,1", 2026, 5.0)]


def test_where_seats_just_suffice_nothing_has_to_give_way():
    assert gaps([[10.0, 15.0, 5.0]], 30.0) == []
    assert gaps([[10.0, 15.0, 5.0]], 29.0) == [(SEATS, "0,1,2", 2025, 1.0)]
