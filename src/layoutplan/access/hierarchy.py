"""A network made ready for sweeps: its shape once, its weights for every mode and season."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layoutplan.access.elimination import (
    NONE,
    Index,
    Skeleton,
    Weights,
    contract,
    count_arcs,
    fill,
    find_arcs,
    grow_tree,
    perfect,
    prune,
    walk_tree,
)
from layoutplan.access.network import CLOSED, Ints, Network
from layoutplan.access.order import order_nodes

# A route's cost and length travel in one integer: the cost above, the length in the lower bits.
LENGTH_BITS = 31
# Any sum of two weights within these bounds keeps to its own bits: routes of 1,073 km, and a cost of
# 536 km on foot, uphill as long as on the flat, or of 149 hours by car.
MAX_COST = 1 << 29
MAX_LENGTH_MM = 1 << 30
# Costs alone are 32-bit, with the same room.
MAX_ALONE = 1 << 29


class Arcs(NamedTuple):
    """Arcs by tail: ``first`` int32 [node + 1], ``head`` int32 [arc], ``weight`` int32 or int64 [arc]."""

    first: Index
    head: Index
    weight: npt.NDArray[np.int32] | Weights


def list_tails(arcs: Arcs) -> Index:
    """Return the tail of every arc, int32 [arc]."""
    return np.repeat(np.arange(len(arcs.first) - 1, dtype=np.int32), np.diff(arcs.first))


@dataclass(frozen=True, eq=False)
class Shape:
    """The filled graph of a network: what no weight changes.

    Parameters
    ----------
    rank : int32 [node]
        Name of every node inside the hierarchy.
    parent : int32 [rank]
        Elimination tree, -1 at a root.
    skeleton : Skeleton
        Upward arcs.
    edge_arc : int32 [edge]
        Arc that each edge lies on.
    edge_up : bool [edge]
        Whether the edge leads up from its ``edge_from``.
    edge_ends : int32 [2, edge]
        Ranks of ``edge_from`` and ``edge_to``.
    """

    rank: Index
    parent: Index
    skeleton: Skeleton
    edge_arc: Index
    edge_up: npt.NDArray[np.bool_]
    edge_ends: Index


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """One mode's weights on a shape, only the arcs that a cheapest way needs.

    Parameters
    ----------
    shape : Shape
        Names and tree.
    length_bits : int
        0 where the length is the cost; else the ``wide`` weights are ``cost << length_bits | length``.
    up, down : Arcs
        Cost [int32] from a node to the higher head, and from the higher head to the node.
    wide_up, wide_down : Arcs
        Cost and length; the same as ``up`` and ``down`` where ``length_bits`` is 0.
    outward, inward : Arcs
        The road arcs by the node they leave, and by the node they enter; cost [int32].
    """

    shape: Shape
    length_bits: int
    up: Arcs
    down: Arcs
    wide_up: Arcs
    wide_down: Arcs
    outward: Arcs
    inward: Arcs

    @cached_property
    def up_tail(self) -> Index:
        """Tails of the ``up`` arcs, int32 [arc]."""
        return list_tails(self.up)


def shape_network(network: Network, *, cache: Path | None = None) -> Shape:
    """Order a network's nodes and fill in the arcs that passing over lower nodes needs.

    Parameters
    ----------
    network : Network
        Roads; edges of all modes count, whatever they cost.
    cache : Path, optional
        Folder for orders of large networks; the user's cache folder if absent.

    Returns
    -------
    Shape
        For :func:`weigh`.
    """
    begin, end = network.edge_from, network.edge_to
    nodes = len(network.node_east_m)
    rank = order_nodes(nodes, begin, end, cache=cache)
    # A second naming, by postorder of the tree, adds no arc and puts what belongs together side by side.
    place = walk_tree(grow_tree(*_neighbours(nodes, rank[begin], rank[end])))
    rank = place[rank]
    first, head = _neighbours(nodes, rank[begin], rank[end])
    parent = grow_tree(first, head)
    above = np.concatenate([[0], np.cumsum(count_arcs(first, head, parent))]).astype(np.int32)
    skeleton = fill(first, head, parent, above)
    low, high = np.minimum(rank[begin], rank[end]), np.maximum(rank[begin], rank[end])
    return Shape(
        rank,
        parent,
        skeleton,
        find_arcs(skeleton, low, high),
        rank[begin] < rank[end],
        np.stack((rank[begin], rank[end])),
    )


def _neighbours(nodes: int, begin: Index, end: Index) -> tuple[Index, Index]:
    tail, head = np.concatenate([begin, end]), np.concatenate([end, begin])
    key = np.unique(tail.astype(np.int64) * nodes + head)
    first = np.searchsorted(key, np.arange(nodes + 1, dtype=np.int64) * nodes)
    return first.astype(np.int32), (key % nodes).astype(np.int32)


def weigh(shape: Shape, *, forward: Ints, backward: Ints, length_mm: Ints | None) -> Hierarchy | None:
    """Customize a shape for the costs of one mode or season.

    Parameters
    ----------
    shape : Shape
        From :func:`shape_network`.
    forward, backward : int64 [edge]
        Cost of each direction, at least 1, or ``CLOSED``.
    length_mm : int64 [edge] or None
        Length; of equally cheap routes the shortest counts. None where the length is the cost.

    Returns
    -------
    Hierarchy or None
        None where a cost or length is beyond what the compiled sweeps hold.
    """
    costs = (forward,) if np.array_equal(forward, backward) else (forward, backward)
    bits = 0 if length_mm is None else LENGTH_BITS
    if length_mm is None:
        road = [np.where(cost == CLOSED, NONE, cost) for cost in costs]
    elif max(int(cost.max(initial=0)) for cost in costs) >= MAX_COST or length_mm.max(initial=0) >= MAX_LENGTH_MM:
        return None
    else:
        road = [np.where(cost == CLOSED, NONE, cost << bits | length_mm) for cost in costs]
    wide = _customize(shape, road, bits)
    if not wide:
        return None
    narrow = [Arcs(arcs.first, arcs.head, (arcs.weight >> bits).astype(np.int32)) for arcs in wide]
    wide = wide if bits else narrow
    plain = _road_arcs(shape, road, bits)
    return Hierarchy(shape, bits, narrow[0], narrow[-1], wide[0], wide[-1], plain[0], plain[-1])


def _customize(shape: Shape, road: list[Weights], bits: int) -> list[Arcs]:
    """Return the pruned arcs up and down, or one for both where they are alike; none if out of bounds."""
    skeleton, begins_low = shape.skeleton, shape.edge_up
    raw = np.full((2, len(skeleton.head)), NONE, dtype=np.int64)
    for weight, goes_up in ((road[0], begins_low), (road[-1], ~begins_low)):
        np.minimum.at(raw[0], shape.edge_arc[goes_up], weight[goes_up])
        np.minimum.at(raw[1], shape.edge_arc[~goes_up], weight[~goes_up])
    contract(skeleton, raw[0], raw[1])
    best = raw.copy()
    perfect(skeleton, best[0], best[1])
    arcs = [Arcs(*prune(skeleton, raw[way], best[way])) for way in range(len(road))]
    within = all(bool((part.weight >> bits).max(initial=0) < (MAX_COST if bits else MAX_ALONE)) for part in arcs)
    if bits:
        ways = raw[raw < NONE]
        within &= bool((ways >> bits).max(initial=0) < MAX_COST)
        within &= bool((ways & ((1 << bits) - 1)).max(initial=0) < MAX_LENGTH_MM)
    return arcs if within else []


def _road_arcs(shape: Shape, road: list[Weights], bits: int) -> list[Arcs]:
    """Return the road arcs by the node they leave and by the node they enter; one where both are alike."""
    nodes = len(shape.rank)
    low, high = shape.edge_ends
    found = []
    for way in range(len(road)):
        there, back = (road[0], road[-1]) if way == 0 else (road[-1], road[0])
        tail, head = np.concatenate([low, high]), np.concatenate([high, low])
        weight = np.concatenate([there, back])
        key = tail.astype(np.int64) * nodes + head
        order = np.lexsort((weight, key))
        order = order[weight[order] < NONE]
        key = key[order]
        new = np.ones(len(key), dtype=np.bool_)
        new[1:] = key[1:] != key[:-1]
        order, key = order[new], key[new]
        first = np.searchsorted(key, np.arange(nodes + 1, dtype=np.int64) * nodes).astype(np.int32)
        found.append(Arcs(first, head[order].astype(np.int32), (weight[order] >> bits).astype(np.int32)))
    return found
