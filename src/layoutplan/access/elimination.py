"""Compiled: from an order of nodes to a customized contraction hierarchy.

After Dibbelt, Strasser and Wagner, "Customizable Contraction Hierarchies", 2016. Nodes are named
by rank throughout. Weights are int64; ``NONE`` stands for no way, two of it add up without
overflow, and no sum with it is below it, so it can never turn into a way.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layoutplan.access.compiled import compiled

NONE = 1 << 61
Index = npt.NDArray[np.int32]
Weights = npt.NDArray[np.int64]


class Skeleton(NamedTuple):
    """Upward arcs of the filled graph by tail, heads ascending; and the same arcs by head.

    ``first`` int32 [node + 1] and ``head`` int32 [arc] by tail; ``lower_first`` int32 [node + 1],
    ``lower_arc`` and ``lower_tail`` int32 [arc] by head.
    """

    first: Index
    head: Index
    lower_first: Index
    lower_arc: Index
    lower_tail: Index


@compiled
def grow_tree(first: Index, head: Index) -> Index:
    """Return the parent of every node in the elimination tree, -1 at a root.

    Parameters
    ----------
    first, head : int32
        Neighbours of every node, both ways.
    """
    nodes = len(first) - 1
    parent = np.full(nodes, -1, np.int32)
    ancestor = np.full(nodes, -1, np.int32)
    for node in range(nodes):
        for arc in range(first[node], first[node + 1]):
            below = head[arc]
            while below != -1 and below < node:
                above = ancestor[below]
                ancestor[below] = node
                if above == -1:
                    parent[below] = node
                below = above
    return parent


@compiled
def walk_tree(parent: Index) -> Index:
    """Return the place of every node in postorder, so that a subtree lies together in memory.

    Parameters
    ----------
    parent : int32 [node]
        Of an elimination tree; always above the node.
    """
    nodes = len(parent)
    child = np.full(nodes, -1, np.int32)
    sibling = np.full(nodes, -1, np.int32)
    place = np.empty(nodes, np.int32)
    for node in range(nodes - 1, -1, -1):
        above = parent[node]
        if above != -1:
            sibling[node] = child[above]
            child[above] = node
    count = 0
    for root in range(nodes):
        if parent[root] != -1:
            continue
        node = root
        while True:
            while child[node] != -1:
                below = child[node]
                child[node] = sibling[below]
                node = below
            place[node] = count
            count += 1
            if node == root:
                break
            node = parent[node]
    return place


@compiled
def count_arcs(first: Index, head: Index, parent: Index) -> Index:
    """Return how many upward arcs every node has in the filled graph.

    Parameters
    ----------
    first, head : int32
        Neighbours of every node, both ways.
    parent : int32 [node]
        Elimination tree.
    """
    nodes = len(parent)
    count = np.zeros(nodes, np.int32)
    seen = np.full(nodes, -1, np.int32)
    for node in range(nodes):
        seen[node] = node
        for arc in range(first[node], first[node + 1]):
            below = head[arc]
            while below < node and seen[below] != node:
                seen[below] = node
                count[below] += 1
                below = parent[below]
    return count


@compiled
def fill(first: Index, head: Index, parent: Index, above: Index) -> Skeleton:
    """Return the filled graph: every two upper neighbours of a node are neighbours.

    Parameters
    ----------
    first, head : int32
        Neighbours of every node, both ways.
    parent : int32 [node]
        Elimination tree.
    above : int32 [node + 1]
        First arc of every node, from :func:`count_arcs`.
    """
    nodes = len(parent)
    arcs = above[nodes]
    heads, lower_arc, lower_tail = np.empty(arcs, np.int32), np.empty(arcs, np.int32), np.empty(arcs, np.int32)
    lower_first = np.zeros(nodes + 1, np.int32)
    free, seen = np.empty(nodes, np.int32), np.empty(nodes, np.int32)
    for node in range(nodes):
        free[node], seen[node] = above[node], -1
    count = 0
    for node in range(nodes):
        seen[node] = node
        for arc in range(first[node], first[node + 1]):
            below = head[arc]
            while below < node and seen[below] != node:
                seen[below] = node
                heads[free[below]] = node
                lower_arc[count] = free[below]
                lower_tail[count] = below
                free[below] += 1
                count += 1
                below = parent[below]
        lower_first[node + 1] = count
    return Skeleton(above, heads, lower_first, lower_arc, lower_tail)


@compiled
def find_arcs(skeleton: Skeleton, low: Index, high: Index) -> Index:
    """Return the arc between two nodes of every edge.

    Parameters
    ----------
    skeleton : Skeleton
        Filled graph.
    low, high : int32 [edge]
        Lower and higher end.
    """
    found = np.empty(len(low), np.int32)
    for edge in range(len(low)):
        begin, end = skeleton.first[low[edge]], skeleton.first[low[edge] + 1]
        while begin < end:
            middle = (begin + end) >> 1
            if skeleton.head[middle] < high[edge]:
                begin = middle + 1
            else:
                end = middle
        found[edge] = begin
    return found


@compiled
def contract(skeleton: Skeleton, up: Weights, down: Weights) -> None:
    """Let every arc cost at most the way over any lower node: basic customization. Changes the weights.

    Parameters
    ----------
    skeleton : Skeleton
        Filled graph.
    up, down : int64 [arc]
        Weight from the lower end to the higher, and back.
    """
    first, head = skeleton.first, skeleton.head
    nodes = len(first) - 1
    where = np.zeros(nodes, np.int32)
    for node in range(nodes):
        for arc in range(first[node], first[node + 1]):
            where[head[arc]] = arc
        for row in range(skeleton.lower_first[node], skeleton.lower_first[node + 1]):
            side, low = skeleton.lower_arc[row], skeleton.lower_tail[row]
            to_node, from_node = up[side], down[side]
            for other in range(side + 1, first[low + 1]):
                arc = where[head[other]]
                up[arc] = min(up[arc], from_node + up[other])
                down[arc] = min(down[arc], down[other] + to_node)


@compiled
def perfect(skeleton: Skeleton, up: Weights, down: Weights) -> None:
    """Let every arc cost what the cheapest way between its ends costs: perfect customization. Changes the weights.

    Parameters
    ----------
    skeleton : Skeleton
        Filled graph.
    up, down : int64 [arc]
        From :func:`contract`.
    """
    first, head = skeleton.first, skeleton.head
    for node in range(len(first) - 2, -1, -1):
        end = first[node + 1]
        for side in range(first[node], end):
            other = side + 1
            middle = head[side]
            for arc in range(first[middle], first[middle + 1]):
                if other == end:
                    break
                if head[arc] != head[other]:
                    continue
                up[side] = min(up[side], up[other] + down[arc])
                down[side] = min(down[side], up[arc] + down[other])
                up[other] = min(up[other], up[side] + up[arc])
                down[other] = min(down[other], down[arc] + down[side])
                other += 1


@compiled
def prune(skeleton: Skeleton, raw: Weights, best: Weights) -> tuple[Index, Index, Weights]:
    """Return the arcs of one direction that some cheapest way needs, by tail.

    Parameters
    ----------
    skeleton : Skeleton
        Filled graph.
    raw, best : int64 [arc]
        Weights after :func:`contract` and after :func:`perfect`.

    Returns
    -------
    first, head : int32
        Arcs by tail.
    weight : int64
    """
    nodes = len(skeleton.first) - 1
    kept = 0
    for arc in range(len(raw)):
        kept += raw[arc] < NONE and raw[arc] == best[arc]
    first, head = np.zeros(nodes + 1, np.int32), np.empty(kept, np.int32)
    weight = np.empty(kept, np.int64)
    count = 0
    for node in range(nodes):
        for arc in range(skeleton.first[node], skeleton.first[node + 1]):
            if raw[arc] < NONE and raw[arc] == best[arc]:
                head[count] = skeleton.head[arc]
                weight[count] = best[arc]
                count += 1
        first[node + 1] = count
    return first, head, weight
