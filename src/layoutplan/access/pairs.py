"""Cost and length of every pair of a home and a school."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from weakref import WeakKeyDictionary

import numpy as np

from layoutplan.access.engine import open_hierarchy, reshape
from layoutplan.access.kernels import UNREACHED, search_many
from layoutplan.access.legs import arrive_by, open_legs
from layoutplan.access.network import Ints, Mode, Network, Snaps


def measure_pairs(network: Network, homes: Snaps, schools: Snaps, *, mode: Mode) -> tuple[Ints, Ints]:
    """Return cost and length from every home to every school, gaps at both ends included.

    Where hills make walking there and back differ, the dearer of the two counts, with its length.

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
    if not has_hills(network, mode):
        return _measure_there(network, homes, schools, mode)
    if network not in _TURNED:
        back = replace(network, cost={**network.cost, mode: network.cost[mode][::-1]})
        reshape(back, network)
        _TURNED[network] = back
    there, back_again = (_measure_there(way, homes, schools, mode) for way in (network, _TURNED[network]))
    dearer = back_again[0] > there[0]
    cost, length = (np.where(dearer, b, t) for t, b in zip(there, back_again, strict=True))
    return cost, length


# Only remembers what measure_pairs would make again; goes when the network goes.
_TURNED: WeakKeyDictionary[Network, Network] = WeakKeyDictionary()


def has_hills(network: Network, mode: Mode) -> bool:
    """Return whether walking costs differ by direction, so that both ways have to be measured.

    Parameters
    ----------
    network : Network
        Roads.
    mode : {"walk", "drive"}
        Who travels; vehicles are measured from home to school only.
    """
    return mode == "walk" and not np.array_equal(*network.cost[mode])


def _measure_there(network: Network, homes: Snaps, schools: Snaps, mode: Mode) -> tuple[Ints, Ints]:
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
