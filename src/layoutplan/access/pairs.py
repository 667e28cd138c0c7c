"""Cost and length of every pair of a home and a school."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from layoutplan.access.engine import open_hierarchy
from layoutplan.access.kernels import UNREACHED, search_many
from layoutplan.access.legs import arrive_by, open_legs
from layoutplan.access.network import Ints, Mode, Network, Snaps


def measure_pairs(network: Network, homes: Snaps, schools: Snaps, *, mode: Mode) -> tuple[Ints, Ints]:
    """Return cost and length from every home to every school, gaps at both ends included.

    Parameters
    ----------
    network : Network
        Roads.
    homes, schools : Snaps
        Points, snapped for the mode.
    mode : {"walk", "drive"}
        Who travels.

    Returns
    -------
    cost : int64 [home, school]
        Millimetres walking, milliseconds driving; ``UNREACHED`` where there is no way.
    length_mm : int64 [home, school]
        Of equally cheap routes the shortest; may be the same array as ``cost``.
    """
    hierarchy = open_hierarchy(network, mode)
    if hierarchy is not None:
        from layoutplan.access.matrix import BeyondBoundsError, measure_all

        with suppress(BeyondBoundsError):
            return measure_all(network, hierarchy, homes, schools, mode=mode)
    legs = open_legs(network, homes, mode)
    cost, length = np.full((2, len(homes.ids), len(schools.ids)), UNREACHED, dtype=np.int64)
    rows = np.flatnonzero(schools.edge >= 0)
    trees = search_many(network, mode, edge=schools.edge[rows], offset_mm=schools.offset_mm[rows])
    for row, tree in zip(rows.tolist(), trees, strict=True):
        cost[:, row], length[:, row] = arrive_by(network, mode, legs, tree, target=schools, row=row)
    return cost, length
