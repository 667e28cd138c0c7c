"""The ends of a route: from a home to the road and along its edge, and the same to a school."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layoutplan.access.kernels import UNREACHED, Tree, cost_along
from layoutplan.access.network import Ints, Mode, Network, Snaps

# Stands for "no way" while costs are added up; far above any cost, and sums of four stay in range.
FAR = 2**60


@dataclass(frozen=True, eq=False)
class Legs:
    """First leg of every origin on the network: gap, then along its edge to either end.

    Parameters
    ----------
    snaps : Snaps
        Origins.
    on : int64 [leg]
        Those that are on an edge.
    ends : tuple of two int64 [leg]
        Nodes at the start and the end of the edge.
    cost, length_mm : tuple of two int64 [leg]
        Along the edge to either node; ``FAR`` where that direction is closed.
    gap_cost : int64 [leg]
        Of walking to the road.
    """

    snaps: Snaps
    on: Ints
    ends: tuple[Ints, Ints]
    cost: tuple[Ints, Ints]
    length_mm: tuple[Ints, Ints]
    gap_cost: Ints


def open_legs(network: Network, origins: Snaps, mode: Mode) -> Legs:
    """Return the first leg of every origin.

    Parameters
    ----------
    network : Network
        Roads.
    origins : Snaps
        Points where routes start.
    mode : {"walk", "drive"}
        Who travels.
    """
    on = np.flatnonzero(origins.edge >= 0).astype(np.int64)
    edge, offset = origins.edge[on], origins.offset_mm[on]
    length = network.edge_length_mm[edge]
    to_start = cost_along(network, mode, edge=edge, begin_mm=offset, end_mm=np.zeros_like(offset))
    to_end = cost_along(network, mode, edge=edge, begin_mm=offset, end_mm=length)
    return Legs(
        snaps=origins,
        on=on,
        ends=(network.edge_from[edge], network.edge_to[edge]),
        cost=(np.minimum(to_start, FAR), np.minimum(to_end, FAR)),
        length_mm=(offset, length - offset),
        gap_cost=walk_gap(network, origins.gap_mm[on], mode),
    )


def walk_gap(network: Network, gap_mm: Ints, mode: Mode) -> Ints:
    """Return what walking a gap costs: millimetres on the flat, or milliseconds where the rest is driven.

    Parameters
    ----------
    network : Network
        Walking speed, and effort off the road.
    gap_mm : int64 [point]
        Gaps.
    mode : {"walk", "drive"}
        Who travels.
    """
    if mode == "walk":
        effort: Ints = np.rint(gap_mm * network.gap_effort).astype(np.int64)
        return effort
    gap_ms: Ints = np.rint(gap_mm * 3.6 / network.walk_kmh).astype(np.int64)
    return gap_ms


def arrive_by(network: Network, mode: Mode, legs: Legs, tree: Tree, *, target: Snaps, row: int) -> tuple[Ints, Ints]:
    """Return cost and length from every origin to one target, ``UNREACHED`` where there is no way.

    Parameters
    ----------
    network : Network
        Roads.
    mode : {"walk", "drive"}
        Who travels.
    legs : Legs
        Origins.
    tree : Tree
        From every node to the target.
    target : Snaps
        Points.
    row : int
        Which of them.

    Returns
    -------
    cost, length_mm : int64 [origin]
        Gaps included; of equally cheap routes the shortest.
    """
    cost, length = np.full((2, len(legs.snaps.ids)), UNREACHED, dtype=np.int64)
    edge, offset = legs.snaps.edge[legs.on], legs.snaps.offset_mm[legs.on]
    best = np.full(len(edge), FAR, dtype=np.int64)
    best_length = np.zeros(len(edge), dtype=np.int64)
    ways = [
        (np.minimum(tree.cost[ends], FAR) + first, np.where(tree.cost[ends] < FAR, tree.length_mm[ends], 0) + leg)
        for ends, first, leg in zip(legs.ends, legs.cost, legs.length_mm, strict=True)
    ]
    beside = np.flatnonzero(edge == target.edge[row])
    direct, direct_length = np.full(len(edge), FAR, dtype=np.int64), np.zeros(len(edge), dtype=np.int64)
    end = np.full(len(beside), target.offset_mm[row])
    straight = cost_along(network, mode, edge=edge[beside], begin_mm=offset[beside], end_mm=end)
    direct[beside], direct_length[beside] = np.minimum(straight, FAR), np.abs(end - offset[beside])
    for way_cost, way_length in (*ways, (direct, direct_length)):
        better = (way_cost < best) | ((way_cost == best) & (way_length < best_length))
        best, best_length = np.where(better, way_cost, best), np.where(better, way_length, best_length)
    reached = best < FAR
    at = legs.on[reached]
    last_gap = target.gap_mm[row : row + 1]
    cost[at] = best[reached] + legs.gap_cost[reached] + walk_gap(network, last_gap, mode)
    length[at] = best_length[reached] + legs.snaps.gap_mm[at] + last_gap
    return cost, length
