"""Sweeps over small tables of costs, worked out by hand."""

from __future__ import annotations

import numpy as np

from layoutplan.access.sweeps import largest


def test_the_largest_value_is_looked_for_in_every_row_and_lane_and_below_the_limit():
    cost = np.array([[5, 9, 2], [12, 3, 10]], dtype=np.int64)
    assert largest(cost, 100, 15) == 12
    assert largest(cost, 12, 15) == 10
    assert largest(cost, 10, 15) == 9
    assert largest(cost[:, :1], 12, 15) == 5
    assert largest(cost[:1], 6, 15) == 5
    # Of 12, 9 and 10 the lowest three bits are 4, 1 and 2; 5 is the largest of all.
    assert largest(cost, 100, 7) == 5
    assert largest(cost, 2, 15) == 0
