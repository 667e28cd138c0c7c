"""Compiled: the nearest schools of many homes for eight plans at once, and the k nearest for one.

Keys are those of :mod:`layoutplan.access.sweeps`; all nodes are rows of one part of a hierarchy.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from layoutplan.access.compiled import compiled, inlined
from layoutplan.access.hierarchy import Arcs
from layoutplan.access.sweeps import NO_KEY, SCHOOL_BITS, Flags, Keys, Part, Stops


@compiled
def sow_plans(schools: Stops, is_open: Flags, key: Keys) -> None:
    """Put every plan's open schools onto the nodes beside them. Changes ``key``.

    Parameters
    ----------
    schools : Stops
        Cost from node to school.
    is_open : bool [plan, school]
        Which schools count.
    key : int64 [part, lane]
        Plans are the first lanes.
    """
    for school in range(is_open.shape[1]):
        for side in range(2):
            node, cost = schools.node[school, side], schools.cost[school, side]
            if node >= 0 and cost < NO_KEY:
                own = (cost << SCHOOL_BITS) | school
                for plan in range(is_open.shape[0]):
                    if is_open[plan, school]:
                        key[node, plan] = min(key[node, plan], own)


@inlined
def gather(up: Arcs, key: Keys, node: int, begin: int, end: int) -> None:
    """Let a node take the better keys of higher ones; eight lanes, held in registers. Changes ``key``.

    Parameters
    ----------
    up : Arcs
        Of the part.
    key : int64 [part, 8]
        Keys.
    node, begin, end : int
        Which node, and its arcs.
    """
    a, b, c, d = key[node, 0], key[node, 1], key[node, 2], key[node, 3]
    e, f, g, h = key[node, 4], key[node, 5], key[node, 6], key[node, 7]
    for arc in range(begin, end):
        head, weight = np.uint32(up.head[arc]), np.int64(up.weight[arc]) << SCHOOL_BITS
        a, b = min(a, key[head, 0] + weight), min(b, key[head, 1] + weight)
        c, d = min(c, key[head, 2] + weight), min(d, key[head, 3] + weight)
        e, f = min(e, key[head, 4] + weight), min(f, key[head, 5] + weight)
        g, h = min(g, key[head, 6] + weight), min(h, key[head, 7] + weight)
    key[node, 0], key[node, 1], key[node, 2], key[node, 3] = a, b, c, d
    key[node, 4], key[node, 5], key[node, 6], key[node, 7] = e, f, g, h


@inlined
def hand_on(down: Arcs, key: Keys, node: int, begin: int, end: int) -> None:
    """Offer a node's keys to higher ones; eight lanes, held in registers. Changes ``key``.

    Parameters
    ----------
    down : Arcs
        Of the part.
    key : int64 [part, 8]
        Keys.
    node, begin, end : int
        Which node, and its arcs.
    """
    a, b, c, d = key[node, 0], key[node, 1], key[node, 2], key[node, 3]
    e, f, g, h = key[node, 4], key[node, 5], key[node, 6], key[node, 7]
    for arc in range(begin, end):
        head, weight = np.uint32(down.head[arc]), np.int64(down.weight[arc]) << SCHOOL_BITS
        p, q, r, s = key[head, 0], key[head, 1], key[head, 2], key[head, 3]
        t, u, v, w = key[head, 4], key[head, 5], key[head, 6], key[head, 7]
        p, q, r, s = min(p, a + weight), min(q, b + weight), min(r, c + weight), min(s, d + weight)
        t, u, v, w = min(t, e + weight), min(u, f + weight), min(v, g + weight), min(w, h + weight)
        key[head, 0], key[head, 1], key[head, 2], key[head, 3] = p, q, r, s
        key[head, 4], key[head, 5], key[head, 6], key[head, 7] = t, u, v, w


@compiled
def sweep_plans(part: Part, key: Keys) -> None:
    """Give every node of a part the keys of its nearest schools, a lane a plan. Changes ``key``.

    Parameters
    ----------
    part : Part
        Arcs.
    key : int64 [part, 8]
        Keys where schools are, ``NO_KEY`` elsewhere.
    """
    up, down = part.up, part.down
    for node in range(len(key)):
        begin, end = down.first[node], down.first[node + 1]
        if begin < end:
            hand_on(down, key, node, begin, end)
    for node in range(len(key) - 1, -1, -1):
        begin, end = up.first[node], up.first[node + 1]
        if begin < end:
            gather(up, key, node, begin, end)


@compiled
def collect_plans(homes: Stops, key: Keys, found: Keys) -> None:
    """Write every plan's key of every home over the roads. Changes ``found``.

    Parameters
    ----------
    homes : Stops
        Cost from home to node.
    key : int64 [part, lane]
        From :func:`sweep_plans`.
    found : int64 [plan, home]
        Keys; plans are the first lanes.
    """
    for home in range(found.shape[1]):
        for plan in range(found.shape[0]):
            found[plan, home] = NO_KEY
        for side in range(2):
            node, cost = homes.node[home, side], homes.cost[home, side]
            if node >= 0 and cost < NO_KEY:
                for plan in range(found.shape[0]):
                    found[plan, home] = min(found[plan, home], key[node, plan] + (cost << SCHOOL_BITS))


@compiled
def go_straight(pairs: tuple[Keys, Keys, Keys], is_open: Flags, found: Keys) -> None:
    """Let homes and schools on one edge go along it, where that is better. Changes ``found``.

    Parameters
    ----------
    pairs : tuple of three int64 [pair]
        Home, school and cost.
    is_open : bool [plan, school]
        Which schools count.
    found : int64 [plan, home]
        Keys.
    """
    home, school, cost = pairs
    for pair in range(len(home)):
        for plan in range(found.shape[0]):
            if is_open[plan, school[pair]]:
                own = (cost[pair] << SCHOOL_BITS) | school[pair]
                found[plan, home[pair]] = min(found[plan, home[pair]], own)


@inlined
def insert(keys: Keys, row: int, key: int) -> None:
    """Put a key into a sorted row of keys of different schools, if it belongs there. Changes ``keys``.

    Parameters
    ----------
    keys : int64 [row, k]
        Ascending; a school at most once a row.
    row, key : int
        What goes where.
    """
    school = key & ((1 << SCHOOL_BITS) - 1)
    last = keys.shape[1] - 1
    place = 0
    while place <= last and keys[row, place] <= key:
        if keys[row, place] < NO_KEY and keys[row, place] & ((1 << SCHOOL_BITS) - 1) == school:
            return
        place += 1
    # The same school further back gives up its place, else the last key does.
    end = place
    while end < last and not (keys[row, end] < NO_KEY and keys[row, end] & ((1 << SCHOOL_BITS) - 1) == school):
        end += 1
    if place <= last:
        for at in range(end, place, -1):
            keys[row, at] = keys[row, at - 1]
        keys[row, place] = key


class Desk(NamedTuple):
    """Working space of :func:`merge`: ``row`` int64 [k], ``met`` int64 [school], ``turn`` int64 [1]."""

    row: Keys
    met: Keys
    turn: Keys


@inlined
def merge(desk: Desk, keys: Keys, into: int | np.int32, other: int | np.int32, weight: np.int64) -> None:
    """Merge one sorted row of keys, made longer, into another. Changes ``keys``.

    Parameters
    ----------
    desk : Desk
        Working space.
    keys : int64 [row, k]
        Ascending; a school at most once a row.
    into, other : int
        Rows.
    weight : int64
        Added to the keys of ``other``.
    """
    count = keys.shape[1]
    if keys[other, 0] + weight >= keys[into, count - 1]:
        return
    row, met = desk.row, desk.met
    turn = desk.turn[0] + 1
    desk.turn[0] = turn
    mine, theirs, size = 0, 0, 0
    while size < count:
        key = keys[into, mine] if mine < count else np.int64(NO_KEY)
        rival = keys[other, theirs] + weight if theirs < count else np.int64(NO_KEY)
        if rival < key:
            key = rival
            theirs += 1
        else:
            mine += 1
        if key >= NO_KEY:
            break
        school = key & ((1 << SCHOOL_BITS) - 1)
        if met[school] != turn:
            met[school] = turn
            row[size] = key
            size += 1
    for place in range(size):
        keys[into, place] = row[place]


@compiled
def sow_lists(schools: Stops, keys: Keys) -> None:
    """Put schools onto the nodes beside them. Changes ``keys``.

    Parameters
    ----------
    schools : Stops
        Cost from node to school.
    keys : int64 [part, k]
        ``NO_KEY`` throughout.
    """
    for school in range(len(schools.node)):
        for side in range(2):
            node, cost = schools.node[school, side], schools.cost[school, side]
            if node >= 0 and cost < NO_KEY:
                insert(keys, node, (cost << SCHOOL_BITS) | school)


@compiled
def sweep_lists(part: Part, keys: Keys, schools: int) -> None:
    """Give every node of a part the keys of its k nearest schools, ascending. Changes ``keys``.

    Parameters
    ----------
    part : Part
        Arcs.
    keys : int64 [part, k]
        From :func:`sow_lists`.
    schools : int
        How many there are.
    """
    up, down = part.up, part.down
    desk = Desk(np.empty(keys.shape[1], np.int64), np.zeros(schools, np.int64), np.zeros(1, np.int64))
    for node in range(len(keys)):
        for arc in range(down.first[node], down.first[node + 1]):
            merge(desk, keys, down.head[arc], node, np.int64(down.weight[arc]) << SCHOOL_BITS)
    for node in range(len(keys) - 1, -1, -1):
        for arc in range(up.first[node], up.first[node + 1]):
            merge(desk, keys, node, up.head[arc], np.int64(up.weight[arc]) << SCHOOL_BITS)


@compiled
def collect_lists(homes: Stops, keys: Keys, pairs: tuple[Keys, Keys, Keys], found: Keys) -> None:
    """Write the keys of the k nearest schools of every home. Changes ``found``.

    Parameters
    ----------
    homes : Stops
        Cost from home to node.
    keys : int64 [part, k]
        From :func:`sweep_lists`.
    pairs : tuple of three int64 [pair]
        Home, school and cost of those on one edge.
    found : int64 [home, k]
        ``NO_KEY`` throughout.
    """
    last = found.shape[1] - 1
    for home in range(len(found)):
        for side in range(2):
            node, cost = homes.node[home, side], homes.cost[home, side]
            if node >= 0 and cost < NO_KEY:
                for place in range(last + 1):
                    key = keys[node, place] + (cost << SCHOOL_BITS)
                    if key >= found[home, last]:
                        break
                    insert(found, home, key)
    for pair in range(len(pairs[0])):
        insert(found, pairs[0][pair], (pairs[2][pair] << SCHOOL_BITS) | pairs[1][pair])
