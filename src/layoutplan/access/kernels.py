"""Exact searches on the network: from every node to one point, in the direction home to school."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

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
    key : int64 [arc]
        ``row * nodes + node``, ascending: finds the arc between two nodes.
    """

    start: npt.NDArray[np.int32]
    node: npt.NDArray[np.int32]
    cost: Floats
    length_mm: Ints
    key: Ints


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
        key=key[order],
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
    kernel = open_kernel(network, mode)
    for begin in range(0, len(edge), _BATCH):
        batch = slice(begin, begin + _BATCH)
        yield from _search_batch(network, mode, kernel, edge=edge[batch], offset_mm=offset_mm[batch])


def _search_batch(network: Network, mode: Mode, kernel: Kernel, *, edge: Ints, offset_mm: Ints) -> Iterator[Tree]:
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
    found = dijkstra(graph, indices=own, return_predecessors=mode != "walk")
    far, before = found if mode != "walk" else (found, None)
    for point in range(points):
        reached = np.isfinite(far[point, :nodes])
        cost = np.full(nodes, UNREACHED, dtype=np.int64)
        cost[reached] = far[point, :nodes][reached].astype(np.int64) - 1
        if before is None:
            yield Tree(cost, cost)
            continue
        first_leg = np.abs(reach[point] - offset_mm[point])
        yield Tree(cost, _route_lengths(kernel, before[point, :nodes], reached, ends=ends[point], first_leg=first_leg))


def _route_lengths(
    kernel: Kernel, before: npt.NDArray[np.int32], reached: npt.NDArray[np.bool_], *, ends: Ints, first_leg: Ints
) -> Ints:
    """Return the length of every node's route by following all routes at once, two steps as one."""
    nodes = len(reached)
    root = nodes
    inner = np.flatnonzero(reached & (before < nodes))
    parent = np.full(nodes + 1, root, dtype=np.int64)
    parent[inner] = before[inner]
    length = np.zeros(nodes + 1, dtype=np.int64)
    length[inner] = kernel.length_mm[np.searchsorted(kernel.key, parent[inner] * nodes + inner)]
    at_end = reached[ends] & (before[ends] >= nodes)
    length[ends[at_end]] = first_leg[at_end]
    while (parent != root).any():
        length += length[parent]
        parent = parent[parent]
    return np.where(reached, length[:nodes], UNREACHED)
