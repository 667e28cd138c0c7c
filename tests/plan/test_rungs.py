"""Who shares a class, who leaves and how far all walk on a rung of the ladder, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from layoutplan.plan.rungs import head_count, share_classes, walked

MISSING = float("nan")


@pytest.mark.parametrize(
    ("grades", "pupils", "classes", "shared"),
    [
        ([1, 2], [10.0, 9.9], [1, 1], [1, 0]), ([1, 2], [10.0, 10.0], [1, 1], [1, 1]),
        ([1, 3], [5.0, 5.0], [1, 1], [1, 1]), ([6, 7], [5.0, 5.0], [1, 1], [1, 1]),
        ([5, 6], [5.0, 5.0], [1, 1], [1, 0]), ([1, 2], [5.0, 5.0], [1, 2], [1, 2]),
        ([1, 2], [5.0, 5.0], [2, 1], [2, 1]), ([1, 2], [5.0, 5.0], [0, 1], [0, 1]),
        ([1, 2, 3], [5.0, 5.0, 5.0], [1, 1, 1], [1, 0, 1]), ([1, 2, 3], [15.0, 6.0, 5.0], [1, 1, 1], [1, 1, 0]),
        ([1, 2, 3, 4], [5.0, 5.0, 5.0, 5.0], [1, 1, 1, 1], [1, 0, 1, 0]), ([1], [5.0], [1], [1]), ([], [], [], []),
    ],
)  # fmt: skip
def test_two_neighbouring_primary_grades_below_ten_on_average_share_a_class(grades, pupils, classes, shared):
    before = np.array(classes, dtype=np.int64)
    found = share_classes(np.array(grades, dtype=np.int64), np.array(pupils), before, most=10)
    assert found.tolist() == shared
    assert before.tolist() == classes


def pupils(*rows):
    columns = ["pupils", "school_id", "before", "after", "leaves", "far_before", "far", "boards", "rides"]
    types = dict.fromkeys(["leaves", "far_before", "far", "boards", "rides"], bool)
    return pd.DataFrame(list(rows), columns=columns).astype(types | {"pupils": float, "before": float, "after": float})


ALL = pupils(
    (1, "a", 10, 10, False, False, False, False, False), (2, "b", 20, 30, True, False, False, False, False),
    (4, "b", 50, 60, True, True, True, True, False), (8, "b", MISSING, MISSING, True, True, True, False, True),
    (16, None, 5, MISSING, True, False, False, False, False),
)  # fmt: skip


def test_every_child_stays_or_leaves_or_finds_no_school():
    assert head_count(ALL) == {
        "pupils": 31.0, "stay": 1.0, "leave": 14.0, "without_school": 16.0, "boarders": 4.0, "bus_pupils": 8.0,
    }  # fmt: skip


def test_ways_are_those_of_children_who_can_walk_and_shares_those_of_all_who_have_a_school():
    found = walked(ALL)
    assert found["walk_mean_before"] == pytest.approx((10 + 40 + 200 + 80) / 23)
    assert found["walk_mean_after"] == pytest.approx((10 + 60 + 240) / 7)
    assert (found["walk_longest_before"], found["walk_longest_after"]) == (50.0, 60.0)
    assert (found["walk_p95_before"], found["walk_p95_after"]) == (50.0, 60.0)
    assert found["share_over_limit_before"] == pytest.approx(12 / 31)
    assert found["share_over_limit_after"] == pytest.approx(12 / 15)
    assert (found["no_way_on_foot_before"], found["no_way_on_foot_after"]) == (8.0, 8.0)


def test_where_nobody_has_a_school_no_way_is_told():
    found = walked(ALL.tail(1))
    assert (found["walk_mean_before"], found["share_over_limit_before"]) == (5.0, 0.0)
    for name in ("walk_mean_after", "walk_p95_after", "walk_longest_after", "share_over_limit_after"):
        assert np.isnan(found[name])
    assert found["no_way_on_foot_after"] == 0.0
