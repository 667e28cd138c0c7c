"""Compiled: one school more or one less, only where it changes anything.

Keys are those of :mod:`layoutplan.access.sweeps`. A school that opens takes over the nodes it is
nearest to, by a search that stops where it is not; the nodes of one that closes are given to
what lies around them. What a node held before is written down, so that all can be undone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from layoutplan.access.compiled import compiled, inlined
from layoutplan.access.elimination import Index
from layoutplan.access.hierarchy import Arcs
from layoutplan.access.sweeps import NO_KEY, SCHOOL_BITS, Flags, Keys, Stops

# Fields of ``Board.at``.
TURN, NOTED, HEAPED = 0, 1, 2


class Board(NamedTuple):
    """Keys of all nodes, and what is needed to change and restore them.

    ``key`` int64 [node]; ``turn`` int32 [node], the turn in which a node was first changed;
    ``noted`` int32 [node] and ``held`` int64 [node], nodes changed in this turn and their keys
    before; ``heap`` int64 and ``region`` int32, working space; ``at`` int64 [3], the number of this
    turn, nodes noted, entries on the heap.
    """

    key: Keys
    turn: Index
    noted: Index
    held: Keys
    heap: Keys
    region: Index
    at: Keys


@inlined
def push(heap: Keys, size: int, item: int) -> None:
    """Put an item onto a heap that holds ``size`` of them.

    Parameters
    ----------
    heap : int64
        Smallest first.
    size, item : int
        Items there, and the new one.
    """
    at = size
    while at > 0:
        above = (at - 1) >> 1
        if heap[above] <= item:
            break
        heap[at] = heap[above]
        at = above
    heap[at] = item


@inlined
def pop(heap: Keys, size: int) -> np.int64:
    """Take the smallest item off a heap that holds ``size`` of them.

    Parameters
    ----------
    heap : int64
        Smallest first.
    size : int
        Items there.
    """
    top: np.int64 = heap[0]
    item = heap[size - 1]
    at, below, size = 0, 1, size - 1
    while below < size:
        if below + 1 < size and heap[below + 1] < heap[below]:
            below += 1
        if heap[below] >= item:
            break
        heap[at] = heap[below]
        at, below = below, 2 * below + 1
    heap[at] = item
    return top


@inlined
def change(board: Board, node: int, key: int) -> None:
    """Give a node another key and note what it held.

    Parameters
    ----------
    board : Board
        Changed.
    node, key : int
        What goes where.
    """
    if board.turn[node] != board.at[TURN]:
        board.turn[node] = board.at[TURN]
        board.noted[board.at[NOTED]] = node
        board.held[board.at[NOTED]] = board.key[node]
        board.at[NOTED] += 1
    board.key[node] = key


@inlined
def offer(board: Board, node: int, key: int, node_bits: int) -> bool:
    """Give a node a better key and put it onto the heap; False where the heap is full.

    Parameters
    ----------
    board : Board
        Changed.
    node, key : int
        What goes where.
    node_bits : int
        Bits that hold a node.
    """
    if key < board.key[node]:
        size = board.at[HEAPED]
        if size == len(board.heap):
            return False
        change(board, node, key)
        push(board.heap, size, (key >> SCHOOL_BITS) << node_bits | node)
        board.at[HEAPED] = size + 1
    return True


@compiled
def spread(inward: Arcs, board: Board, budget: int, node_bits: int) -> bool:
    """Hand on better keys until nothing improves; False where that takes too many nodes.

    Parameters
    ----------
    inward : Arcs
        Road arcs by the node they enter.
    board : Board
        Changed.
    budget : int
        Nodes that may be changed in this turn.
    node_bits : int
        Bits that hold a node.
    """
    while board.at[HEAPED] > 0:
        if board.at[NOTED] > budget:
            return False
        item = pop(board.heap, board.at[HEAPED])
        board.at[HEAPED] -= 1
        node = item & ((np.int64(1) << node_bits) - 1)
        own = board.key[node]
        if own >> SCHOOL_BITS != item >> node_bits:
            continue
        for arc in range(inward.first[node], inward.first[node + 1]):
            key = own + (np.int64(inward.weight[arc]) << SCHOOL_BITS)
            if not offer(board, inward.head[arc], key, node_bits):
                return False
    return True


@compiled
def open_school(inward: Arcs, board: Board, schools: Stops, school: int, bounds: tuple[int, int]) -> bool:
    """Let a school take over the nodes it is nearest to; False where a sweep is the better way.

    Parameters
    ----------
    inward : Arcs
        Road arcs by the node they enter.
    board : Board
        Changed, also where False is returned.
    schools : Stops
        Cost from node to school.
    school : int
        Which of them.
    bounds : tuple of int
        Nodes that may be changed, and bits that hold a node.
    """
    board.at[HEAPED] = 0
    for side in range(2):
        node, cost = schools.node[school, side], schools.cost[school, side]
        if node >= 0 and cost < NO_KEY:
            offer(board, node, (cost << SCHOOL_BITS) | school, bounds[1])
    return spread(inward, board, bounds[0], bounds[1])


@compiled
def orphan(inward: Arcs, board: Board, schools: Stops, school: int) -> int:
    """Take their key from all nodes of a school; return how many, -1 where they are too many.

    Parameters
    ----------
    inward : Arcs
        Road arcs by the node they enter.
    board : Board
        Changed; its ``region`` holds the nodes.
    schools : Stops
        Cost from node to school.
    school : int
        Which of them.
    """
    size, done = 0, 0
    low = (1 << SCHOOL_BITS) - 1
    for side in range(2):
        node = schools.node[school, side]
        if node >= 0 and board.key[node] < NO_KEY and board.key[node] & low == school:
            change(board, node, NO_KEY)
            board.region[size] = node
            size += 1
    while done < size:
        node = board.region[done]
        done += 1
        for arc in range(inward.first[node], inward.first[node + 1]):
            head = inward.head[arc]
            if board.key[head] < NO_KEY and board.key[head] & low == school:
                if size == len(board.region):
                    return -1
                change(board, head, NO_KEY)
                board.region[size] = head
                size += 1
    return size


@compiled
def close_school(
    roads: tuple[Arcs, Arcs], board: Board, schools: Stops, is_open: Flags, school: int, bounds: tuple[int, int]
) -> bool:
    """Give the nodes of a school to what lies around them; False where a sweep is the better way.

    Parameters
    ----------
    roads : tuple of Arcs
        Road arcs by the node they leave, and by the node they enter.
    board : Board
        Changed, also where False is returned.
    schools : Stops
        Cost from node to school.
    is_open : bool [school]
        Which schools are open from now on.
    school : int
        The one that closes.
    bounds : tuple of int
        Nodes that may be changed, and bits that hold a node.
    """
    outward, inward = roads
    board.at[HEAPED] = 0
    size = orphan(inward, board, schools, school)
    if size < 0:
        return False
    for row in range(size):
        node = board.region[row]
        best = board.key[node]
        for arc in range(outward.first[node], outward.first[node + 1]):
            best = min(best, board.key[outward.head[arc]] + (np.int64(outward.weight[arc]) << SCHOOL_BITS))
        if not offer(board, node, best, bounds[1]):
            return False
    # Schools hidden behind the closed one, down to those on the same spot, come forward.
    for other in range(len(is_open)):
        if is_open[other]:
            for side in range(2):
                node, cost = schools.node[other, side], schools.cost[other, side]
                if node >= 0 and cost < NO_KEY and not offer(board, node, (cost << SCHOOL_BITS) | other, bounds[1]):
                    return False
    return spread(inward, board, bounds[0], bounds[1])


@compiled
def undo(board: Board) -> None:
    """Give all nodes changed in this turn what they held before, and begin the next turn.

    Parameters
    ----------
    board : Board
        Changed.
    """
    for row in range(board.at[NOTED]):
        board.key[board.noted[row]] = board.held[row]
    board.at[NOTED] = 0
    board.at[TURN] += 1
