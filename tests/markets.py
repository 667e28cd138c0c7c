"""Small markets of seats: drawn at random, and built from a matrix of ways."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from layoutplan.access.kernels import UNREACHED
from layoutplan.seats.transport import MS_PER_MINUTE, Market

MINUTE = MS_PER_MINUTE


def market(cost_ms, pupils, seats, *, order=None):
    """Return the market of a matrix of costs [unit, school]; ``UNREACHED`` is no way; rows in another order."""
    cost = np.asarray(cost_ms, dtype=np.int64)
    rows = np.arange(len(cost)) if order is None else np.asarray(order)
    start, school, cost_of = [0], [], []
    for row in rows:
        ways = [j for j in np.lexsort((np.arange(cost.shape[1]), cost[row])) if cost[row, j] != UNREACHED]
        school += ways
        cost_of += cost[row, ways].tolist()
        start.append(len(school))
    ids = tuple(f"p{row}" for row in rows), tuple(f"s{j}" for j in range(cost.shape[1]))
    amounts = np.asarray(pupils, dtype=float)[rows], np.asarray(seats, dtype=float)
    return Market(*ids, *amounts, np.array(start), np.array(school, dtype=np.int64), np.array(cost_of, dtype=np.int64))


@st.composite
def cases(draw):
    units, schools = draw(st.integers(1, 9)), draw(st.integers(1, 6))
    ways = st.one_of(st.integers(0, 20).map(lambda m: m * MINUTE), st.integers(0, 10**7), st.just(int(UNREACHED)))
    cost = [[draw(ways) for _ in range(schools)] for _ in range(units)]
    pupils = [draw(st.one_of(st.integers(0, 30), st.floats(0.1, 30).map(lambda p: round(p, 3)))) for _ in range(units)]
    seats = [draw(st.integers(0, 60)) for _ in range(schools)]
    return np.array(cost, dtype=np.int64), np.array(pupils, dtype=float), np.array(seats, dtype=float)
