"""Exact searches on the network: from every node to one point, in the direction home to school."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from layoutplan.access.engine import open_hierarchy
from layoutplan.access.network import CLOSED, Floats, Ints, Mode, Network

UNREACHED = int(np.iinfo(np.int64).max)
# Targets searched in one call; bounds the memory of a call to about 50 bytes a node and target.
_BATCH = 32


@dataclass(frozen=True, eq=False)
class Tree:
    """Cost from every node to one point, and the length of that route.

    Parameters
    ----------
    cost, length_mm : int64 [node]
        Millimetres walking, milliseconds driving; ``UNREACHED`` where there is no way.
    """

    cost: Ints
    length_mm: Ints


@dataclass(frozen=True, eq=False)
class Kernel:
    """Arcs of one mode turned round, row by row, the cheapest of parallel ones kept.

    Parameters
    ----------
    start : int32 [node + 1]
        First arc of each node.
    node : int32 [arc]
        Node the arc comes from when travelled.
    cost : float64 [arc]
        Integers, at least 1, held as floats because the search wants them so.
    length_mm : int64 [arc]
    level : bool
        Whether every cost is a length, so that the cheapest route is the shortest.
    """

    start: npt.NDArray[np.int32]
    node: npt.NDArray[np.int32]
    cost: Floats
    length_mm: Ints
    level: bool


# Only remembers what open_kernel would build again; goes when the network goes.
_KERNELS: WeakKeyDictionary[Network, dict[Mode, Kernel]] = WeakKeyDictionary()


def open_kernel(network: Network, mode: Mode) -> Kernel:
    """Return the arcs of a mode in searching order; built once for a network.

    Parameters
    ----------
    network : Network
        Roads.
    mode : {"walk", "drive"}
        Who travels.
    """
    kernels = _KERNELS.setdefault(network, {})
    if mode not in kernels:
        kernels[mode] = _build_kernel(network, mode)
    return kernels[mode]


def _build_kernel(network: Network, mode: Mode) -> Kernel:
    forward, backward = network.cost[mode]
    row = np.concatenate([network.edge_to, network.edge_from])
    node = np.concatenate([network.edge_from, network.edge_to])
    cost = np.concatenate([forward, backward])
    length = np.tile(network.edge_length_mm, 2)
    nodes = len(network.node_east_m)
    key = row * nodes + node
    order = np.lexsort((length, cost, key))
    order = order[cost[order] != CLOSED]
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = key[order[1:]] != key[order[:-1]]
    order = order[new]
    start = np.concatenate([[0], np.cumsum(np.bincount(row[order], minlength=nodes))])
    return Kernel(
        start=start.astype(np.int32),
        node=node[order].astype(np.int32),
        cost=cost[order].astype(np.float64),
        length_mm=length[order],
        level=bool(np.array_equal(cost[order], length[order])),
    )


def cost_along(network: Network, mode: Mode, *, edge: Ints, begin_mm: Ints, end_mm: Ints) -> Ints:
    """Return the cost of going along one edge between two offsets.

    The cost up to an offset is ``cost * offset // length``, so the parts of an edge add up to it.

    Parameters
    ----------
    network : Network
        Roads.
    mode : {"walk", "drive"}
        Who travels.
    edge : int64 [leg]
        Edge index.
    begin_mm, end_mm : int64 [leg]
        Offsets from ``edge_from``.

    Returns
    -------
    int64 [leg]
        Millimetres walking, milliseconds driving; ``UNREACHED`` where the direction is closed.
    """
    ahead = end_mm >= begin_mm
    forward, backward = (cost[edge] for cost in network.cost[mode])
    length = network.edge_length_mm[edge]
    one_way = np.where(ahead, forward, backward)
    whole = np.where((end_mm == begin_mm) & (one_way == CLOSED), 0, one_way)
    part = np.abs(whole * end_mm // length - whole * begin_mm // length)
    return np.where(whole == CLOSED, UNREACHED, part)


def search_to(network: Network, mode: Mode, *, edge: int, offset_mm: int) -> Tree:
    """Return the exact cost from every node to a point on an edge, one-way respected.

    Parameters
    ----------
    network : Network
        Roads.
    mode : {"walk", "drive"}
        Who travels.
    edge : int
        Edge index of the point.
    offset_mm : int
        Offset of the point from ``edge_from``.

    Returns
    -------
    Tree
        One value a node.
    """
    return next(search_many(network, mode, edge=np.array([edge]), offset_mm=np.array([offset_mm])))


def search_many(network: Network, mode: Mode, *, edge: Ints, offset_mm: Ints) -> Iterator[Tree]:
    """Yield :func:`search_to` for one point after the other.

    Parameters
    ----------
    network : Network
        Roads.
    mode : {"walk", "drive"}
        Who travels.
    edge, offset_mm : int64 [point]
        Points on edges.

    Yields
    ------
    Tree
        In the order of the points.
    """
    for begin in range(0, len(edge), _BATCH):
        batch = slice(begin, begin + _BATCH)
        yield from _search_batch(network, mode, edge=edge[batch], offset_mm=offset_mm[batch])


def _search_batch(network: Network, mode: Mode, *, edge: Ints, offset_mm: Ints) -> Iterable[Tree]:
    hierarchy = open_hierarchy(network, mode)
    if hierarchy is not None:
        from layoutplan.access.matrix import BeyondBoundsError, grow_trees

        with suppress(BeyondBoundsError):
            return list(grow_trees(network, hierarchy, mode, edge=edge, offset_mm=offset_mm))
    return _search_by_scipy(network, mode, edge=edge, offset_mm=offset_mm)


def _search_by_scipy(network: Network, mode: Mode, *, edge: Ints, offset_mm: Ints) -> Iterator[Tree]:
    kernel = open_kernel(network, mode)
    nodes, points = len(kernel.start) - 1, len(edge)
    own = nodes + np.arange(points)
    ends = np.column_stack((network.edge_from[edge], network.edge_to[edge]))
    reach = np.column_stack((np.zeros(points, dtype=np.int64), network.edge_length_mm[edge]))
    twice, offsets = np.repeat(edge, 2), np.repeat(offset_mm, 2)
    seed = cost_along(network, mode, edge=twice, begin_mm=reach.ravel(), end_mm=offsets).reshape(-1, 2)
    # Each point is a node of its own with an arc to either end of its edge. An arc must weigh
    # something, so both weigh 1 more than they cost; a closed one is turned onto the point itself.
    is_open = seed != UNREACHED
    indices = np.concatenate([kernel.node, np.where(is_open, ends, own[:, None]).ravel().astype(np.int32)])
    weights = np.concatenate([kernel.cost, np.where(is_open, seed + 1, 1).ravel().astype(np.float64)])
    start = np.concatenate([kernel.start, kernel.start[-1] + 2 * np.arange(1, points + 1, dtype=np.int32)])
    graph = csr_array((weights, indices, start), shape=(nodes + points, nodes + points))
    far = dijkstra(graph, indices=own)
    for point in range(points):
        reached = np.isfinite(far[point, :nodes])
        cost = np.full(nodes, UNREACHED, dtype=np.int64)
        cost[reached] = far[point, :nodes][reached].astype(np.int64) - 1
        if kernel.level:
            yield Tree(cost, cost)
            continue
        legs = np.abs(reach[point] - offset_mm[point])
        tight = (seed[point] != UNREACHED) & (seed[point] == cost[ends[point]])
        yield Tree(cost, _shortest_of_cheapest(kernel, cost, ends=ends[point][tight], legs=legs[tight]))


def _shortest_of_cheapest(kernel: Kernel, cost: Ints, *, ends: Ints, legs: Ints) -> Ints:
    """Return the shortest length among every node's cheapest routes, which arcs without slack make up."""
    nodes = len(cost)
    row = np.repeat(np.arange(nodes), np.diff(kernel.start))
    known = cost[row] != UNREACHED
    tight = np.flatnonzero(known & (cost[kernel.node] == np.where(known, cost[row], 0) + kernel.cost.astype(np.int64)))
    # The point is one node more; as above, what leads to it weighs one more than its length.
    count = np.bincount(row[tight], minlength=nodes)
    start = np.concatenate([[0], np.cumsum(np.append(count, len(ends)))]).astype(np.int32)
    indices = np.concatenate([kernel.node[tight], ends.astype(np.int32)])
    weights = np.concatenate([kernel.length_mm[tight], legs + 1]).astype(np.float64)
    graph = csr_array((weights, indices, start), shape=(nodes + 1, nodes + 1))
    far = dijkstra(graph, indices=nodes)[:nodes]
    length = np.full(nodes, UNREACHED, dtype=np.int64)
    reached = np.isfinite(far)
    length[reached] = far[reached].astype(np.int64) - 1
    return length
