"""Compiled: linear sweeps over a hierarchy, in the direction from home to school.

After Delling, Goldberg, Nowatzyk and Werneck, "PHAST", 2011. A sweep up carries what is known at
schools to all higher nodes, a sweep down hands it on to all lower ones; no queue, no search.
A key is ``cost << 16 | school``, so the smaller of two keys is the cheaper way, and of equal ones
that to the smaller school. ``NO_KEY`` means no school; sums with it never fall below it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layoutplan.access.compiled import compiled
from layoutplan.access.elimination import Index
from layoutplan.access.hierarchy import Arcs

NO_KEY = 1 << 61
SCHOOL_BITS = 16
Keys = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Part(NamedTuple):
    """The nodes that some points can reach upward, renumbered in their order.

    ``nodes`` int32 [part] are their ranks, ``up`` and ``down`` the arcs between them; a node that
    the homes do not reach has no ``up`` arcs, one that the schools do not reach no ``down`` arcs.
    """

    nodes: Index
    up: Arcs
    down: Arcs


class Stops(NamedTuple):
    """Points on edges: two nodes each, and the cost between point and node.

    ``node`` int32 [point, 2], -1 for none; ``cost`` int64 [point, 2], ``NONE`` for closed.
    """

    node: Index
    cost: Keys


class Ascent(NamedTuple):
    """What climbing from a school needs: ``down`` arcs, ``parent`` int32 [node], ``place`` int32 [node] in a part."""

    down: Arcs
    parent: Index
    place: Index


@compiled
def sweep_keys(up: Arcs, tail: Index, down: Arcs, key: Keys) -> None:
    """Give every node the key of its nearest school. Changes ``key``.

    Parameters
    ----------
    up, down : Arcs
        Costs.
    tail : int32 [arc]
        Tails of the ``up`` arcs, ascending.
    key : int64 [node]
        Keys where schools are, ``NO_KEY`` elsewhere.
    """
    # Unsigned, an index need not be looked at for being negative: a third of the time.
    down_first, down_head, down_weight = down.first, down.head, down.weight
    for node in range(len(key)):
        own = key[node]
        if own < NO_KEY:
            for arc in range(np.uint32(down_first[node]), np.uint32(down_first[node + 1])):
                head = np.uint32(down_head[arc])
                key[head] = min(key[head], own + (np.int64(down_weight[arc]) << SCHOOL_BITS))
    # Arc after arc and not node by node: where a loop of one to three arcs ends cannot be foreseen by
    # the processor, and each wrong guess costs more than four arcs do.
    up_head, up_weight = up.head, up.weight
    for arc in range(len(up_head) - 1, -1, -1):
        low = np.uint32(tail[arc])
        way = key[np.uint32(up_head[arc])] + (np.int64(up_weight[arc]) << SCHOOL_BITS)
        key[low] = min(key[low], way)


@compiled
def sow_keys(schools: Stops, is_open: Flags, key: Keys) -> None:
    """Put open schools' keys onto the nodes beside them. Changes ``key``.

    Parameters
    ----------
    schools : Stops
        Cost from node to school.
    is_open : bool [school]
        Which schools count.
    key : int64 [node]
        By rank.
    """
    for school in range(len(is_open)):
        if is_open[school]:
            for side in range(2):
                node, cost = schools.node[school, side], schools.cost[school, side]
                if node >= 0 and cost < NO_KEY:
                    key[node] = min(key[node], (cost << SCHOOL_BITS) | school)


@compiled
def read_keys(key: Keys, place: Index, school: Keys, cost: Keys, none: int) -> None:
    """Take keys apart. Changes ``school`` and ``cost``.

    Parameters
    ----------
    key : int64 [row]
        Keys.
    place : int32 [node]
        Row of every node.
    school, cost : int64 [node]
        Written; -1 and ``none`` where there is no key.
    none : int
        Cost of no way.
    """
    for node in range(len(place)):
        own = key[place[node]]
        reached = own < NO_KEY
        school[node] = own & ((1 << SCHOOL_BITS) - 1) if reached else -1
        cost[node] = own >> SCHOOL_BITS if reached else none


@compiled
def reach_up(first: Index, head: Index, reached: Flags) -> None:
    """Mark all that can be reached upward from marked nodes. Changes ``reached``.

    Parameters
    ----------
    first, head : int32
        Arcs by tail.
    reached : bool [node]
        Marks.
    """
    for node in range(len(reached)):
        if reached[node]:
            for arc in range(first[node], first[node + 1]):
                reached[head[arc]] = True


@compiled
def restrict(arcs: Arcs, keeps: Flags, place: Index, nodes: Index) -> Arcs:
    """Return the arcs of some nodes, renumbered.

    Parameters
    ----------
    arcs : Arcs
        By tail.
    keeps : bool [node]
        Tails whose arcs stay.
    place : int32 [node]
        New number of every node kept.
    nodes : int32 [part]
        Nodes kept.
    """
    first = np.zeros(len(nodes) + 1, np.int32)
    count = 0
    for row in range(len(nodes)):
        node = nodes[row]
        if keeps[node]:
            count += arcs.first[node + 1] - arcs.first[node]
        first[row + 1] = count
    head, weight = np.empty(count, np.int32), np.empty(count, arcs.weight.dtype)
    for row in range(len(nodes)):
        at = first[row]
        begin = arcs.first[nodes[row]]
        for step in range(first[row + 1] - at):
            head[at + step] = place[arcs.head[begin + step]]
            weight[at + step] = arcs.weight[begin + step]
    return Arcs(first, head, weight)


@compiled
def climb(
    ascent: Ascent, schools: Stops, rows: Keys, work: Keys, cost: npt.NDArray[np.int32] | Keys, bits: int
) -> tuple[np.int64, np.int64]:
    """Write schools' costs into their columns, for all nodes of a part above them. Changes ``cost``.

    Parameters
    ----------
    ascent : Ascent
        Arcs and tree of the whole hierarchy, and the rows of the part.
    schools : Stops
        Cost from node to school.
    rows : int64 [lane]
        School of every column.
    work : int64 [node]
        ``NO_KEY`` throughout, and again afterwards.
    cost : [part, lane]
        Large throughout.
    bits : int
        Bits that hold the length.

    Returns
    -------
    most_cost, most_length : int64
        Largest values met, so that the caller can tell whether any sum has run over.
    """
    down = ascent.down
    most_cost, most_length, low = np.int64(0), np.int64(0), (np.int64(1) << bits) - 1
    for lane in range(len(rows)):
        for side in range(2):
            node, start = schools.node[rows[lane], side], schools.cost[rows[lane], side]
            if node < 0 or start >= NO_KEY:
                continue
            work[node] = min(work[node], start)
            while node >= 0:
                own = work[node]
                if own < NO_KEY:
                    most_cost, most_length = max(most_cost, own >> bits), max(most_length, own & low)
                    for arc in range(down.first[node], down.first[node + 1]):
                        head = down.head[arc]
                        work[head] = min(work[head], own + down.weight[arc])
                node = ascent.parent[node]
        for side in range(2):
            node = schools.node[rows[lane], side]
            while node >= 0:
                row = ascent.place[node]
                if work[node] < NO_KEY and row >= 0:
                    cost[row, lane] = work[node]
                work[node] = NO_KEY
                node = ascent.parent[node]
    return most_cost, most_length


@compiled
def sweep_lanes(up: Arcs, cost: npt.NDArray[np.int32] | Keys) -> None:
    """Hand every school's costs down to all nodes of a part. Changes ``cost``.

    Parameters
    ----------
    up : Arcs
        Of the part; the type of its weights is that of ``cost``.
    cost : [part, lane]
        What :func:`climb` wrote.
    """
    lanes = cost.shape[1]
    for node in range(len(cost) - 1, -1, -1):
        for arc in range(np.uint32(up.first[node]), np.uint32(up.first[node + 1])):
            head, weight = np.uint32(up.head[arc]), up.weight[arc]
            for lane in range(lanes):
                cost[node, lane] = min(cost[node, lane], cost.dtype.type(cost[head, lane] + weight))


@compiled
def largest(cost: npt.NDArray[np.int32] | Keys, limit: int, mask: int) -> np.int64:
    """Return the largest value below a limit, of the bits under a mask.

    Parameters
    ----------
    cost : [part, lane]
        Values.
    limit : int
        Values from here on mean no way.
    mask : int
        Bits looked at.
    """
    zero, ceiling, bits = cost.dtype.type(0), cost.dtype.type(limit), cost.dtype.type(mask)
    most = zero
    for row in range(cost.shape[0]):
        for lane in range(cost.shape[1]):
            value = cost[row, lane]
            most = max(most, (value if value < ceiling else zero) & bits)
    return np.int64(most)


@compiled
def arrive(homes: Stops, cost: npt.NDArray[np.int32] | Keys, limit: int, found: Keys, begin: int, none: int) -> None:
    """Write the cost from every home to every school of a batch into its column. Changes ``found``.

    Parameters
    ----------
    homes : Stops
        Rows of the part, and cost from home to node.
    cost : [part, lane]
        What :func:`sweep_lanes` left.
    limit : int
        Values from here on mean no way.
    found : int64 [home, school]
        Written.
    begin : int
        Column of the first lane.
    none : int
        Written where there is no way.
    """
    lanes = cost.shape[1]
    for home in range(len(found)):
        one, other = homes.node[home, 0], homes.node[home, 1]
        into = found[home, begin : begin + lanes]
        if one < 0:
            for lane in range(lanes):
                into[lane] = none
            continue
        to_one, to_other = homes.cost[home, 0], homes.cost[home, 1]
        near, far = cost[one], cost[other]
        for lane in range(lanes):
            first = near[lane] + to_one if near[lane] < limit else np.int64(NO_KEY)
            second = far[lane] + to_other if far[lane] < limit else np.int64(NO_KEY)
            best = min(first, second)
            into[lane] = best if best < NO_KEY else none
